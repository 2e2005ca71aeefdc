import Execution
import Graphs
import Tensors
import Testing
import Training

/// Losses where PyTorch has no golden: their edges, and metrics.
@Suite struct LossTests {
    /// The value, and the gradient by the first input where it has one.
    private func run(
        _ inputs: [(String, Tensor)], _ body: (inout GraphBuilder, [ValueID]) throws -> ValueID
    ) throws -> (value: [Float], gradient: [Float]?) {
        var builder = GraphBuilder(name: "loss")
        let ids = inputs.map { name, tensor in
            builder.input(name, dtype: tensor.dtype, tensor.shape.dimensions.map { _ in .symbolic("") })
        }
        let loss = try body(&builder, ids)
        builder.output(loss, name: "loss")
        var graph = try builder.graph.specialized(
            inputShapes: Dictionary(uniqueKeysWithValues: inputs.map { ($0.0, $0.1.shape) }),
            evaluate: evaluateConstants)
        var gradient: ValueID?
        if graph.shape(of: loss)?.count == 1, graph[ids[0]].dtype == .float32 {
            gradient = try graph.gradients(of: loss, withRespectTo: [ids[0]])[0]
        }
        if let gradient { graph.addOutput(copying: gradient, name: "gradient") }
        let results = try Session(ExecutionPlan(graph)).run(inputs.map(\.1))
        return (
            results[0].elements(as: Float.self), gradient == nil ? nil : results[1].elements(as: Float.self)
        )
    }

    private func logits() throws -> Tensor {
        try Tensor([1, 3, 2, 5, 4, 0, 0, 1, 2, 2, 9, 1] as [Float], shape: [4, 3])
    }

    @Test func accuracyCountsHits() throws {
        let inputs = [("logits", try logits()), ("labels", try Tensor([1, 2, 2, -1] as [Int64], shape: [4]))]
        #expect(try run(inputs) { try $0.hits(logits: $1[0], labels: $1[1]) }.value == [1, 0, 1, 0])
        #expect(try run(inputs) { try $0.correctCount(logits: $1[0], labels: $1[1]) }.value == [2])
        #expect(try run(inputs) { try $0.accuracy(logits: $1[0], labels: $1[1]) }.value == [0.5])
        let ignored = try run(inputs) { try $0.accuracy(logits: $1[0], labels: $1[1], ignoredLabel: -1) }
        #expect(abs(ignored.value[0] - 2 / 3) < 1e-6)
        #expect(ignored.gradient == nil)
        let best = try run(inputs) { try $0.hits(logits: $1[0], labels: $1[1], amongBest: 2) }
        #expect(best.value == [1, 0, 1, 0])
        let narrow = [inputs[0], ("labels", try Tensor([2, 1, 1, 0] as [Int32], shape: [4]))]
        #expect(try run(narrow) { try $0.hits(logits: $1[0], labels: $1[1], amongBest: 2) }.value == [1, 1, 1, 1])
        #expect(try run(narrow) { try $0.correctCount(logits: $1[0], labels: $1[1]) }.value == [0])
    }

    @Test func nothingThatCountsIsNoLoss() throws {
        let inputs = [("logits", try logits()), ("labels", try Tensor([Int64](repeating: -100, count: 4), shape: [4]))]
        for smoothing in [0, 0.1] as [Float] {
            let result = try run(inputs) {
                try $0.crossEntropy(logits: $1[0], labels: $1[1], labelSmoothing: smoothing, ignoredLabel: -100)
            }
            #expect(result.value == [0])
            #expect(try #require(result.gradient).allSatisfy { $0 == 0 })
        }
    }

    /// With equal weights the loss is the same; of distributions that name one class, too.
    @Test func formsOfCrossEntropyAgree() throws {
        let labels = ("labels", try Tensor([1, 2, 0, 1] as [Int64], shape: [4]))
        let plain = try run([("logits", logits()), labels]) { try $0.crossEntropy(logits: $1[0], labels: $1[1]) }
        let weights = ("weights", try Tensor([3, 3, 3] as [Float], shape: [3]))
        let weighted = try run([("logits", logits()), labels, weights]) {
            try $0.crossEntropy(logits: $1[0], labels: $1[1], weights: $1[2])
        }
        var rows = [Float](repeating: 0, count: 12)
        for (row, label) in [1, 2, 0, 1].enumerated() { rows[3 * row + label] = 1 }
        let distribution = ("p", try Tensor(rows, shape: [4, 3]))
        let soft = try run([("logits", logits()), distribution]) {
            try $0.crossEntropy(logits: $1[0], probabilities: $1[1])
        }
        let ones = ("weights", try Tensor([1, 1, 1] as [Float], shape: [3]))
        let softWeighted = try run([("logits", logits()), distribution, ones]) {
            try $0.crossEntropy(logits: $1[0], probabilities: $1[1], weights: $1[2], labelSmoothing: 0.2)
        }
        let smooth = try run([("logits", logits()), labels]) {
            try $0.crossEntropy(logits: $1[0], labels: $1[1], labelSmoothing: 0.2)
        }
        for (one, other) in [(weighted, plain), (soft, plain), (softWeighted, smooth)] {
            #expect(abs(one.value[0] - other.value[0]) < 1e-5)
            for (a, b) in zip(try #require(one.gradient), try #require(other.gradient)) { #expect(abs(a - b) < 1e-6) }
        }
        #expect(abs(plain.value[0] - smooth.value[0]) > 0.05)
    }

    @Test func absoluteErrorIsL1() throws {
        let inputs = [
            ("p", try Tensor([1, 2, -3] as [Float], shape: [3])),
            ("t", try Tensor([1.5, -2, -3] as [Float], shape: [3])),
        ]
        let result = try run(inputs) { try $0.absoluteError(predictions: $1[0], targets: $1[1], reduction: .sum) }
        #expect(result.value == [4.5])
        #expect(result.gradient == [-1, 1, 0])
        #expect(
            try run(inputs) { try $0.smoothL1Loss(predictions: $1[0], targets: $1[1], beta: 0, reduction: .none) }.value
                == [0.5, 4, 0])
        #expect(throws: GraphError.self) {
            try run(inputs) { try $0.huberLoss(predictions: $1[0], targets: $1[1], delta: 0) }
        }
    }

    /// Boxes without an extent, apart, and equal: finite numbers.
    @Test func degenerateBoxesStayFinite() throws {
        let predictions: [Float] = [5, 5, 5, 5, 1, 1, 3, 3, 0, 0, 2, 2, 4, 4, 4, 9]
        let targets: [Float] = [5, 5, 5, 5, 1, 1, 3, 3, 9, 9, 9, 9, 3, 3, 8, 8]
        let inputs = [("p", try Tensor(predictions, shape: [4, 4])), ("t", try Tensor(targets, shape: [4, 4]))]
        let losses = try run(inputs) { try $0.completeIoULoss(predictions: $1[0], targets: $1[1], reduction: .none) }
        #expect(losses.value.count == 4 && losses.value.allSatisfy { $0.isFinite && $0 >= -1e-6 })
        #expect(abs(losses.value[1]) < 1e-6)
        #expect(losses.value[2] > 1.5)
        let sum = try run(inputs) { try $0.completeIoULoss(predictions: $1[0], targets: $1[1]) }
        #expect(try #require(sum.gradient).allSatisfy { $0.isFinite })
    }

    /// Losses that are certain of what is right: powers below 1 have no slope at 0.
    @Test func certaintyStaysFinite() throws {
        let inputs = [
            ("x", try Tensor([200, -200, 90, -90, 0] as [Float], shape: [5])),
            ("y", try Tensor([1, 0, 0, 1, 1] as [Float], shape: [5])),
        ]
        for gamma in [0, 0.5, 1, 2, 3] as [Float] {
            let result = try run(inputs) {
                try $0.focalLoss(logits: $1[0], targets: $1[1], gamma: gamma, alpha: nil, reduction: .sum)
            }
            // The two that are wrong by 90, and the undecided one: 2 · 90 + ½^γ · ln 2.
            let wanted = 180 + Float(0.5).power(gamma) * 0.693_147
            #expect(abs(result.value[0] - wanted) < 1e-3, "γ \(gamma)")
            let gradient = try #require(result.gradient)
            #expect(gradient.allSatisfy { $0.isFinite })
            #expect(abs(gradient[2] - 1) < 1e-5 && abs(gradient[3] + 1) < 1e-5)
        }
    }

    /// A sequence whose labels do not fit is infinitely unlikely, or left out.
    @Test func impossibleSequencesAreInfinite() throws {
        let inputs = [
            ("logits", try Tensor((0..<18).map { Float($0 % 5) }, shape: [3, 2, 3])),
            ("labels", try Tensor([1, 1, 1, 2] as [Int64], shape: [2, 2])),
            ("inputLengths", try Tensor([2, 3] as [Int64], shape: [2])),
            ("labelLengths", try Tensor([2, 2] as [Int64], shape: [2])),
        ]
        func losses(_ ignores: Bool, _ reduction: Reduction) throws -> (value: [Float], gradient: [Float]?) {
            try run(inputs) {
                try $0.ctcLoss(
                    logits: $1[0], labels: $1[1], inputLengths: $1[2], labelLengths: $1[3], ignoresImpossible: ignores,
                    reduction: reduction)
            }
        }
        let all = try losses(false, .none).value
        #expect(all[0] == .infinity && all[1].isFinite && all[1] > 0)
        #expect(try losses(true, .none).value == [0, all[1]])
        let sum = try losses(true, .sum)
        #expect(sum.value == [all[1]])
        let gradient = try #require(sum.gradient)
        #expect(gradient.allSatisfy { $0.isFinite })
        for step in 0..<3 {
            #expect(gradient[6 * step..<6 * step + 3].allSatisfy { $0 == 0 })
            #expect(gradient[6 * step + 3..<6 * step + 6].contains { $0 != 0 })
        }
    }

    /// Class weights are a constant of the loss: nothing that a model would learn.
    @Test func classWeightsAreNotLearned() throws {
        var builder = GraphBuilder(name: "loss")
        let logits = builder.input("logits", [.symbolic("batch"), .fixed(3)])
        let labels = builder.input("labels", dtype: .int64, [.symbolic("batch")])
        let weights = try builder.constant([1, 2, 3] as [Float], [3])
        builder.output(try builder.crossEntropy(logits: logits, labels: labels, weights: weights), name: "loss")
        #expect(builder.graph.learnedConstants().isEmpty)
    }
}

extension Float {
    fileprivate func power(_ exponent: Float) -> Float {
        // Of ½, for the exponents above.
        switch exponent {
        case 0: 1
        case 0.5: squareRoot()
        default: (0..<Int(exponent)).reduce(1) { product, _ in product * self }
        }
    }
}
