import Tensors

extension Graph {
    /// Removes nodes that change nothing (identities, casts to the same type, reshapes to the same shape, whole slices,
    /// transposes that keep the order, concatenations of one part …) and joins transposes of transposes and reshapes of
    /// reshapes. The graph must be specialized.
    package mutating func eliminateIdentities() throws(GraphError) {
        var substitution = [ValueID: ValueID]()
        var makers = [ValueID: Node]()
        var kept = [Node]()
        let given = Set(inputs).union(constants.keys)
        var outputIDs = Set(outputs)
        for var node in nodes {
            node.inputs = node.inputs.map { $0.map { substitution[$0] ?? $0 } }
            try joinMovements(&node, makers)
            guard let source = node.inputs.first ?? nil, let output = node.outputs.first, isIdentity(node) else {
                for id in node.outputs { makers[id] = node }
                kept.append(node)
                continue
            }
            guard outputIDs.contains(output) else {
                substitution[output] = source
                continue
            }
            // The output keeps its name, so only a value that a node makes for nobody else's name can take its place.
            guard !given.contains(source), !outputIDs.contains(source), makers[source] != nil else {
                node.op = .identity
                node.inputs = [source]
                makers[output] = node
                kept.append(node)
                continue
            }
            self[source].name = self[output].name
            substitution[output] = source
            outputIDs.remove(output)
            outputIDs.insert(source)
        }
        nodes = kept
        outputs = outputs.map { substitution[$0] ?? $0 }
    }

    private mutating func joinMovements(_ node: inout Node, _ makers: [ValueID: Node]) throws(GraphError) {
        guard let source = node.inputs.first ?? nil, let maker = makers[source], let origin = maker.inputs.first ?? nil
        else { return }
        switch (maker.op, node.op) {
        case (.transpose(let first?), .transpose(let second?)):
            node.op = .transpose(permutation: second.map { first[$0] })
            node.inputs = [origin]
        case (.reshape, .reshape):
            guard let shape = shape(of: node.outputs[0]) else { return }
            let target = addConstant(try integerConstant(shape.dimensions), name: "\(node.name).shape")
            node.op = .reshape(allowsZero: true)
            node.inputs = [origin, target]
        default: return
        }
    }

    private func isIdentity(_ node: Node) -> Bool {
        guard let source = node.inputs.first ?? nil, let input = type(of: source), node.outputs.count == 1,
            let output = type(of: node.outputs[0])
        else { return false }
        switch node.op {
        case .identity, .stopGradient: return true
        case .dropout(let dropout): return node.input(1) == nil || dropout.rate == 0
        case .cast, .reshape, .expand, .tile: return input == output
        case .concat, .split: return input == output && node.inputs.compactMap { $0 }.count == 1
        case .transpose(let permutation): return permutation == Array(0..<input.shape.rank)
        case .clip: return node.inputs.compactMap { $0 }.count == 1
        case .slice:
            guard input == output, let starts = integers(node.input(1)), let ends = integers(node.input(2)) else {
                return false
            }
            let ranges = try? SliceRange.resolve(
                input.shape, starts: starts, ends: ends, axes: integers(node.input(3)), steps: integers(node.input(4)))
            return ranges?.allSatisfy { $0.step == 1 || $0.count == 1 } ?? false
        case .pad: return input == output && integers(node.input(1))?.allSatisfy { $0 == 0 } ?? false
        default: return false
        }
    }
}
