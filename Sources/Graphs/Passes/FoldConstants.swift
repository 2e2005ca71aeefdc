extension Graph {
    /// Computes the nodes whose inputs are all constants, as `specialized` does while it goes; a pass of its own for
    /// what later passes have made constant.
    package mutating func foldConstants(evaluate: Evaluator? = nil) throws(GraphError) {
        var kept = [Node]()
        for node in nodes {
            guard let folded = try fold(node, evaluate) else {
                kept.append(node)
                continue
            }
            for (id, tensor) in zip(node.outputs, folded) { setConstant(tensor, for: id) }
        }
        nodes = kept
    }
}
