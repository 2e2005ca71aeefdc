import Execution
import Foundation
import Graphs
import Tensors
import Testing
import Training

/// Whole trainings step by step beside PyTorch: the losses of 50 steps from the same weights and batches.
/// Tests/Oracles/make_training_goldens.py writes them; nothing but SplitMix64 makes the numbers.
@Suite struct LossCurveTests {
    struct Curve: Decodable {
        struct Parameter: Decodable {
            var name: String
            var shape: [Int]
            var seed: UInt64
            var center: Float
            var bound: Float
            var gradientNorm: Double
        }

        var name: String
        var parameters: [Parameter]
        var losses: [Float]
    }

    /// Floats and integers as the script draws them.
    struct Draws {
        var numbers: Numbers

        init(_ seed: UInt64) { numbers = Numbers(seed: seed) }

        mutating func unit() -> Float { Float(Int(numbers.next() >> 40)) / 16_777_216 }

        mutating func floats(_ count: Int, center: Float, bound: Float) -> [Float] {
            (0..<count).map { _ in center + (2 * unit() - 1) * bound }
        }

        mutating func integers(_ count: Int, below limit: Int) -> [Int64] {
            (0..<count).map { _ in Int64(numbers.next() >> 40) % Int64(limit) }
        }
    }

    private static func curve(_ name: String) throws -> Curve {
        try #require(try goldens("curves.json", as: [Curve].self).first { $0.name == name })
    }

    /// Every loss as PyTorch has it, whatever the number of threads; the bits do not depend on it.
    private func expectLosses(
        _ curve: Curve, _ graph: Graph, method: OptimizerMethod, clipping: GradientClipping = .none,
        recomputes: Bool = false, batches: [[String: Tensor]], rate: (Int) -> Double
    ) throws {
        var digests = Set<String>()
        for threads in 1...4 {
            var options = Learner.Options()
            options.threads = threads
            options.clipping = clipping
            options.recomputesActivations = recomputes
            let learner = try Learner(graph, loss: "loss", method: method, options: options)
            for (step, expected) in curve.losses.enumerated() {
                let loss = try learner.step(batches[step % batches.count], rate: rate(step)).loss
                #expect(abs(loss - expected) < 1e-4, "\(curve.name), step \(step): \(loss), not \(expected)")
            }
            digests.insert(learner.weightsDigest)
        }
        #expect(digests.count == 1, "\(curve.name): the weights depend on the number of threads")
    }

    // MARK: The networks

    @Test(arguments: [false, true]) func convolutionalNetwork(recomputes: Bool) throws {
        let curve = try Self.curve("cnn")
        var net = GraphBuilder(name: "cnn")
        var parameters = Parameters(curve)
        let x = net.input("images", [8, 3, 16, 16])
        let labels = net.input("labels", dtype: .int64, [8])
        func normalized(_ x: ValueID, _ name: String, _ channels: Int) throws -> ValueID {
            let mean = try net.constant(Array(repeating: Float(0), count: channels), [channels], name: "\(name).mean")
            let variance = try net.constant(
                Array(repeating: Float(1), count: channels), [channels], name: "\(name).variance")
            let y = try net.node(
                .batchNormalization(BatchNormalization()),
                [
                    x, try parameters.add("\(name).weight", to: &net), try parameters.add("\(name).bias", to: &net),
                    mean, variance,
                ])
            return try net.node(.unary(.relu), [y])
        }
        func convolved(_ x: ValueID, _ name: String, _ window: Window, groups: Int = 1) throws -> ValueID {
            try net.node(
                .convolution(Convolution(window: window, groups: groups)),
                [x, try parameters.add("\(name).weight", to: &net)])
        }
        let same = Window(padding: Padding2D(1))
        var h = try normalized(convolved(x, "conv1", same), "bn1", 8)
        h = try normalized(
            convolved(h, "conv2", Window(strides: Size2D(2), padding: Padding2D(1))), "bn2", 16)
        h = try convolved(h, "conv3", same, groups: 16)
        h = try normalized(convolved(h, "conv4", Window()), "bn3", 32)
        h = try net.node(.reduce(Reduce(.mean, axes: [2, 3], keepsDimensions: false)), [h])
        let logits = try parameters.linear("linear", h, &net)
        net.output(try net.crossEntropy(logits: logits, labels: labels), name: "loss")
        let batches = try (0..<4 as Range<UInt64>).map { batch in
            var images = Draws(1000 + batch)
            var numbers = Draws(2000 + batch)
            return [
                "images": try Tensor(images.floats(8 * 3 * 16 * 16, center: 0, bound: 1), shape: [8, 3, 16, 16]),
                "labels": try Tensor(numbers.integers(8, below: 5), shape: [8]),
            ]
        }
        try expectLosses(
            curve, net.graph, method: .sgd(momentum: 0.9, nesterov: true, weightDecay: 1e-4), recomputes: recomputes,
            batches: batches
        ) { _ in 0.05 }
    }

    @Test func recurrentNetwork() throws {
        let curve = try Self.curve("lstm")
        var net = GraphBuilder(name: "lstm")
        var parameters = Parameters(curve)
        let tokens = net.input("tokens", dtype: .int64, [12, 6])
        let lengths = net.input("lengths", dtype: .int32, [6])
        let labels = net.input("labels", dtype: .int64, [6])
        var x = try net.node(.gather(axis: 0), [try parameters.add("embedding.weight", to: &net), tokens])
        var last = x
        for (layer, size) in [10, 24].enumerated() {
            let weights = try parameters.lstm(layer: layer, input: size, hidden: 12, &net)
            let results = try net.nodes(
                .lstm(Recurrence(hiddenSize: 12, direction: .bidirectional)),
                [x, weights.w, weights.r, weights.bias, lengths], outputCount: 3)
            // T×D×B×H to T×B×(D·H).
            let turned = try net.node(.transpose(permutation: [0, 2, 1, 3]), [results[0]])
            x = try net.node(.reshape(allowsZero: false), [turned, try net.integers([12, 6, 24])])
            last = results[1]
        }
        // D×B×H to B×(D·H).
        let turned = try net.node(.transpose(permutation: [1, 0, 2]), [last])
        let features = try net.node(.reshape(allowsZero: false), [turned, try net.integers([6, 24])])
        let logits = try parameters.linear("linear", features, &net)
        net.output(try net.crossEntropy(logits: logits, labels: labels), name: "loss")
        let given: [[Int32]] = [
            [12, 7, 9, 3, 12, 5], [4, 12, 12, 8, 6, 1], [10, 11, 2, 12, 7, 9], [5, 6, 12, 3, 8, 12],
        ]
        let batches = try given.enumerated().map { batch, lengths in
            var tokens = Draws(3000 + UInt64(batch))
            var numbers = Draws(4000 + UInt64(batch))
            return [
                "tokens": try Tensor(tokens.integers(72, below: 20), shape: [12, 6]),
                "lengths": try Tensor(lengths, shape: [6]),
                "labels": try Tensor(numbers.integers(6, below: 4), shape: [6]),
            ]
        }
        try expectLosses(
            curve, net.graph, method: .adam(), clipping: .globalNorm(1), batches: batches
        ) { _ in 0.01 }
    }

    @Test(arguments: [false, true]) func transformer(recomputes: Bool) throws {
        let curve = try Self.curve("transformer")
        var net = GraphBuilder(name: "transformer")
        var parameters = Parameters(curve)
        let tokens = net.input("tokens", dtype: .int64, [6, 10])
        // 1 for the tokens within the length; and the same as −∞ for the others.
        let valid = net.input("valid", [6, 10, 1])
        let blocked = net.input("blocked", [6, 1, 1, 10])
        let counts = net.input("counts", [6, 1])
        let labels = net.input("labels", dtype: .int64, [6])
        let embedded = try net.node(.gather(axis: 0), [try parameters.add("embedding.weight", to: &net), tokens])
        var x = try net.node(.binary(.add), [embedded, try parameters.add("position.weight", to: &net)])
        func normalized(_ x: ValueID, _ name: String) throws -> ValueID {
            try net.node(
                .layerNormalization(epsilon: 1e-5),
                [x, try parameters.add("\(name).weight", to: &net), try parameters.add("\(name).bias", to: &net)])
        }
        for layer in ["layer0", "layer1"] {
            let projected = try parameters.linear("\(layer).in_proj", normalized(x, "\(layer).norm1"), &net)
            let parts = try net.nodes(.split(axis: 2), [projected], outputCount: 3).map { part in
                try net.node(
                    .transpose(permutation: [0, 2, 1, 3]),
                    [try net.node(.reshape(allowsZero: false), [part, try net.integers([6, 10, 2, 8])])])
            }
            let keys = try net.node(.transpose(permutation: [0, 1, 3, 2]), [parts[1]])
            let product = try net.node(.matMul, [parts[0], keys])
            let scaled = try net.node(
                .binary(.mul), [product, try net.constant([1 / Float(8).squareRoot()], [])])
            let scores = try net.node(.binary(.add), [scaled, blocked])
            let mixed = try net.node(.matMul, [try net.node(.softmax(axis: -1), [scores]), parts[2]])
            let heads = try net.node(
                .reshape(allowsZero: false),
                [try net.node(.transpose(permutation: [0, 2, 1, 3]), [mixed]), try net.integers([6, 10, 16])])
            x = try net.node(.binary(.add), [x, try parameters.linear("\(layer).out_proj", heads, &net)])
            let inner = try parameters.linear("\(layer).linear1", normalized(x, "\(layer).norm2"), &net)
            let outer = try parameters.linear("\(layer).linear2", try net.node(.unary(.gelu), [inner]), &net)
            x = try net.node(.binary(.add), [x, outer])
        }
        let sum = try net.node(
            .reduce(Reduce(.sum, axes: [1], keepsDimensions: false)), [try net.node(.binary(.mul), [x, valid])])
        let logits = try parameters.linear("linear", try net.node(.binary(.div), [sum, counts]), &net)
        net.output(try net.crossEntropy(logits: logits, labels: labels), name: "loss")
        let given = [
            [10, 6, 8, 3, 10, 5], [4, 10, 9, 8, 6, 1], [10, 7, 2, 10, 7, 9], [5, 6, 10, 3, 8, 10],
        ]
        let batches = try given.enumerated().map { batch, lengths in
            var tokens = Draws(5000 + UInt64(batch))
            var numbers = Draws(6000 + UInt64(batch))
            let inside = lengths.flatMap { length in (0..<10).map { $0 < length } }
            return [
                "tokens": try Tensor(tokens.integers(60, below: 30), shape: [6, 10]),
                "valid": try Tensor(inside.map { $0 ? 1 : 0 as Float }, shape: [6, 10, 1]),
                "blocked": try Tensor(inside.map { $0 ? 0 : -.infinity as Float }, shape: [6, 1, 1, 10]),
                "counts": try Tensor(lengths.map { Float($0) }, shape: [6, 1]),
                "labels": try Tensor(numbers.integers(6, below: 3), shape: [6]),
            ]
        }
        try expectLosses(
            curve, net.graph, method: .adamW(weightDecay: 0.01), recomputes: recomputes, batches: batches
        ) { 0.002 * min(1, Double($0 + 1) / 10) }
    }

    // MARK: Parameters

    /// The parameters of a curve by name, added to a graph as they are asked for.
    struct Parameters {
        let curve: Curve

        init(_ curve: Curve) { self.curve = curve }

        func elements(_ name: String) throws -> [Float] {
            let parameter = try #require(curve.parameters.first { $0.name == name })
            var draws = Draws(parameter.seed)
            return draws.floats(parameter.shape.reduce(1, *), center: parameter.center, bound: parameter.bound)
        }

        mutating func add(_ name: String, to net: inout GraphBuilder) throws -> ValueID {
            let shape = try #require(curve.parameters.first { $0.name == name }).shape
            return net.parameter(try Tensor(elements(name), shape: shape), name: name)
        }

        /// x·Wᵀ + b, with the transpose taken once.
        mutating func linear(_ name: String, _ x: ValueID, _ net: inout GraphBuilder) throws -> ValueID {
            let shape = try #require(curve.parameters.first { $0.name == "\(name).weight" }).shape
            let rows = try elements("\(name).weight")
            let turned = (0..<shape[1]).flatMap { column in (0..<shape[0]).map { rows[$0 * shape[1] + column] } }
            let weights = net.parameter(try Tensor(turned, shape: [shape[1], shape[0]]), name: "\(name).weight")
            return try net.node(
                .binary(.add), [try net.node(.matMul, [x, weights]), try add("\(name).bias", to: &net)])
        }

        /// Both directions of a layer in ONNX's layout, whose gates stand in the order i o f c; PyTorch's is i f c o.
        mutating func lstm(
            layer: Int, input: Int, hidden: Int, _ net: inout GraphBuilder
        ) throws -> (w: ValueID, r: ValueID, bias: ValueID) {
            func gates(_ name: String, _ row: Int) throws -> [Float] {
                let all = try elements("lstm.\(name)")
                let size = hidden * row
                return [0, 3, 1, 2].flatMap { all[$0 * size..<($0 + 1) * size] }
            }
            let tags = ["l\(layer)", "l\(layer)_reverse"]
            let w = try tags.flatMap { try gates("weight_ih_\($0)", input) }
            let r = try tags.flatMap { try gates("weight_hh_\($0)", hidden) }
            let bias = try tags.flatMap { try gates("bias_ih_\($0)", 1) + gates("bias_hh_\($0)", 1) }
            return (
                net.parameter(try Tensor(w, shape: [2, 4 * hidden, input]), name: "w\(layer)"),
                net.parameter(try Tensor(r, shape: [2, 4 * hidden, hidden]), name: "r\(layer)"),
                net.parameter(try Tensor(bias, shape: [2, 8 * hidden]), name: "bias\(layer)")
            )
        }
    }
}
