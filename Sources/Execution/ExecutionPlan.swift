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
    /// A plan that needs more is refused: a model of a few bytes can ask for any size, and memory that the system
    /// grants but does not have ends the process.
    package static let maximumArenaByteCount = 4 << 30

    let inputSlots: [Slot]
    let outputSlots: [Slot]
    let keptSlots: [String: Slot]
    let steps: [Step]
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

    /// Plans a graph as `Graph.optimized` gives it.
    package init(optimized: Graph, options: ExecutionOptions = ExecutionOptions()) throws(ExecutionError) {
        self.options = options
        let graph = try optimized.withDequantizedConstants()
        // A value that a fusion took away still has its name, but nothing makes it.
        let made = Set(graph.inputs).union(graph.constants.keys).union(graph.nodes.flatMap(\.outputs))
        var kept: [String: ValueID] = [:]
        for name in options.keep {
            let named = made.filter { graph[$0].name == name }.max()
            guard let id = named, graph.shape(of: id) != nil else {
                throw ExecutionError(.unknownTensor(name))
            }
            kept[name] = id
        }
        let pinned = Set(graph.outputs).union(kept.values)
        let nodes = graph.nodesWithFusedResiduals(pinned: pinned)
        let aliases = TensorAliases(graph, nodes: nodes)
        let memory = MemoryPlan(graph, nodes: nodes, aliases: aliases, pinned: pinned)
        guard memory.byteCount <= Self.maximumArenaByteCount else {
            throw ExecutionError(.outOfMemory(bytes: memory.byteCount))
        }

        func operand(_ id: ValueID) throws(ExecutionError) -> Operand {
            guard let type = graph.type(of: id) else {
                throw ExecutionError(.invalidGraph("\"\(graph[id].name)\" has no shape"))
            }
            return Operand(
                type, rowStride: memory.places[id]?.rowStride, constant: graph.constants[id],
                quantization: graph[id].quantization)
        }
        func location(_ id: ValueID) throws(ExecutionError) -> Location {
            if let tensor = graph.constants[id] {
                return .constant(ConstantAddress(pointer: tensor.baseAddress))
            }
            guard let place = memory.places[id] else {
                throw ExecutionError(.invalidGraph("nothing makes \"\(graph[id].name)\""))
            }
            return .arena(place.byteOffset)
        }
        func slot(_ id: ValueID, name: String) throws(ExecutionError) -> Slot {
            let operand = try operand(id)
            return Slot(
                port: Port(name: name, type: operand.type, quantization: operand.quantization),
                location: try location(id), rowStride: operand.rowStride)
        }

        var constants: [Tensor] = []
        var steps: [Step] = []
        for node in nodes {
            do {
                if let step = try Self.step(
                    node, graph, aliases, options.instructionSet, operand: operand, location: location)
                {
                    steps.append(step)
                    if case .convolution = node.op { continue }
                    for case let id? in node.inputs {
                        if let tensor = graph.constants[id] { constants.append(tensor) }
                    }
                }
            } catch {
                var error = error
                error.node = error.node ?? node.name
                error.op = error.op ?? node.op.name
                throw error
            }
        }
        var inputSlots: [Slot] = []
        for id in graph.inputs { inputSlots.append(try slot(id, name: graph[id].name)) }
        var outputSlots: [Slot] = []
        for id in graph.outputs {
            outputSlots.append(try slot(id, name: graph[id].name))
            if let tensor = graph.constants[id] { constants.append(tensor) }
        }
        var keptSlots: [String: Slot] = [:]
        for (name, id) in kept {
            keptSlots[name] = try slot(id, name: name)
            if let tensor = graph.constants[id] { constants.append(tensor) }
        }
        self.inputSlots = inputSlots
        self.outputSlots = outputSlots
        self.keptSlots = keptSlots
        self.steps = steps
        self.constants = constants
        // Steps run one after the other: one piece of scratch memory serves them all.
        let alignment = TensorBuffer.alignment
        scratchOffset = (memory.byteCount + alignment - 1) / alignment * alignment
        arenaByteCount = scratchOffset + (steps.map(\.scratchByteCount).max() ?? 0)
    }

    /// The step of a node; nil when its result lies in place already.
    private static func step(
        _ node: Node, _ graph: Graph, _ aliases: TensorAliases, _ instructionSet: InstructionSet,
        operand: (ValueID) throws(ExecutionError) -> Operand, location: (ValueID) throws(ExecutionError) -> Location
    ) throws(ExecutionError) -> Step? {
        var inputs: [Operand?] = []
        var inputLocations: [Location?] = []
        for id in node.inputs {
            guard let id else {
                inputs.append(nil)
                inputLocations.append(nil)
                continue
            }
            inputs.append(try operand(id))
            inputLocations.append(try location(id))
        }
        var outputs: [Operand] = []
        var outputLocations: [Location] = []
        for id in node.outputs {
            outputs.append(try operand(id))
            outputLocations.append(try location(id))
        }

        switch node.op {
        case .reshape, .identity, .slice, .split:
            if let x = node.input(0), node.outputs.allSatisfy({ aliases.isLinked($0, to: x) }) { return nil }
        case .concat(let axis):
            // Inputs that are in place are left out of the copy.
            var begin = 0
            for (index, id) in node.inputs.enumerated() {
                guard let id, let x = inputs[index] else { continue }
                let offset = begin * outputs[0].strides[axis] * x.dtype.stride
                if case .arena(let base) = outputLocations[0], inputLocations[index] == .arena(base + offset),
                    graph.constants[id] == nil, aliases.placement(id).root == aliases.placement(node.outputs[0]).root
                {
                    inputLocations[index] = nil
                }
                begin += x.shape[axis]
            }
            if inputLocations.allSatisfy({ $0 == nil }) { return nil }
        default: break
        }
        for (index, x) in inputs.enumerated() {
            if let x, !x.isDense, !node.op.readsGaps(input: index) {
                throw ExecutionError(.unsupported("input \(index) with gaps between rows"))
            }
        }
        for y in outputs where !y.isDense && !node.op.writesGaps {
            throw ExecutionError(.unsupported("an output with gaps between rows"))
        }

        var lowering = Lowering(node.op, inputs: inputs, outputs: outputs, instructionSet: instructionSet)
        let body = try lowering.body()
        if case .convolution = node.op {
            // The weights are packed; the originals need not outlive the plan's making.
            for index in 1..<min(3, inputLocations.count) { inputLocations[index] = nil }
        }
        return Step(
            node: node.name, op: node.op.name, kernel: lowering.kernel, inputs: inputLocations,
            outputs: outputLocations, body: body, multiplyAdds: lowering.multiplyAdds,
            scratchByteCount: lowering.scratchByteCount)
    }
}
