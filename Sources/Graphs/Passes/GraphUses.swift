/// Who makes and who uses a graph's values, at one moment.
struct GraphUses {
    /// The index of the node that makes a value.
    private(set) var producers = [ValueID: Int]()
    /// How often a value is used; being an output counts as one use.
    private(set) var counts = [ValueID: Int]()

    init(_ graph: Graph) {
        for (index, node) in graph.nodes.enumerated() {
            for id in node.outputs { producers[id] = index }
            for case let id? in node.inputs { counts[id, default: 0] += 1 }
        }
        for id in graph.outputs { counts[id, default: 0] += 1 }
    }

    /// The node that makes a value and whose value nothing else uses.
    func onlyProducer(of id: ValueID?) -> Int? {
        guard let id, counts[id] == 1 else { return nil }
        return producers[id]
    }
}
