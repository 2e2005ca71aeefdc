import Graphs
import Tensors

extension Graph {
    /// The nodes with each `add` of a convolution's result and an earlier tensor taken into the convolution, as its
    /// input 3: y = activation(sums + bias) + residual, in one pass over the result.
    ///
    /// Convolutions of integers have theirs from `absorbQuantization`.
    ///
    /// - Parameter pinned: values that must exist by themselves.
    func nodesWithFusedResiduals(pinned: Set<ValueID>) -> [Node] {
        var producers: [ValueID: Int] = [:]
        var useCounts: [ValueID: Int] = [:]
        for (index, node) in nodes.enumerated() {
            for id in node.outputs { producers[id] = index }
            for case let id? in node.inputs { useCounts[id, default: 0] += 1 }
        }
        var nodes = nodes
        var removed: Set<Int> = []
        for (index, node) in self.nodes.enumerated() {
            guard case .binary(.add) = node.op, let a = node.input(0), let b = node.input(1), a != b else { continue }
            // The later operand that is a convolution takes the other one in.
            let candidates = [(a, b), (b, a)].sorted { (producers[$0.0] ?? -1) > (producers[$1.0] ?? -1) }
            for (sum, residual) in candidates {
                guard let producer = producers[sum], case .convolution = nodes[producer].op, useCounts[sum] == 1,
                    nodes[producer].input(0).flatMap({ self[$0].quantization }) == nil,
                    !pinned.contains(sum), nodes[producer].inputs.count <= 3,
                    (producers[residual] ?? -1) < producer, constants[residual] == nil,
                    shape(of: sum) == shape(of: residual), shape(of: sum) == shape(of: node.outputs[0])
                else { continue }
                var inputs = nodes[producer].inputs
                while inputs.count < 3 { inputs.append(nil) }
                nodes[producer].inputs = inputs + [residual]
                nodes[producer].outputs = node.outputs
                producers[node.outputs[0]] = producer
                removed.insert(index)
                break
            }
        }
        return nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
    }
}
