import Detections
import Detectors
import Foundation
import Tensors
import Testing

/// What raw maps mean, cell by cell, as floats and as bytes.
@Suite struct RawHeadDecoderTests {
    private func decode(
        _ head: RawHead, _ maps: [(values: [Float], shape: [Int])], confidence: Float = 0.25, classes: Set<Int>? = nil
    ) throws -> [Detection] {
        let tensors = try maps.map { try Tensor($0.values, shape: $0.shape) }
        var found: [Detection] = []
        let decoder = RawHeadDecoder(head: head, confidence: confidence, classes: classes)
        withExtendedLifetime(tensors) {
            decoder.decode(
                { place in
                    let (tensor, shape) = (tensors[place], tensors[place].shape)
                    let values = tensor.baseAddress.assumingMemoryBound(to: Float.self)
                    return FeatureMap(.floats(values), height: shape[1], width: shape[2], channels: shape[3])
                }, into: &found)
        }
        return found
    }

    private let oneLevel = RawHead.Level(stride: 8, boxes: 0, objectness: 0, classes: 1)

    private func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

    @Test func distancesAreMeasuredFromTheMiddleOfTheCell() throws {
        let head = RawHead(scheme: .distances(bins: 1), classes: 2, levels: [oneLevel])
        // One row of three cells: the second passes.
        let found = try decode(
            head,
            [
                ([0, 0, 0, 0, /**/ 1, 0.5, 2, 1.5, /**/ 0, 0, 0, 0], [1, 1, 3, 4]),
                ([-3, -4, /**/ -3, 1, /**/ .nan, -5], [1, 1, 3, 2]),
            ])
        #expect(found.count == 1)
        #expect(found.first?.box == BoundingBox(x1: 4, y1: 0, x2: 28, y2: 16))
        #expect(found.first?.classIndex == 1 && found.first?.score == sigmoid(1))
    }

    @Test func binsGiveTheirExpectation() throws {
        let head = RawHead(scheme: .distances(bins: 3), classes: 1, levels: [oneLevel])
        // Certain of bin 2, between 0 and 2, certain of 0, even.
        let boxes: [Float] = [0, 0, 80, /**/ 5, -80, 5, /**/ 80, 0, 0, /**/ 7, 7, 7]
        let found = try decode(head, [(boxes, [1, 1, 1, 12]), ([0], [1, 1, 1, 1])])
        #expect(found.map(\.box) == [BoundingBox(x1: -12, y1: -4, x2: 4, y2: 12)])
    }

    @Test func everyClassThatPassesCountsWhereTheNetworkSelects() throws {
        let maps: [(values: [Float], shape: [Int])] = [([1, 1, 1, 1], [1, 1, 1, 4]), ([2, -3, 1], [1, 1, 1, 3])]
        var head = RawHead(scheme: .distances(bins: 1), classes: 3, levels: [oneLevel], selection: 10)
        #expect(try decode(head, maps).map(\.classIndex) == [0, 2])
        #expect(try decode(head, maps, classes: [2]).map(\.classIndex) == [2])
        head = RawHead(scheme: .distances(bins: 1), classes: 3, levels: [oneLevel])
        #expect(try decode(head, maps).map(\.classIndex) == [0])
        #expect(try decode(head, maps, classes: [2]).isEmpty)
    }

    @Test func whatIsNoNumberDoesNotPass() throws {
        let head = RawHead(scheme: .distances(bins: 1), classes: 2, levels: [oneLevel])
        let box: (values: [Float], shape: [Int]) = ([1, 1, 1, 1], [1, 1, 1, 4])
        #expect(try decode(head, [box, ([.nan, .nan], [1, 1, 1, 2])], confidence: 0).isEmpty)
        #expect(try decode(head, [box, ([.nan, 1], [1, 1, 1, 2])]).map(\.classIndex) == [1])
        #expect(try decode(head, [([1, .nan, 1, 1], [1, 1, 1, 4]), ([3, 1], [1, 1, 1, 2])]).isEmpty)
        #expect(try decode(head, [([1, .infinity, 1, 1], [1, 1, 1, 4]), ([3, 1], [1, 1, 1, 2])]).isEmpty)
    }

    @Test(arguments: [Float(0), 0.001, 0.25, 0.7, 0.999, 1]) func theThresholdIsThatOfTheScore(confidence: Float) throws
    {
        let head = RawHead(scheme: .distances(bins: 1), classes: 1, levels: [oneLevel])
        let logits = (0..<400).map { Float($0 - 200) / 10 }
        let boxes = Array(repeating: Float(1), count: 4 * logits.count)
        let found = try decode(
            head, [(boxes, [1, 20, 20, 4]), (logits, [1, 20, 20, 1])], confidence: confidence)
        #expect(found.map(\.score) == logits.map(sigmoid).filter { $0 >= confidence })
    }

    /// One cell of many passes, wherever it is: none is lost at the borders of what is compared at once.
    @Test(arguments: [1, 3, 80]) func aSingleCellIsFoundAnywhere(classes: Int) throws {
        let head = RawHead(scheme: .distances(bins: 1), classes: classes, levels: [oneLevel])
        let cells = 30 * 20
        let boxes = Array(repeating: Float(1), count: cells * 4)
        var logits = Array(repeating: Float(-5), count: cells * classes)
        for place in stride(from: 0, to: logits.count, by: classes == 80 ? 61 : 1) {
            logits[place] = 2
            let found = try decode(head, [(boxes, [1, 20, 30, 4]), (logits, [1, 20, 30, classes])])
            #expect(found.count == 1 && found.first?.classIndex == place % classes)
            let (x, y) = (Float(place / classes % 30) + 0.5, Float(place / classes / 30) + 0.5)
            #expect(found.first?.box.centerX == x * 8 && found.first?.box.centerY == y * 8)
            logits[place] = -5
        }
    }

    /// Bytes mean what they stand for: the same detections as from the floats.
    @Test(arguments: [RawHead.Scheme.distances(bins: 4), .anchors, .cells]) func bytesAndFloatsGiveTheSame(
        scheme: RawHead.Scheme
    ) throws {
        let classes = 5
        let channels: [Int]
        var level = RawHead.Level(stride: 16, boxes: 0, objectness: 1, classes: 2)
        switch scheme {
        case .distances(let bins): channels = [4 * bins, 1, classes]
        case .anchors:
            channels = [3 * (5 + classes)]
            level = RawHead.Level(
                stride: 16, boxes: 0, objectness: 0, classes: 0, anchors: [[10, 20], [30, 30], [70, 40]])
        case .cells: channels = [4, 1, classes]
        }
        let head = RawHead(scheme: scheme, classes: classes, levels: [level])
        var seed: UInt64 = 9
        func byte() -> UInt8 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: seed >> 40)
        }
        for (scale, zeroPoint) in [(Float(0.05), Int32(140)), (0.1, 30), (0.02, 0), (0.031, 255)] {
            let shapes = try channels.map { try Shape([1, 17, 19, $0]) }
            let bytes = shapes.map { shape in (0..<shape.count).map { _ in byte() } }
            let floats = bytes.map { $0.map { scale * Float(Int32($0) - zeroPoint) } }
            for confidence in [Float(0.1), 0.5, 0.9, 1] {
                let expected = try decode(
                    head, zip(floats, shapes).map { ($0, $1.dimensions) }, confidence: confidence)
                var found: [Detection] = []
                let decoder = RawHeadDecoder(head: head, confidence: confidence, classes: nil)
                let tensors = try zip(bytes, shapes).map { try Tensor($0, shape: $1.dimensions) }
                withExtendedLifetime(tensors) {
                    decoder.decode(
                        { place in
                            let (tensor, shape) = (tensors[place], tensors[place].shape)
                            let values = tensor.baseAddress.assumingMemoryBound(to: UInt8.self)
                            return FeatureMap(
                                .bytes(values, scale: scale, zeroPoint: zeroPoint), height: shape[1], width: shape[2],
                                channels: shape[3])
                        }, into: &found)
                }
                #expect(found == expected)
                if confidence == 0.1, zeroPoint < 200 { #expect(!expected.isEmpty) }
            }
        }
    }
}
