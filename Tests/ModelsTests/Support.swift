import Execution
import Graphs
import Models
import Tensors
import Testing

/// The graph's outputs for inputs by name.
func run(_ graph: Graph, _ inputs: [String: Tensor], threads: Int = 1) throws -> [Tensor] {
    let plan = try ExecutionPlan(graph, inputShapes: inputs.mapValues(\.shape.dimensions))
    let given = try plan.inputs.map { try #require(inputs[$0.name]) }
    return try Session(plan, threads: threads).run(given)
}

/// Tensors for inputs of a model: images and features in ±1, tokens below 20, whole lengths.
func randomInputs(_ graph: Graph, _ shapes: [String: [Int]], seed: UInt64 = 1) throws -> [String: Tensor] {
    var inputs: [String: Tensor] = [:]
    for (stream, id) in graph.inputs.enumerated() {
        let name = graph[id].name
        guard let shape = shapes[name] else { continue }
        var numbers = Philox(seed: seed, stream: UInt64(stream))
        let count = shape.reduce(1, *)
        if graph[id].dtype == .float32 {
            inputs[name] = try Tensor((0..<count).map { _ in numbers.uniform(-1..<1) }, shape: shape)
        } else if name.lowercased().hasSuffix("lengths") {
            let longest = shapes.values.filter { $0.count == 2 }.map { $0[1] }.min() ?? 1
            inputs[name] = try Tensor((0..<count).map { Int64(max(longest - $0, 1)) }, shape: shape)
        } else {
            inputs[name] = try Tensor((0..<count).map { _ in Int64(numbers.integer(below: 20)) }, shape: shape)
        }
    }
    return inputs
}

/// The elements of a learned constant.
func weights(_ graph: Graph, _ name: String) throws -> [Double] {
    let id = try #require(graph.parameters.first { graph[$0].name == name }, "no parameter \(name)")
    return try #require(graph.constants[id]).elements(as: Float.self).map { Double($0) }
}

func floats(_ tensor: Tensor) -> [Float] { tensor.elements(as: Float.self) }
