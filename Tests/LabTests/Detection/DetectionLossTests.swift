import Foundation
import Graphs
import Lab
import Tensors
import Testing
import Training

/// Assignment, loss and gradients against the recipe in PyTorch; Tests/Oracles/make_detection_goldens.py writes the cases.
@Suite struct DetectionLossTests {
    struct Case: Decodable, CustomTestStringConvertible, Sendable {
        struct Labels: Decodable, Sendable {
            var shape: [Int]
            var data: Data
        }

        var name: String
        var maps: [String: Data]
        var labels: Labels
        var teaching: Float
        var taught: Data?
        var taughtBoxes: Data?
        var owner: [Int]
        var scores: Data
        var classes: Float
        var boxes: Float
        var distances: Float
        var loss: Float
        var gradients: [String: Data]

        var testDescription: String { name }
        var count: Int { labels.shape[0] }

        static let all: [Case] = {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Goldens/detection.json")
            do {
                return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
            } catch { fatalError("\(file.path): \(error)") }
        }()
    }

    static let (classes, bins, side) = (3, 8, 64)

    struct FixedTeacher: DetectionTeaching {
        var all: [DetectionAnswers]
        var knows = [true, true, true]
        func answers(to images: Tensor) -> [DetectionAnswers] { all }
    }

    /// A "model" that learns its maps themselves, whatever the picture.
    private func model(_ golden: Case) throws -> Graph {
        var net = GraphBuilder(name: "maps")
        let images = net.input("images", [.fixed(golden.count), .fixed(3), .symbolic("h"), .symbolic("w")])
        net.output(images)
        for (name, data) in golden.maps.sorted(by: { $0.key < $1.key }) {
            let stride = try #require([8, 16, 32].first { name.hasPrefix("head.stride\($0).") })
            let width = name.hasSuffix("boxes") ? 4 * Self.bins : Self.classes
            let shape = [golden.count, width, Self.side / stride, Self.side / stride]
            _ = net.parameter(try Tensor(data.floats, shape: shape), name: name)
        }
        return net.graph
    }

    private func batch(_ golden: Case) throws -> [String: Tensor] {
        let cells = DetectionCells(width: Self.side, height: Self.side)
        return [
            "images": try Tensor(
                [Float](repeating: 0, count: golden.count * 3 * Self.side * Self.side),
                shape: [golden.count, 3, Self.side, Self.side]),
            "labels": try Tensor(golden.labels.data.floats, shape: golden.labels.shape),
            "cells": try Tensor(cells.rows, shape: [cells.count, 3]),
        ]
    }

    @Test(arguments: Case.all) func lossAndGradientsAreThoseOfPyTorch(golden: Case) throws {
        let model = try model(golden)
        let shape = DetectorShape(classes: Self.classes, bins: Self.bins)
        var teacher: FixedTeacher?
        if let taught = golden.taught?.floats, let boxes = golden.taughtBoxes?.floats {
            teacher = FixedTeacher(
                all: (0..<golden.count).map { picture in
                    let (scores, corners) = (taught.count / golden.count, boxes.count / golden.count)
                    return DetectionAnswers(
                        scores: Array(taught[picture * scores..<(picture + 1) * scores]),
                        boxes: Array(boxes[picture * corners..<(picture + 1) * corners]))
                })
        }
        var results: [Learner.Results] = []
        for threads in [1, 3] {
            var assigner = DetectionAssigner(shape: shape, threads: threads, teacher: teacher)
            assigner.teaching = golden.teaching
            var options = Learner.Options()
            options.assigner = assigner
            options.threads = threads
            let learner = try Learner(
                DetectionLoss().graph(of: model, shape: shape, isTaught: teacher != nil), loss: "loss", method: .sgd(),
                options: options)
            let result = try learner.differentiate(batch(golden))
            results.append(result)
            expect(result.loss, golden.loss)
            expect(try #require(result.metrics["class loss"]), golden.classes)
            expect(try #require(result.metrics["box loss"]), golden.boxes)
            expect(try #require(result.metrics["distance loss"]), golden.distances)
            for (name, data) in golden.gradients {
                let entry = try #require(learner.parameters[name])
                let wanted = data.floats
                let scale = wanted.reduce(0) { max($0, abs($1)) }
                for (place, value) in wanted.enumerated() {
                    let found = learner.gradients[entry.offset + place]
                    guard abs(found - value) <= 2e-4 * max(scale, 1e-3) else {
                        Issue.record("\(name)[\(place)]: \(found), not \(value)")
                        break
                    }
                }
            }
        }
        #expect(results[0] == results[1], "the number of threads decides nothing")
    }

    @Test(arguments: Case.all) func cellsLearnTheObjectsOfPyTorch(golden: Case) throws {
        let cells = DetectionCells(width: Self.side, height: Self.side)
        let logits = joined(golden, "classes", width: Self.classes)
        let distances = joined(golden, "boxes", width: 4 * Self.bins)
        let labels = golden.labels.data.floats
        for picture in 0..<golden.count {
            let most = golden.labels.shape[1]
            let objects = (0..<most).map { place in
                let row = 6 * (picture * most + place)
                return TaskAlignedAssignment.Object(
                    classIndex: Int(labels[row]), x1: labels[row + 1], y1: labels[row + 2], x2: labels[row + 3],
                    y2: labels[row + 4], weight: labels[row + 5])
            }
            let boxes = corners(Array(distances[picture]), cells)
            let result = TaskAlignedAssignment().assign(
                objects, cells: cells, classes: Self.classes, logits: logits[picture], boxes: boxes)
            let begin = picture * cells.count
            #expect(result.owner == Array(golden.owner[begin..<begin + cells.count]))
            for (found, wanted) in zip(result.score, golden.scores.floats[begin...]) { expect(found, wanted) }
        }
    }

    /// Of a class that the teacher does not know, the targets are those without a teacher.
    @Test func aTeacherTeachesWhatItKnows() throws {
        let golden = try #require(Case.all.first { $0.taught != nil })
        let cells = DetectionCells(width: Self.side, height: Self.side)
        let scores = joined(golden, "classes", width: Self.classes).flatMap(\.self)
        let boxes = joined(golden, "boxes", width: 4 * Self.bins).flatMap { corners($0, cells) }
        func targets(_ teacher: FixedTeacher?) throws -> [String: [Float]] {
            let assigner = DetectionAssigner(
                shape: DetectorShape(classes: Self.classes, bins: Self.bins), threads: 1, teacher: teacher)
            let tensors = try assigner.targets(for: batch(golden)) { name in
                try name == "scores"
                    ? Tensor(scores, shape: [golden.count, cells.count, Self.classes])
                    : Tensor(boxes, shape: [golden.count, cells.count, 4])
            }
            return tensors.mapValues { $0.elements(as: Float.self) }
        }
        // 0.5 for the first class of each cell, nothing for the others; it knows the first two.
        let answer = DetectionAnswers(
            scores: (0..<cells.count).flatMap { _ in [0.5, 0, 0] as [Float] },
            boxes: Array(boxes[..<(4 * cells.count)]))
        let teacher = FixedTeacher(all: Array(repeating: answer, count: golden.count), knows: [true, true, false])
        let (alone, taught) = (try targets(nil), try targets(teacher))
        for name in ["targets.classes", "targets.weights"] {
            let (a, b) = (try #require(alone[name]), try #require(taught[name]))
            for index in 0..<Self.classes {
                let column = { (values: [Float]) in
                    stride(from: index, to: values.count, by: Self.classes).map { values[$0] }
                }
                if index == 2 {
                    #expect(column(a) == column(b))
                } else if name == "targets.weights" {
                    #expect(column(a) != column(b))
                }
            }
        }
    }

    /// Maps of all levels as cells × width for each picture.
    private func joined(_ golden: Case, _ kind: String, width: Int) -> [[Float]] {
        (0..<golden.count).map { picture in
            [8, 16, 32].flatMap { stride -> [Float] in
                let map = golden.maps["head.stride\(stride).\(kind)"]?.floats ?? []
                let cells = (Self.side / stride) * (Self.side / stride)
                return (0..<cells).flatMap { cell in
                    (0..<width).map { map[(picture * width + $0) * cells + cell] }
                }
            }
        }
    }

    private func corners(_ logits: [Float], _ cells: DetectionCells) -> [Float] {
        let rows = cells.rows
        return (0..<cells.count).flatMap { cell -> [Float] in
            let reach = (0..<4).map { side -> Float in
                let bins = logits[(4 * cell + side) * Self.bins..<(4 * cell + side + 1) * Self.bins].map { exp($0) }
                return zip(bins, 0...).reduce(0) { $0 + $1.0 * Float($1.1) } / bins.reduce(0, +) * rows[3 * cell + 2]
            }
            let (x, y) = (rows[3 * cell], rows[3 * cell + 1])
            return [x - reach[0], y - reach[1], x + reach[2], y + reach[3]]
        }
    }

    private func expect(_ found: Float, _ wanted: Float, _ location: SourceLocation = #_sourceLocation) {
        #expect(
            abs(found - wanted) <= 1e-4 * max(abs(wanted), 0.1), "\(found), not \(wanted)", sourceLocation: location)
    }
}

extension Data {
    fileprivate var floats: [Float] {
        withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
        }
    }
}
