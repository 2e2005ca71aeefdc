import Foundation
import Graphs
import Models
import Tensors
import Testing

/// Attention and the detector's decoding against loops over their formulas.
@Suite struct NaiveLayerTests {
    @Test(arguments: [false, true], [false, true]) func attentionIsItsFormula(_ isCausal: Bool, _ hasMasks: Bool) throws
    {
        let (queries, keys, width, heads) = (4, 5, 6, 2)
        var net = ModelBuilder(name: "attention", seed: 4)
        let x = net.input("x", [.symbolic("batch"), .symbolic("queries"), .fixed(width)])
        let context = net.input("context", [.symbolic("batch"), .symbolic("keys"), .fixed(width)])
        var mask = AttentionMask(isCausal: isCausal)
        var inputs = [
            "x": try Tensor((0..<queries * width).map { sin(Float($0)) }, shape: [1, queries, width]),
            "context": try Tensor((0..<keys * width).map { cos(Float($0) * 0.7) }, shape: [1, keys, width]),
        ]
        let additive = (0..<queries * keys).map { sin(Float($0) * 1.3) }
        let isPadding = (0..<keys).map { hasMasks && $0 == 3 }
        if hasMasks {
            mask.additive = net.input("additive", [.symbolic("queries"), .symbolic("keys")])
            mask.padding = net.input("padding", dtype: .bool, [.symbolic("batch"), .symbolic("keys")])
            inputs["additive"] = try Tensor(additive, shape: [queries, keys])
            inputs["padding"] = try Tensor(isPadding, shape: [1, keys])
        }
        net.output(try net.crossAttention(x, to: context, width: width, heads: heads, mask: mask), name: "y")
        let graph = net.graph
        let actual = try floats(run(graph, inputs)[0])

        func product(_ rows: [Double], _ name: String, columns: Int, all: Int, from first: Int) throws -> [Double] {
            let (matrix, bias) = (try weights(graph, "\(name).weight"), try weights(graph, "\(name).bias"))
            return (0..<rows.count / width).flatMap { row in
                (0..<columns).map { column in
                    (0..<width).reduce(bias[first + column]) {
                        $0 + rows[row * width + $1] * matrix[$1 * all + first + column]
                    }
                }
            }
        }
        let source = try #require(inputs["x"]).elements(as: Float.self).map { Double($0) }
        let other = try #require(inputs["context"]).elements(as: Float.self).map { Double($0) }
        let q = try product(source, "attention.query", columns: width, all: width, from: 0)
        let k = try product(other, "attention.context", columns: width, all: 2 * width, from: 0)
        let v = try product(other, "attention.context", columns: width, all: 2 * width, from: width)
        let depth = width / heads
        var mixed = [Double](repeating: 0, count: queries * width)
        for head in 0..<heads {
            for row in 0..<queries {
                let scores = (0..<keys).map { key -> Double in
                    if isPadding[key] || (isCausal && key > row) { return -.infinity }
                    let product = (0..<depth).reduce(0.0) {
                        $0 + q[row * width + head * depth + $1] * k[key * width + head * depth + $1]
                    }
                    return product / Double(depth).squareRoot()
                        + (hasMasks ? Double(additive[row * keys + key]) : 0)
                }
                let powers = scores.map { exp($0) }
                let sum = powers.reduce(0, +)
                for feature in 0..<depth {
                    mixed[row * width + head * depth + feature] = (0..<keys).reduce(0.0) {
                        $0 + powers[$1] / sum * v[$1 * width + head * depth + feature]
                    }
                }
            }
        }
        let wanted = try product(mixed, "attention.output", columns: width, all: width, from: 0)
        #expect(actual.count == wanted.count)
        for (a, b) in zip(actual, wanted) { #expect(abs(Double(a) - b) < 1e-5) }
    }

    @Test func detectionsAreTheirFormula() throws {
        let (bins, classes, batch) = (5, 3, 2)
        let sizes = [(stride: 8, height: 4, width: 6), (stride: 16, height: 2, width: 3)]
        var net = ModelBuilder(name: "tail")
        var maps = [DistanceMaps]()
        var inputs = [String: Tensor]()
        for (stride, height, width) in sizes {
            let (boxes, scores) = ("boxes\(stride)", "classes\(stride)")
            let axes: [Graphs.Dimension] = [.symbolic("h\(stride)"), .symbolic("w\(stride)")]
            maps.append(
                DistanceMaps(
                    stride: stride, boxes: net.input(boxes, [.symbolic("batch"), .fixed(4 * bins)] + axes),
                    classes: net.input(scores, [.symbolic("batch"), .fixed(classes)] + axes)))
            for (name, channels) in [(boxes, 4 * bins), (scores, classes)] {
                let count = batch * channels * height * width
                inputs[name] = try Tensor(
                    (0..<count).map { 3 * sin(Float($0 * $0 % 1009)) }, shape: [batch, channels, height, width])
            }
        }
        net.output(try net.detections(maps, bins: bins), name: "detections")
        let result = try run(net.graph, inputs)[0]
        let anchors = sizes.reduce(0) { $0 + $1.height * $1.width }
        #expect(result.shape.dimensions == [batch, 4 + classes, anchors])
        let actual = floats(result)

        for image in 0..<batch {
            var anchor = 0
            for (stride, height, width) in sizes {
                let boxes = floats(try #require(inputs["boxes\(stride)"]))
                let scores = floats(try #require(inputs["classes\(stride)"]))
                for cell in 0..<height * width {
                    let sides = (0..<4).map { side -> Double in
                        let powers = (0..<bins).map { bin in
                            exp(Double(boxes[((image * 4 + side) * bins + bin) * height * width + cell]))
                        }
                        return zip(powers, 0..<bins).reduce(0) { $0 + $1.0 * Double($1.1) } / powers.reduce(0, +)
                    }
                    let (x, y) = (Double(cell % width) + 0.5, Double(cell / width) + 0.5)
                    var wanted = [
                        (x + (sides[2] - sides[0]) / 2) * Double(stride),
                        (y + (sides[3] - sides[1]) / 2) * Double(stride),
                        (sides[0] + sides[2]) * Double(stride), (sides[1] + sides[3]) * Double(stride),
                    ]
                    for label in 0..<classes {
                        let logit = scores[(image * classes + label) * height * width + cell]
                        wanted.append(1 / (1 + exp(-Double(logit))))
                    }
                    for (row, value) in wanted.enumerated() {
                        let found = actual[(image * (4 + classes) + row) * anchors + anchor]
                        #expect(abs(Double(found) - value) < 1e-4 * max(1, abs(value)), "row \(row), cell \(cell)")
                    }
                    anchor += 1
                }
            }
        }
    }
}
