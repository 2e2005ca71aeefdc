import Graphs
import Kernels
import Tensors

/// The steps of a graph, with the places of their operands: what an `ExecutionPlan` is made of.
struct PlannedSteps {
    private(set) var steps: [Step] = []
    private(set) var inputSlots: [ExecutionPlan.Slot] = []
    private(set) var outputSlots: [ExecutionPlan.Slot] = []
    private(set) var keptSlots: [String: ExecutionPlan.Slot] = [:]
    /// The constants that steps and slots read.
    private(set) var constants: [Tensor] = []
    /// Bytes of all tensors in the arena.
    let tensorByteCount: Int
    /// Bytes of the memory that a session must be given.
    private(set) var sharedByteCount = 0
    /// How many steps do not depend on late inputs. They come first.
    private(set) var earlyCount = 0
    /// The first outputs of integer nodes that no kernel takes. Such a node has no step.
    private(set) var refused: Set<ValueID> = []

    /// Chooses kernels, packs weights and lays out memory.
    init(_ graph: Graph, _ options: ExecutionOptions) throws(ExecutionError) {
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
        var shared: [ValueID: Int] = [:]
        for id in graph.inputs + graph.outputs { shared[id] = options.shared[graph[id].name] }
        guard shared.count == options.shared.count else {
            throw ExecutionError(.invalidGraph("shared memory for values that are neither inputs nor outputs"))
        }
        let late = Set(graph.inputs.filter { options.late.contains(graph[$0].name) })
        guard late.count == Set(options.late).count else {
            throw ExecutionError(.invalidGraph("late values that are no inputs"))
        }
        let (early, others) = graph.nodesWithFusedResiduals(pinned: pinned).divided(byDependenceOn: late)
        let nodes = early + others
        let aliases = TensorAliases(graph, nodes: nodes, fixed: Set(shared.keys))
        let memory = MemoryPlan(graph, nodes: nodes, aliases: aliases, pinned: pinned, shared: shared)
        tensorByteCount = memory.byteCount
        guard memory.byteCount <= ExecutionPlan.maximumArenaByteCount else {
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
            return place.location
        }
        func slot(_ id: ValueID, name: String) throws(ExecutionError) -> ExecutionPlan.Slot {
            let operand = try operand(id)
            return ExecutionPlan.Slot(
                port: ExecutionPlan.Port(name: name, type: operand.type, quantization: operand.quantization),
                location: try location(id), rowStride: operand.rowStride)
        }

        for (index, node) in nodes.enumerated() {
            do {
                if let step = try Self.step(
                    node, graph, aliases, options.instructionSet, operand: operand, location: location)
                {
                    steps.append(step)
                    if index < early.count { earlyCount = steps.count }
                    for (id, location) in zip(node.inputs, step.inputs) where location != nil {
                        if let tensor = id.flatMap({ graph.constants[$0] }) { constants.append(tensor) }
                    }
                }
            } catch {
                if case .unsupported = error.reason, node.isOnIntegers(in: graph) {
                    refused.formUnion(node.outputs.prefix(1))
                    continue
                }
                var error = error
                error.node = error.node ?? node.name
                error.op = error.op ?? node.op.name
                throw error
            }
        }
        for (id, offset) in shared {
            let type = try operand(id).type
            guard offset >= 0, offset % TensorBuffer.alignment == 0 else {
                throw ExecutionError(.invalidGraph("a place of \(offset) bytes in shared memory"))
            }
            sharedByteCount = max(sharedByteCount, offset + type.shape.count * type.dtype.stride)
        }
        for id in graph.inputs { inputSlots.append(try slot(id, name: graph[id].name)) }
        for id in graph.outputs {
            outputSlots.append(try slot(id, name: graph[id].name))
            if let tensor = graph.constants[id] { constants.append(tensor) }
        }
        for (name, id) in kept {
            keptSlots[name] = try slot(id, name: name)
            if let tensor = graph.constants[id] { constants.append(tensor) }
        }
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
        if lowering.packsParameters {
            // The originals need not outlive the plan's making.
            for (index, x) in inputs.enumerated() where x?.constant != nil { inputLocations[index] = nil }
        }
        return Step(
            node: node.name, op: node.op.name, kernel: lowering.kernel, inputs: inputLocations,
            outputs: outputLocations, body: body, multiplyAdds: lowering.multiplyAdds,
            scratchByteCount: lowering.scratchByteCount)
    }
}

extension [Node] {
    /// The nodes that need none of `values`, and the others, both in their order.
    fileprivate func divided(byDependenceOn values: Set<ValueID>) -> (independent: [Node], dependent: [Node]) {
        guard !values.isEmpty else { return (self, []) }
        var known = values
        var (independent, dependent) = ([Node](), [Node]())
        for node in self {
            if node.inputs.contains(where: { $0.map(known.contains) ?? false }) {
                known.formUnion(node.outputs)
                dependent.append(node)
            } else {
                independent.append(node)
            }
        }
        return (independent, dependent)
    }
}

extension Node {
    /// Whether it computes with integers, and could do so with float numbers.
    fileprivate func isOnIntegers(in graph: Graph) -> Bool {
        if case .requantize = op { return false }
        return (inputs.compactMap { $0 } + outputs).contains { graph[$0].quantization != nil }
    }
}
