import Kernels
import Synchronization
package import Tensors
import Training

/// Makes the targets of a step of a detector: each picture's cells by `TaskAlignedAssignment`, and what a teacher says.
///
/// The loss of a class at a cell counts w₁·BCE(t₁) + w₂·BCE(t₂), t₁ the assigned and t₂ the taught probability. As BCE is
/// linear in its target, that is (w₁ + w₂)·BCE of their weighted mean: one target and one weight. Where a teacher sees what
/// no label names, absence counts less by what it sees.
package struct DetectionAssigner: TargetAssigner {
    package var assignment = TaskAlignedAssignment()
    package var strides = [8, 16, 32]
    package let classes: Int
    package let bins: Int
    package let threads: Int
    package let teacher: (any DetectionTeaching)?
    /// What the teacher counts.
    package var teaching: Float = 1
    /// What no teacher's box is taken of.
    private static let leastTaught: Float = 0.1
    /// What the sums of scores are at least, so that batches without objects are no divisions by nothing.
    private static let leastTotal: Float = 4

    package init(shape: DetectorShape, threads: Int, teacher: (any DetectionTeaching)? = nil) {
        strides = shape.strides
        classes = shape.classes
        bins = shape.bins
        self.threads = threads
        self.teacher = teacher
    }

    private typealias Names = DetectionLoss.Names

    package var observed: [String] { [Names.scores, Names.boxes] }

    package var assigned: [String] {
        [Names.classTargets, Names.classWeights, Names.boxTargets, Names.distanceTargets, Names.boxShares]
            + (teacher == nil ? [] : [Names.taughtBoxes, Names.taughtShares])
    }

    package func shapes(for batch: [String: Tensor]) throws -> [String: Shape] {
        guard let images = batch[Names.images], images.shape.rank == 4 else {
            throw LearningError.invalidBatch("the batch has no pictures")
        }
        let (count, cells) = (images.shape[0], cells(of: images).count)
        var shapes = [
            Names.classTargets: try Shape([count, cells, classes]),
            Names.classWeights: try Shape([count, cells, classes]), Names.boxTargets: try Shape([count, cells, 4]),
            Names.distanceTargets: try Shape([count, cells, 4]), Names.boxShares: try Shape([count, cells]),
        ]
        if teacher != nil {
            shapes[Names.taughtBoxes] = try Shape([count, cells, 4])
            shapes[Names.taughtShares] = try Shape([count, cells])
        }
        return shapes
    }

    private func cells(of images: Tensor) -> DetectionCells {
        DetectionCells(width: images.shape[3], height: images.shape[2], strides: strides)
    }

    package func targets(
        for batch: [String: Tensor], output: (String) throws -> Tensor
    ) throws -> [String: Tensor] {
        guard let images = batch[Names.images], let labels = batch[Names.labels] else {
            throw LearningError.invalidBatch("the batch has no labels")
        }
        let (scores, boxes) = (try output(Names.scores), try output(Names.boxes))
        let (count, cells) = (images.shape[0], cells(of: images))
        let answers = try teacher?.answers(to: images)
        let objects = Self.objects(labels)
        let found = Mutex([TaskAlignedAssignment.Result?](repeating: nil, count: count))
        parallelFor(count, threads: threads) { index in
            let result = scores.withElements(as: Float.self) { scores in
                boxes.withElements(as: Float.self) { boxes in
                    assignment.assign(
                        objects[index], cells: cells, classes: classes,
                        logits: scores.baseAddress.unsafelyUnwrapped + index * cells.count * classes,
                        boxes: boxes.baseAddress.unsafelyUnwrapped + index * cells.count * 4)
                }
            }
            found.withLock { $0[index] = result }
        }
        let results = found.withLock { $0.compactMap(\.self) }
        return try tensors(results, objects, answers, cells)
    }

    /// The real and unknown objects of each picture.
    private static func objects(_ labels: Tensor) -> [[TaskAlignedAssignment.Object]] {
        let (count, most) = (labels.shape[0], labels.shape[1])
        return labels.withElements(as: Float.self) { values in
            (0..<count).map { picture in
                (0..<most).compactMap { place in
                    let row = 6 * (picture * most + place)
                    guard values[row] > -2 else { return nil }
                    return TaskAlignedAssignment.Object(
                        classIndex: Int(values[row]), x1: values[row + 1], y1: values[row + 2], x2: values[row + 3],
                        y2: values[row + 4], weight: values[row + 5])
                }
            }
        }
    }

    private func tensors(
        _ results: [TaskAlignedAssignment.Result], _ objects: [[TaskAlignedAssignment.Object]],
        _ answers: [DetectionAnswers]?, _ cells: DetectionCells
    ) throws -> [String: Tensor] {
        let total = max(results.reduce(Float(0)) { $0 + $1.score.reduce(0, +) }, Self.leastTotal)
        let strengths: [[Float]]? = answers?.map { self.strengths($0, cells.count) }
        let taughtTotal = max(strengths?.reduce(Float(0)) { $0 + $1.reduce(0, +) } ?? 0, Self.leastTotal)
        let taughtWeight: Float = answers == nil ? 0 : teaching / taughtTotal
        // What the teacher does not know it teaches nothing of.
        let taughtWeights = (teacher?.knows ?? Array(repeating: false, count: classes)).map { $0 ? taughtWeight : 0 }
        var targets = DetectionTargets(
            pictures: results.count, cells: cells, classes: classes, bins: bins, isTaught: answers != nil)
        for (picture, result) in results.enumerated() {
            let answer = answers?[picture]
            for cell in 0..<cells.count {
                let owner = result.owner[cell] < 0 ? nil : objects[picture][result.owner[cell]]
                if let owner {
                    targets.setBox(
                        picture, cell, (owner.x1, owner.y1, owner.x2, owner.y2), share: result.score[cell] / total)
                }
                for index in 0..<classes {
                    let taught = answer?.scores[cell * classes + index] ?? 0
                    let target = index == owner?.classIndex ? result.score[cell] : 0
                    let weight = (result.isHidden[cell] ? 0 : owner != nil ? 1 : 1 - taught) / total
                    targets.setClass(
                        picture, cell, index, target: target, weight: weight, taught: taught,
                        taughtWeight: taughtWeights[index])
                }
                guard let answer, let strength = strengths?[picture][cell], strength > Self.leastTaught else {
                    continue
                }
                let box = answer.boxes[(4 * cell)..<(4 * cell + 4)]
                targets.setTaughtBox(picture, cell, Array(box), share: strength * taughtWeight)
            }
        }
        return try targets.tensors()
    }

    /// The highest probability of each cell.
    private func strengths(_ answers: DetectionAnswers, _ cells: Int) -> [Float] {
        (0..<cells).map { cell in answers.scores[(cell * classes)..<((cell + 1) * classes)].max() ?? 0 }
    }
}
