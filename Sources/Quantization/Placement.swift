import Graphs
import Tensors

/// Which values of a graph are stored quantized, and which of them share their parameters.
///
/// Rounded are the inputs of convolutions and matrix products, the results of fused groups, and what operators on
/// integers make of them. Operators that only move elements keep the parameters of what they move, so all values that
/// are connected by them have one scale: a concatenation, a split, a max pool or a resize never requantizes.
///
/// The logits of attention stay float, from the sums of the product to the softmax: a step of 0.1 there is an error of 5 %
/// in a weight. On YOLO26n these two tensors made a sixth of the whole deviation.
struct Placement {
    /// Values with one scale.
    struct Component {
        /// All of them, in order.
        var members: [ValueID]
        /// Those that are not moved from another member: what is observed.
        var sources: [ValueID]
    }

    let groups: [FusedGroup]
    private(set) var components = [Component]()
    /// A value that is another one times a positive constant: quantized alike, with the scale times that constant.
    private(set) var scaled = [(value: ValueID, of: ValueID, factor: Float)]()

    private let graph: Graph
    private var quantized = Set<ValueID>()
    private var moved = Set<ValueID>()
    private var logits = Set<ValueID>()
    private var parents = [ValueID: ValueID]()

    /// - Parameters:
    ///   - graph: specialized, channels first.
    ///   - maps: values behind which everything stays float: the maps that a detection head's tail decodes.
    init(_ graph: Graph, maps: Set<ValueID>) {
        self.graph = graph
        groups = graph.fusedGroups(ends: maps)
        place(Self.tail(graph, behind: maps))
        collect()
    }

    /// The nodes that need a map, directly or not.
    private static func tail(_ graph: Graph, behind maps: Set<ValueID>) -> Set<Int> {
        var reached = maps
        var tail = Set<Int>()
        for (index, node) in graph.nodes.enumerated()
        where node.inputs.contains(where: { $0.map(reached.contains) ?? false }) {
            reached.formUnion(node.outputs)
            tail.insert(index)
        }
        return tail
    }

    private mutating func place(_ tail: Set<Int>) {
        var groupEnds = [Int: FusedGroup]()
        var inner = Set<Int>()
        for group in groups {
            groupEnds[group.nodes[group.nodes.count - 1]] = group
            inner.formUnion(group.nodes.dropLast())
        }
        for (index, node) in graph.nodes.enumerated() where !tail.contains(index) && !inner.contains(index) {
            if let group = groupEnds[index] {
                quantized.insert(group.input)
                if let residual = group.residual { quantized.insert(residual) }
                quantized.insert(group.output)
            } else {
                place(node)
            }
        }
    }

    private mutating func place(_ node: Node) {
        // Operands that are computed; parameters and constants are not.
        let operands = node.inputs.compactMap { $0 }.filter {
            graph.constants[$0] == nil && graph[$0].dtype == .float32
        }
        let results = node.outputs.filter { graph[$0].dtype == .float32 }
        guard !operands.isEmpty, !results.isEmpty else { return }
        let isQuantized = operands.contains { quantized.contains($0) }
        switch node.op {
        case .matMul where operands.count == 2:
            quantized.formUnion(operands)
            if isLogit(results[0]) { logits.insert(results[0]) } else { quantized.formUnion(results) }
        case _ where node.movesElements(graph):
            guard isQuantized else { return }
            for id in operands.dropFirst() + results { join(operands[0], id) }
            quantized.formUnion(operands + results)
            moved.formUnion(results)
        case .binary where operands.count == 1 && logits.contains(operands[0]):
            logits.formUnion(results)
        case .softmax where logits.contains(operands[0]):
            quantized.formUnion(results)
        case .binary(let function):
            if isQuantized, operands.count == 1, let factor = positiveFactor(node) {
                quantized.formUnion(results)
                scaled.append((results[0], operands[0], factor))
            } else if [.add, .sub, .mul].contains(function), operands.count == 2,
                operands.allSatisfy({ quantized.contains($0) })
            {
                quantized.formUnion(results)
            }
        case .unary, .clip, .softmax, .averagePool, .globalAveragePool:
            if isQuantized { quantized.formUnion(results) }
        default: return
        }
    }

    /// Whether nothing but softmax reads a value, directly or times a constant.
    private func isLogit(_ id: ValueID) -> Bool {
        let users = graph.nodes.filter { $0.inputs.contains(id) }
        return !users.isEmpty && !graph.outputs.contains(id)
            && users.allSatisfy { user in
                if case .softmax = user.op { return true }
                return positiveFactor(user) != nil && isLogit(user.outputs[0])
            }
    }

    /// The number above 0 by which a node multiplies its one computed operand.
    private func positiveFactor(_ node: Node) -> Float? {
        guard let a = node.input(0), let b = node.input(1) else { return nil }
        switch node.op {
        case .binary(.mul):
            let factor = graph.scalar(b) ?? graph.scalar(a) ?? 0
            return factor > 0 && factor.isFinite ? factor : nil
        case .binary(.div):
            guard let divisor = graph.scalar(b), divisor > 0, divisor.isFinite else { return nil }
            return 1 / divisor
        default: return nil
        }
    }

    // MARK: Components

    private func root(_ id: ValueID) -> ValueID {
        var id = id
        while let parent = parents[id] { id = parent }
        return id
    }

    private mutating func join(_ a: ValueID, _ b: ValueID) {
        let (left, right) = (root(a), root(b))
        // The older value is the root, so that chains stay short and the order is that of the graph.
        if left != right { parents[max(left, right)] = min(left, right) }
    }

    private mutating func collect() {
        var places = [ValueID: Int]()
        for id in quantized.sorted() {
            let root = root(id)
            let place = places[root] ?? components.count
            if place == components.count {
                places[root] = place
                components.append(Component(members: [], sources: []))
            }
            components[place].members.append(id)
            if !moved.contains(id) { components[place].sources.append(id) }
        }
    }
}

extension Node {
    /// Whether every element of the float results is one of the operands', or one of a small set's greatest or mean, so
    /// that it has their range.
    fileprivate func movesElements(_ graph: Graph) -> Bool {
        switch op {
        case .maxPool, .resize, .identity, .concat, .split, .slice, .reshape, .flatten, .squeeze, .unsqueeze,
            .transpose,
            .expand, .tile, .gather:
            true
        case .pad:
            input(2) == nil || graph.scalar(input(2)) == 0
        default: false
        }
    }
}
