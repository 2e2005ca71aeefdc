import Tensors

extension Graph {
    /// Lets gradients compute activations again instead of keeping them: the nodes up to the loss are cut into about √n
    /// segments, only what crosses from one segment to another is kept, and the gradients of a segment run it once more
    /// (Chen et al., "Training deep nets with sublinear memory cost", 2016). One more forward pass, and of n layers'
    /// activations about 2 √n are alive at a time.
    ///
    /// The results keep their bits: the same nodes compute the same numbers, dropouts from the same seeds.
    ///
    /// - Parameter loss: what `gradients(of:withRespectTo:)` was called for. The nodes that it added stand behind the node
    ///   that makes the loss.
    package mutating func recomputeActivations(forGradientsOf loss: ValueID) throws(GraphError) {
        guard let last = nodes.firstIndex(where: { $0.outputs.contains(loss) }) else {
            throw GraphError(.notMade, pass: "recomputeActivations", value: self[loss].name)
        }
        let segments = ActivationSegments(self, forward: nodes[...last])
        var rewritten = Array(nodes[...last])
        /// What stands for a value of the forward pass, by now.
        var again: [ValueID: ValueID] = [:]
        for var node in nodes[(last + 1)...] {
            for id in node.inputs.compactMap({ $0 }) where again[id] == nil && segments.isDropped(id) {
                rewritten += repeated(segments, for: id, &again)
            }
            node.inputs = node.inputs.map { $0.map { again[$0] ?? $0 } }
            rewritten.append(node)
        }
        nodes = rewritten
    }

    /// The nodes of a value's segment once more, with new results.
    private mutating func repeated(
        _ segments: ActivationSegments, for id: ValueID, _ again: inout [ValueID: ValueID]
    ) -> [Node] {
        var copies: [Node] = []
        for index in segments.nodes(of: id) {
            var node = nodes[index]
            node.name += ".again"
            node.inputs = node.inputs.map { $0.map { again[$0] ?? $0 } }
            node.outputs = node.outputs.map { output in
                let copy = addValue(self[output])
                // What is kept is read from where it is.
                if segments.isDropped(output) { again[output] = copy }
                return copy
            }
            copies.append(node)
        }
        return copies
    }
}

/// Which nodes of the forward pass belong together, and which of their results are not kept.
private struct ActivationSegments {
    private var segments: [Range<Int>] = []
    /// The segment of each value that is dropped.
    private var dropped: [ValueID: Int] = [:]

    /// Values of fewer bytes are kept: statistics, indices, scalars.
    private static let smallest = 1 << 12

    init(_ graph: Graph, forward: ArraySlice<Node>) {
        func bytes(_ id: ValueID) -> Int { (graph.shape(of: id)?.count ?? 0) * graph[id].dtype.stride }
        func bytes(of node: Node) -> Int { node.outputs.reduce(0) { $0 + bytes($1) } }
        // Segments of equal memory; the last one is alive when its gradients begin.
        let total = forward.reduce(0) { $0 + bytes(of: $1) }
        let count = max(2, Int(Double(forward.count).squareRoot()))
        var begin = forward.startIndex
        var sum = 0
        for (index, node) in zip(forward.indices, forward) {
            sum += bytes(of: node)
            if sum * count > total * (segments.count + 1), segments.count < count - 1 {
                segments.append(begin..<index + 1)
                begin = index + 1
            }
        }
        var homes: [ValueID: Int] = [:]
        for (segment, range) in segments.enumerated() {
            for node in forward[range] {
                for id in node.outputs where bytes(id) >= Self.smallest { homes[id] = segment }
            }
        }
        // What another segment reads, and what the graph gives, stays.
        for (index, node) in zip(forward.indices, forward) {
            let segment = segments.firstIndex { $0.contains(index) }
            for case let id? in node.inputs where homes[id] != nil && homes[id] != segment { homes[id] = nil }
        }
        for id in graph.outputs { homes[id] = nil }
        dropped = homes
    }

    func isDropped(_ id: ValueID) -> Bool { dropped[id] != nil }

    /// The nodes of the segment that a value belongs to.
    func nodes(of id: ValueID) -> Range<Int> { dropped[id].map { segments[$0] } ?? 0..<0 }
}
