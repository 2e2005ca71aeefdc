import Graphs
import Tensors

/// A convolution with what can be computed in the same pass over its result: an activation, and the addition of an
/// earlier tensor. Only the last result of a group is rounded.
struct FusedGroup {
    /// Indices of nodes in order; the first one is the convolution.
    var nodes: [Int]
    /// The input, the convolution's own result, and the group's.
    let input: ValueID
    let sums: ValueID
    var output: ValueID
    /// What is added to the result.
    var residual: ValueID?
}

extension Graph {
    /// The groups of the convolutions with constant float weights.
    ///
    /// - Parameters:
    ///   - ends: values behind which no group goes on.
    ///   - assumesShapes: takes it that sums are of tensors of one shape, as in a graph whose shapes are not known.
    func fusedGroups(ends: Set<ValueID>, assumesShapes: Bool = false) -> [FusedGroup] {
        var users = [ValueID: [Int]]()
        var producers = [ValueID: Int]()
        for (index, node) in nodes.enumerated() {
            for case let id? in node.inputs { users[id, default: []].append(index) }
            for id in node.outputs { producers[id] = index }
        }
        let isOutput = Set(outputs).union(ends)
        var groups = [FusedGroup]()
        var taken = Set<Int>()
        // The latest convolution first: of two that are added the later one takes the sum.
        for (index, node) in nodes.enumerated().reversed() {
            guard case .convolution = node.op, let x = node.input(0), let weights = node.input(1),
                constants[weights]?.dtype == .float32, constants[x] == nil,
                node.input(2).map({ constants[$0]?.dtype == .float32 }) ?? true
            else { continue }
            var group = FusedGroup(nodes: [index], input: x, sums: node.outputs[0], output: node.outputs[0])
            func extend(_ more: [Int], to output: ValueID) {
                group.nodes += more
                group.output = output
            }
            if !isOutput.contains(group.output), let gate = activation(of: group.output, users) {
                extend(gate, to: nodes[gate[gate.count - 1]].outputs[0])
            }
            if !isOutput.contains(group.output), let user = users[group.output], user.count == 1,
                case .binary(.add) = nodes[user[0]].op, !taken.contains(user[0]),
                let other = nodes[user[0]].inputs.compactMap({ $0 }).first(where: { $0 != group.output }),
                constants[other] == nil, producers[other] != nil || inputs.contains(other),
                assumesShapes || haveSameShape(other, group.output, nodes[user[0]].outputs[0])
            {
                group.residual = other
                extend([user[0]], to: nodes[user[0]].outputs[0])
            }
            taken.formUnion(group.nodes)
            groups.append(group)
        }
        return groups.reversed()
    }

    /// The nodes that apply an activation to a value that nothing else uses: one node, or a gate and its product.
    private func activation(of id: ValueID, _ users: [ValueID: [Int]]) -> [Int]? {
        let using = users[id] ?? []
        if using.count == 1, isActivation(nodes[using[0]]) { return using }
        guard using.count == 2, case .unary(let function) = nodes[using[0]].op, case .binary(.mul) = nodes[using[1]].op,
            let gate = nodes[using[0]].outputs.first, users[gate] == [using[1]], !outputs.contains(gate),
            Set(nodes[using[1]].inputs) == [id, gate]
        else { return nil }
        switch function {
        case .sigmoid, .hardSigmoid: return using
        default: return nil
        }
    }

    private func isActivation(_ node: Node) -> Bool {
        switch node.op {
        case .unary(.relu), .unary(.silu), .unary(.sigmoid), .unary(.tanh), .unary(.hardSwish), .unary(.leakyRelu),
            .unary(.hardSigmoid):
            true
        case .clip: node.inputs.dropFirst().allSatisfy { $0.map { constants[$0] != nil } ?? true }
        default: false
        }
    }

    private func haveSameShape(_ a: ValueID, _ b: ValueID, _ sum: ValueID) -> Bool {
        guard let shape = shape(of: sum) else { return false }
        return self.shape(of: a) == shape && self.shape(of: b) == shape
    }
}
