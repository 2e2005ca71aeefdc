import Tensors

/// The rules of products and reductions.
extension GradientBuilder {
    /// dA = dY·Bᵀ, dB = Aᵀ·dY. A matrix that every product of a batch shares takes part in one product with all rows.
    mutating func matMul(_ node: Node, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        guard let a = node.inputs[0], let b = node.inputs[1] else { throw GraphError(.missingInput(0)) }
        let (left, right) = (try shape(a), try shape(b))
        var parts: [ValueID?] = [nil, nil]
        if right.rank == 2 {
            let rows = left.dimensions.dropLast().reduce(1, *)
            let flat = try reshape(dy, to: checkedShape([rows, right[1]]))
            if wants(node, 0) {
                parts[0] = try reshape(self.node(.gemm(Gemm(transposesB: true)), [flat, b]), to: left)
            }
            if wants(node, 1) {
                let rowsOfA = try reshape(a, to: checkedShape([rows, right[0]]))
                parts[1] = try self.node(.gemm(Gemm(transposesA: true)), [rowsOfA, flat])
            }
            return parts
        }
        if wants(node, 0) { parts[0] = try sum(self.node(.matMul, [dy, swapped(b)]), to: left) }
        if wants(node, 1) { parts[1] = try sum(self.node(.matMul, [swapped(a), dy]), to: right) }
        return parts
    }

    /// The matrices of a batch, each transposed.
    private mutating func swapped(_ a: ValueID) throws(GraphError) -> ValueID {
        let rank = try shape(a).rank
        return try transpose(a, Array(0..<rank - 2) + [rank - 1, rank - 2])
    }

    mutating func gemm(_ node: Node, _ gemm: Gemm, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        let (a, b) = (node.inputs[0], node.inputs[1])
        func product(_ transposesA: Bool, _ transposesB: Bool) -> Operator {
            .gemm(Gemm(alpha: gemm.alpha, transposesA: transposesA, transposesB: transposesB))
        }
        var parts: [ValueID?] = [nil, nil, nil]
        if wants(node, 0) {
            parts[0] =
                gemm.transposesA
                ? try self.node(product(gemm.transposesB, true), [b, dy])
                : try self.node(product(false, !gemm.transposesB), [dy, b])
        }
        if wants(node, 1) {
            parts[1] =
                gemm.transposesB
                ? try self.node(product(true, gemm.transposesA), [dy, a])
                : try self.node(product(!gemm.transposesA, false), [a, dy])
        }
        if wants(node, 2) { parts[2] = try sum(scale(dy, by: gemm.beta), to: shape(node.input(2))) }
        return parts
    }

    mutating func reduction(_ node: Node, _ reduce: Reduce, _ dy: ValueID) throws(GraphError) -> ValueID {
        guard let x = node.inputs[0], let axes = reduce.axes else { throw GraphError(.missingInput(0)) }
        let shape = try shape(x)
        let kept = try reducedShape(shape, axes: axes, keepsDimensions: true)
        let dy = try reshape(dy, to: kept)
        switch reduce.function {
        case .sum: return try expand(dy, to: shape)
        case .mean:
            return try expand(scale(dy, by: 1 / Float(max(shape.count / max(kept.count, 1), 1))), to: shape)
        case .max, .min:
            // Equal ones share.
            let mask = try indicator(.equal, x, reshape(node.outputs[0], to: kept))
            return try multiply(mask, divide(dy, self.reduce(.sum, mask, axes: axes)))
        case .prod:
            // The product of the others: y ÷ x, and beside a single 0 the product of what is not 0.
            let zero = try scalar(0)
            let isZero = try self.node(.binary(.equal), [x, zero])
            let others = try self.node(.where, [isZero, scalar(1), x])
            let zeros = try self.reduce(.sum, self.node(.cast(to: .float32), [isZero]), axes: axes)
            let product = try self.reduce(.prod, others, axes: axes)
            let isAlone = try self.node(.binary(.and), [isZero, self.node(.binary(.equal), [zeros, scalar(1)])])
            let hasNone = try self.node(.binary(.equal), [zeros, zero])
            let derivative = try self.node(
                .where,
                [hasNone, divide(product, others), self.node(.where, [isAlone, product, zero])])
            return try multiply(derivative, dy)
        }
    }

    /// The loss of each sequence has its gradient beside it.
    mutating func ctcLoss(_ node: Node, _ dy: ValueID) throws(GraphError) -> ValueID {
        let sequences = try shape(dy).count
        return try multiply(node.outputs[1], reshape(dy, to: checkedShape([1, sequences, 1])))
    }
}
