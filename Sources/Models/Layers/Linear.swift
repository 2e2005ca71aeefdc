package import Graphs

extension ModelBuilder {
    /// x·W + b over the last axis: …×I to …×O, for at least two axes. W is I×O.
    package mutating func linear(
        _ x: ValueID, from inputs: Int, to outputs: Int, bias: Bool = true, weights: Initializer = .standard,
        biases: Initializer? = nil, fan: Fan? = nil, name: String = "linear"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let matrix = try net.parameter("weight", [inputs, outputs], weights, fan: fan ?? Fan(inputs, outputs))
            guard bias else { return try net.result(.matMul, [x, matrix]) }
            let offset = try net.parameter("bias", [outputs], biases ?? .uniform(1 / Float(inputs).squareRoot()))
            return try net.result(.binary(.add), [net.nodes.node(.matMul, [x, matrix]), offset])
        }
    }

    /// A row of `count`×`width` for each index: N×L (int64 or int32) to N×L×width.
    package mutating func embedding(
        _ indices: ValueID, count: Int, width: Int, weights: Initializer = .normal(deviation: 1),
        name: String = "embedding"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let table = try net.parameter("weight", [count, width], weights, fan: Fan(count, width))
            return try net.result(.gather(axis: 0), [table, indices])
        }
    }

    package mutating func activation(_ function: UnaryFunction, _ x: ValueID) throws(GraphError) -> ValueID {
        try nodes.unary(function, x)
    }

    /// min(max(x, minimum), maximum); from 0 to 6 the activation ReLU6.
    package mutating func clip(_ x: ValueID, _ minimum: Float, _ maximum: Float) throws(GraphError) -> ValueID {
        try nodes.node(.clip, [x, nodes.scalar(minimum), nodes.scalar(maximum)])
    }

    /// In training each element becomes 0 with probability `rate`, and the others are divided by 1 − rate (Srivastava et al.
    /// 2014).
    package mutating func dropout(_ x: ValueID, rate: Float) throws(GraphError) -> ValueID {
        rate == 0 ? x : try nodes.node(.dropout(Dropout(rate: rate)), [x])
    }

    package mutating func add(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID { try nodes.add(a, b) }
}
