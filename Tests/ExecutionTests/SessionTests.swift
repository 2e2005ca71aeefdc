import Execution
import Graphs
import Kernels
import Tensors
import Testing

/// A block in the manner of the detectors: split, bottleneck with a residual, concatenation of all parts.
private func block() throws -> Graph {
    var builder = GraphBuilder(name: "block")
    func weights(_ outputs: Int, _ inputs: Int, _ side: Int) throws -> [Float] {
        let count: Int = outputs * inputs * side * side
        return (0..<count).map { (index: Int) -> Float in Float((index * 7919) % 101 - 50) / 400 }
    }
    let x = builder.input("x", [1, 8, 12, 10])
    func convolution(_ x: ValueID, _ inputs: Int, _ outputs: Int, _ side: Int, _ name: String) throws -> ValueID {
        let w = try builder.constant(try weights(outputs, inputs, side), [outputs, inputs, side, side])
        let window = Window(padding: Padding2D(side / 2))
        let y = try builder.node(.convolution(Convolution(window: window)), [x, w, nil], name: "\(name).conv")
        return try builder.node(.unary(.silu), [y], name: name)
    }
    let first = try convolution(x, 8, 16, 1, "first")
    let sizes = try builder.integers([8, 8])
    let parts = try builder.nodes(.split(axis: 1), [first, sizes], outputCount: 2, name: "parts")
    let inner = try convolution(parts[1], 8, 8, 3, "inner")
    let bottleneck = try convolution(inner, 8, 8, 3, "bottleneck")
    let sum = try builder.node(.binary(.add), [parts[1], bottleneck], name: "sum")
    let all = try builder.node(.concat(axis: 1), [parts[0], parts[1], sum], name: "all")
    let last = try convolution(all, 24, 9, 1, "last")
    builder.output(last, name: "y")
    return builder.graph
}

private func input() throws -> Tensor {
    let elements = (0..<8 * 12 * 10).map { (index: Int) -> Float in Float((index * 31) % 67) / 67 - 0.5 }
    return try Tensor(elements, shape: [1, 8, 12, 10])
}

@Suite struct SessionTests {
    /// The concatenation, the split and the residual leave no operation of their own.
    @Test func nothingIsCopied() throws {
        let plan = try ExecutionPlan(try block(), options: ExecutionOptions(inputLayout: .channelsLast))
        #expect(
            plan.operations.map(\.op) == [
                "convolution", "convolution", "convolution", "convolution", "transpose",
            ])
        #expect(plan.inputs.map(\.shape.dimensions) == [[1, 12, 10, 8]])
        #expect(plan.outputs.map(\.name) == ["y"])
    }

    /// Keeping every value by name switches the fusions off; the result stays the same.
    @Test func keptTensorsAreRight() throws {
        let plain = try Session(try ExecutionPlan(try block())).run([try input()])[0]
        let names = ["first", "parts", "inner", "bottleneck", "sum", "all"]
        let session = try Session(try ExecutionPlan(try block(), options: ExecutionOptions(keep: names)))
        let result = try session.run([try input()])[0]
        #expect(result.elements(as: Float.self) == plain.elements(as: Float.self))
        // N×H×W×C: the sum is parts[1] + bottleneck, and the last part of the concatenation.
        let sum = try session.tensor(named: "sum")
        let all = try session.tensor(named: "all").elements(as: Float.self)
        let bottleneck = try session.tensor(named: "bottleneck").elements(as: Float.self)
        #expect(sum.shape.dimensions == [1, 12, 10, 8])
        for (index, value) in sum.elements(as: Float.self).enumerated() {
            let (pixel, channel) = index.quotientAndRemainder(dividingBy: 8)
            #expect(value == all[pixel * 24 + 16 + channel])
            #expect(value == all[pixel * 24 + 8 + channel] + bottleneck[index])
        }
        #expect(throws: ExecutionError(.unknownTensor("last"))) { try session.tensor(named: "last") }
        #expect(throws: ExecutionError(.unknownTensor("none"))) {
            try ExecutionPlan(try block(), options: ExecutionOptions(keep: ["none"]))
        }
    }

    @Test func threadsAndSessionsGiveTheSameBits() throws {
        let plan = try ExecutionPlan(try block())
        let expected = try Session(plan).run([try input()])[0].elements(as: Float.self)
        for threads in 2...4 {
            let result = try Session(plan, threads: threads).run([try input()])[0].elements(as: Float.self)
            #expect(result.map(\.bitPattern) == expected.map(\.bitPattern))
        }
    }

    /// Several sessions on one plan at the same time.
    @Test func sessionsShareAPlan() async throws {
        let plan = try ExecutionPlan(try block())
        let expected = try Session(plan).run([try input()])[0].elements(as: Float.self)
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let session = try Session(plan, threads: 2)
                    for _ in 0..<5 { _ = try session.run([try input()]) }
                    return try session.run([try input()])[0].elements(as: Float.self)
                }
            }
            for try await result in group { #expect(result == expected) }
        }
    }

    /// The input stays in place, and the time of each operation is told.
    @Test func runsAgainWithoutNewInput() throws {
        let session = try Session(try ExecutionPlan(try block()))
        let expected = try session.run([try input()])[0].elements(as: Float.self)
        let times = try session.runTimed()
        #expect(times.count == session.plan.operations.count)
        #expect(try session.withOutput(0, as: Float.self) { Array($0) } == expected)
    }

    @Test func misuseIsAnError() throws {
        let session = try Session(try ExecutionPlan(try block()))
        #expect(throws: ExecutionError.self) { try session.run([]) }
        #expect(throws: ExecutionError.self) { try session.run([try Tensor([1] as [Float], shape: [1])]) }
        #expect(throws: ExecutionError(.unknownTensor("input 1"))) { try session.withInput(1) { _ in } }
        #expect(throws: ExecutionError.self) { try session.withOutput(0, as: Int64.self) { _ in } }
        #expect(throws: ExecutionError(.busy)) {
            try session.withInput(0) { _ in Result { try session.run() } }.get()
        }
        #expect(throws: ExecutionError.self) {
            try ExecutionPlan(try block(), inputShapes: ["x": [1, 8, 12, -1]])
        }
    }

    /// An error says which node and operator it is about.
    @Test func errorsNameNodeAndOperator() throws {
        var builder = GraphBuilder(name: "bad")
        let x = builder.input("x", [4])
        let indices = builder.input("i", dtype: .int64, [1])
        builder.output(try builder.node(.gather(axis: 0), [x, indices], name: "pick"))
        let session = try Session(try ExecutionPlan(builder.graph))
        let four = try Tensor([1, 2, 3, 4] as [Float], shape: [4])
        #expect(try session.run([four, Tensor([-1] as [Int64], shape: [1])])[0].elements(as: Float.self) == [4])
        #expect(throws: ExecutionError(.indexOutOfRange, node: "pick", op: "gather")) {
            try session.run([four, Tensor([4] as [Int64], shape: [1])])
        }
        let error = ExecutionError(.indexOutOfRange, node: "pick", op: "gather")
        #expect("\(error)" == "operator gather, node \"pick\": an index lies outside of its axis")
    }
}
