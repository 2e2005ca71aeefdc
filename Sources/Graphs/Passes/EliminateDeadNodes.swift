extension Graph {
    /// Removes nodes and constants that no output needs. Inputs stay: they are the graph's signature.
    package mutating func eliminateDeadNodes() {
        var needed = Set(outputs)
        var alive = [Node]()
        for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
            needed.formUnion(node.inputs.compactMap { $0 })
            alive.append(node)
        }
        nodes = alive.reversed()
        for id in constants.keys where !needed.contains(id) { setConstant(nil, for: id) }
    }
}
