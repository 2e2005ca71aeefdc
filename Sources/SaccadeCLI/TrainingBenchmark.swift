import Execution
import Graphs
import Kernels
import Models
import Tensors
import Training

/// Steps of training on made-up batches: how long they take, and what share of the processor's peak their multiply-adds
/// are. The networks are those of Tests/Oracles/compare_training.py.
struct TrainingBenchmark {
    enum Task: String, CaseIterable {
        /// 16 pictures of 160×160; three steps down, four residual blocks; SGD with momentum.
        case cnn
        /// 32 sequences of 100 steps through two layers of 256; Adam.
        case lstm
        /// 16 sequences of 128 tokens through four layers of width 256 with 8 heads; AdamW.
        case transformer
    }

    struct Figures {
        /// Of each measured step.
        var times: [Duration]
        /// Of forward and backward pass.
        var multiplyAdds: Int
        var peak: MachinePeak
        var parameters: Int
        var arenaByteCount: Int
        /// The steps of the plan by kernel, the slowest first.
        var kernels: [(name: String, count: Int, time: Duration, multiplyAdds: Int)]
    }

    let task: Task
    let threads: Int
    let steps: Int

    func measure(perKernel: Bool) throws -> Figures {
        var peak = MachinePeak.measure(instructionSet: .best)
        let (graph, batch, method) = try problem()
        var options = Learner.Options()
        options.threads = threads
        let learner = try Learner(graph, loss: "loss", method: method, options: options)
        for _ in 0..<3 { _ = try learner.step(batch, rate: 1e-3) }
        var times: [Duration] = []
        for _ in 0..<steps {
            let start = ContinuousClock.now
            _ = try learner.step(batch, rate: 1e-3)
            times.append(ContinuousClock.now - start)
        }
        peak.raise(to: .measure(instructionSet: .best))
        let plan = try learner.plan(for: batch)
        return Figures(
            times: times, multiplyAdds: plan.operations.reduce(0) { $0 + $1.multiplyAdds }, peak: peak,
            parameters: learner.parameters.elementCount, arenaByteCount: plan.arenaByteCount,
            kernels: perKernel ? try kernels(learner, batch) : [])
    }

    /// The mean time of each kernel over the steps.
    private func kernels(
        _ learner: Learner, _ batch: [String: Tensor]
    ) throws -> [(name: String, count: Int, time: Duration, multiplyAdds: Int)] {
        let operations = try learner.plan(for: batch).operations
        var sums: [String: (count: Int, time: Duration, multiplyAdds: Int)] = [:]
        for _ in 0..<steps {
            for (operation, time) in zip(operations, try learner.timeOperations(of: batch)) {
                let name = "\(operation.op), \(operation.kernel)"
                sums[name, default: (0, .zero, 0)].time += time / steps
            }
        }
        for operation in operations {
            let name = "\(operation.op), \(operation.kernel)"
            sums[name]?.count += 1
            sums[name]?.multiplyAdds += operation.multiplyAdds
        }
        return sums.map { ($0.key, $0.value.count, $0.value.time, $0.value.multiplyAdds) }.sorted { $0.2 > $1.2 }
    }

    // MARK: The networks

    private func problem() throws -> (graph: Graph, batch: [String: Tensor], method: OptimizerMethod) {
        var numbers = Philox(seed: 1)
        func floats(_ shape: [Int]) throws -> Tensor {
            try Tensor((0..<shape.reduce(1, *)).map { _ in Float(numbers.normal()) }, shape: shape)
        }
        func integers(_ shape: [Int], below limit: Int) throws -> Tensor {
            try Tensor((0..<shape.reduce(1, *)).map { _ in Int64(numbers.integer(below: limit)) }, shape: shape)
        }
        switch task {
        case .cnn:
            let batch = ["input": try floats([16, 3, 160, 160]), "labels": try integers([16], below: 10)]
            return (try convolutionalNetwork(), batch, .sgd(momentum: 0.9))
        case .lstm:
            let batch = ["input": try floats([32, 100, 64]), "labels": try integers([32], below: 10)]
            return (try recurrentNetwork(), batch, .adam())
        case .transformer:
            let batch = ["input": try integers([16, 128], below: 1000), "labels": try integers([16], below: 10)]
            return (try transformer(), batch, .adamW())
        }
    }

    private func withLoss(_ net: ModelBuilder, logits: ValueID) throws -> Graph {
        var builder = GraphBuilder(net.graph)
        let labels = builder.input("labels", dtype: .int64, [.symbolic("batch")])
        builder.output(try builder.crossEntropy(logits: logits, labels: labels), name: "loss")
        return builder.graph
    }

    private func convolutionalNetwork() throws -> Graph {
        var net = ModelBuilder(name: "cnn")
        let x = net.input("input", [.symbolic("batch"), .fixed(3), .symbolic("height"), .symbolic("width")])
        func block(_ x: ValueID, _ from: Int, _ to: Int, stride: Int) throws -> ValueID {
            let y = try net.convolution(x, from: from, to: to, kernel: 3, stride: stride, bias: false)
            return try net.activation(.silu, try net.batchNormalization(y, channels: to))
        }
        func residual(_ x: ValueID, _ channels: Int) throws -> ValueID {
            try net.add(x, block(block(x, channels, channels, stride: 1), channels, channels, stride: 1))
        }
        var h = try block(block(x, 3, 16, stride: 2), 16, 32, stride: 2)
        for _ in 0..<2 { h = try residual(h, 32) }
        h = try block(h, 32, 64, stride: 2)
        for _ in 0..<2 { h = try residual(h, 64) }
        let logits = try net.linear(net.globalAverage(h), from: 64, to: 10)
        return try withLoss(net, logits: logits)
    }

    private func recurrentNetwork() throws -> Graph {
        var net = ModelBuilder(name: "lstm")
        let x = net.input("input", [.symbolic("batch"), .symbolic("length"), .fixed(64)])
        let h = try net.lstm(x, from: 64, hidden: 256, layers: 2)
        let logits = try net.linear(h.state, from: 256, to: 10)
        return try withLoss(net, logits: logits)
    }

    private func transformer() throws -> Graph {
        var net = ModelBuilder(name: "transformer")
        let tokens = net.input("input", dtype: .int64, [.symbolic("batch"), .symbolic("length")])
        let x = try net.embedding(tokens, count: 1000, width: 256)
        let layers = Transformer(width: 256, heads: 8, feedForward: 1024, dropout: 0)
        let h = try net.transformerEncoder(x, layers, layers: 4)
        let logits = try net.linear(net.maskedMean(h, padding: nil), from: 256, to: 10)
        return try withLoss(net, logits: logits)
    }
}
