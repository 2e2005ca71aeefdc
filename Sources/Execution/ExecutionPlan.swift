package import Graphs
import Kernels
package import Tensors

/// A graph made ready to run for given input shapes: kernels chosen, weights packed, memory laid out.
///
///     let plan = try ExecutionPlan(graph, options: .init(inputLayout: .channelsLast))
///     let session = try Session(plan, threads: 2)
///
/// A plan never changes; any number of sessions on any threads share it.
package final class ExecutionPlan: Sendable {
    /// An input or output as the caller sees it: dense and row-major.
    package struct Port: Hashable, Sendable {
        package let name: String
        package let type: TensorType
        /// How its integers stand for real numbers, where they do.
        package let quantization: QuantizationParameters?

        package var shape: Shape { type.shape }
        package var dtype: DType { type.dtype }
    }

    /// One operator of the plan, for listings.
    package struct Operation: Hashable, Sendable {
        package let node: String
        package let op: String
        package let kernel: String
        package let multiplyAdds: Int
    }

    /// A tensor in a session's arena, or a constant.
    struct Slot: Sendable {
        let port: Port
        let location: Location
        let rowStride: Int
    }

    package let options: ExecutionOptions
    package var inputs: [Port] { inputSlots.map(\.port) }
    package var outputs: [Port] { outputSlots.map(\.port) }
    /// The intermediate tensors that stay readable, by name.
    package var kept: [String: Port] { keptSlots.mapValues(\.port) }
    /// What runs, in order.
    package var operations: [Operation] {
        steps.map { Operation(node: $0.node, op: $0.op, kernel: $0.kernel, multiplyAdds: $0.multiplyAdds) }
    }
    /// Bytes of a session's arena.
    package let arenaByteCount: Int
    /// Bytes of the memory that a session must be given; 0: none.
    package let sharedByteCount: Int
    /// A plan that needs more is refused: a model of a few bytes can ask for any size, and memory that the system
    /// grants but does not have ends the process.
    package static let maximumArenaByteCount = 4 << 30

    let inputSlots: [Slot]
    let outputSlots: [Slot]
    let keptSlots: [String: Slot]
    let steps: [Step]
    /// How many of them run before late inputs are written.
    let earlyCount: Int
    /// Where in the arena the steps' scratch memory begins.
    let scratchOffset: Int
    /// Keeps the memory of `Location.constant` alive.
    private let constants: [Tensor]

    /// Specializes and optimizes an imported graph and plans it.
    ///
    /// - Parameter inputShapes: by input name, as the model file orders the axes (N×C×H×W); inputs of fixed size may be
    ///   left out.
    package convenience init(
        _ graph: Graph, inputShapes: [String: [Int]] = [:], options: ExecutionOptions = ExecutionOptions()
    ) throws(ExecutionError) {
        var shapes: [String: Shape] = [:]
        for (name, dimensions) in inputShapes {
            do {
                shapes[name] = try Shape(dimensions)
            } catch { throw ExecutionError(.inputMismatch("no tensor has the shape \(dimensions)")) }
        }
        let optimized: Graph
        do {
            optimized = try graph.optimized(
                inputShapes: shapes,
                options: GraphOptions(
                    channelsLast: true, channelsLastInput: options.inputLayout == .channelsLast,
                    integers: options.integers, integerPorts: options.integerPorts),
                evaluate: evaluateConstants)
        } catch {
            throw ExecutionError(.invalidGraph("\(error)"), node: error.node)
        }
        try self.init(optimized: optimized, options: options)
    }

    /// Plans a graph as `Graph.optimized` gives it. Integer nodes that no kernel takes (sums of more than 32 bits, windows
    /// of more than 96 KiB) compute with float numbers.
    package init(optimized: Graph, options: ExecutionOptions = ExecutionOptions()) throws(ExecutionError) {
        var graph = try optimized.withDequantizedConstants()
        var steps = try PlannedSteps(graph, options)
        while !steps.refused.isEmpty {
            graph = try graph.withFloatNodes(making: steps.refused)
            steps = try PlannedSteps(graph, options)
        }
        self.options = options
        inputSlots = steps.inputSlots
        outputSlots = steps.outputSlots
        sharedByteCount = steps.sharedByteCount
        keptSlots = steps.keptSlots
        self.steps = steps.steps
        earlyCount = steps.earlyCount
        constants = steps.constants
        // Steps run one after the other: one piece of scratch memory serves them all.
        let alignment = TensorBuffer.alignment
        scratchOffset = (steps.tensorByteCount + alignment - 1) / alignment * alignment
        arenaByteCount = scratchOffset + (steps.steps.map(\.scratchByteCount).max() ?? 0)
    }
}
