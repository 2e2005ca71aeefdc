import Tensors

extension Graph {
    /// Finds composed activations (x · sigmoid(x) is SiLU, x · hardSigmoid(x) with slope ⅙ and offset ½ is hard swish,
    /// a clip from 0 up is ReLU), then moves activations into the convolutions before them, where nothing else uses
    /// the convolution's result.
    package mutating func fuseActivation() {
        composeActivations()
        let uses = GraphUses(self)
        var removed = Set<Int>()
        for (index, node) in nodes.enumerated() {
            guard let activation = activation(of: node), let producer = uses.onlyProducer(of: node.input(0)),
                !removed.contains(producer), case .convolution(var convolution) = nodes[producer].op,
                convolution.activation == .none
            else { continue }
            convolution.activation = activation
            nodes[producer].op = .convolution(convolution)
            nodes[producer].outputs = node.outputs
            removed.insert(index)
        }
        nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
    }

    /// Leaves the inner sigmoid for `eliminateDeadNodes`, and removes it here when nothing else uses it.
    private mutating func composeActivations() {
        let uses = GraphUses(self)
        var removed = Set<Int>()
        for (index, node) in nodes.enumerated() {
            guard node.op == .binary(.mul), let a = node.input(0), let b = node.input(1) else { continue }
            for (x, gate) in [(a, b), (b, a)] {
                guard let producer = uses.producers[gate], nodes[producer].input(0) == x,
                    case .unary(let function) = nodes[producer].op
                else { continue }
                switch function {
                case .sigmoid: nodes[index].op = .unary(.silu)
                case .hardSigmoid(let slope, let offset) where abs(slope - 1 / 6) < 1e-6 && offset == 0.5:
                    nodes[index].op = .unary(.hardSwish)
                default: continue
                }
                nodes[index].inputs = [x]
                if uses.counts[gate] == 1 { removed.insert(producer) }
                break
            }
        }
        nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
    }

    private func activation(of node: Node) -> Activation? {
        switch node.op {
        case .unary(.relu): return .relu
        case .unary(.silu): return .silu
        case .unary(.sigmoid): return .sigmoid
        case .unary(.tanh): return .tanh
        case .unary(.hardSwish): return .hardSwish
        case .unary(.leakyRelu(let slope)): return .leakyRelu(slope: slope)
        case .unary(.hardSigmoid(let slope, let offset)): return .hardSigmoid(slope: slope, offset: offset)
        case .clip:
            let bounds = (node.input(1), node.input(2))
            let minimum = bounds.0 == nil ? -Float.infinity : scalar(bounds.0)
            let maximum = bounds.1 == nil ? Float.infinity : scalar(bounds.1)
            guard let minimum, let maximum, minimum <= maximum else { return nil }
            return minimum == 0 && maximum == .infinity ? .relu : .clip(minimum: minimum, maximum: maximum)
        default: return nil
        }
    }
}
