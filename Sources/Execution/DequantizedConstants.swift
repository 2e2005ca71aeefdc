import Graphs
import Tensors

extension Graph {
    /// The graph with the weights that it keeps as integers computed: float kernels take float weights.
    func withDequantizedConstants() throws(ExecutionError) -> Graph {
        let found = dequantizedConstants()
        guard !found.isEmpty else { return self }
        var graph = self
        for (id, node) in found {
            guard let type = type(of: id) else { continue }
            do {
                let inputs = node.inputs.map { $0.flatMap { constants[$0] } }
                guard let result = try evaluateConstants(node.op, inputs, [type])?.first else { continue }
                graph.setConstant(result, for: id)
            } catch let error as ExecutionError {
                throw ExecutionError(error.reason, node: node.name, op: node.op.name)
            } catch {
                throw ExecutionError(.invalidGraph("\(error)"), node: node.name, op: node.op.name)
            }
        }
        let kept = graph
        graph.nodes.removeAll { node in node.outputs.allSatisfy { kept.constants[$0] != nil } }
        return graph
    }
}
