import Tensors

/// The rules of functions of single elements. Where an operand was broadcast its gradient is summed.
extension GradientBuilder {
    /// Rectifiers tell from their result what they need to know, so that a convolution before them can apply them.
    mutating func unary(_ node: Node, _ function: UnaryFunction, _ dy: ValueID) throws(GraphError) -> ValueID? {
        let x = node.inputs[0]
        switch function {
        case .neg: return try negate(dy)
        case .exp: return try multiply(dy, node.outputs[0])
        case .sin: return try multiply(dy, self.node(.unary(.cos), [x]))
        case .cos: return try negate(multiply(dy, self.node(.unary(.sin), [x])))
        case .sign, .floor, .ceil, .round, .not: return nil
        case .relu: return try self.node(.gradient(.unary(function)), [node.outputs[0], dy])
        case .leakyRelu(let slope) where slope > 0:
            return try self.node(.gradient(.unary(function)), [node.outputs[0], dy])
        default: return try self.node(.gradient(.unary(function)), [x, dy])
        }
    }

    mutating func binary(_ node: Node, _ function: BinaryFunction, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        guard let a = node.inputs[0], let b = node.inputs[1] else { throw GraphError(.missingInput(0)) }
        var parts: [ValueID?] = [nil, nil]
        switch function {
        case .add: parts = [dy, dy]
        case .sub: parts = [dy, wants(node, 1) ? try negate(dy) : nil]
        case .mul:
            if wants(node, 0) { parts[0] = try multiply(dy, b) }
            if wants(node, 1) { parts[1] = try multiply(dy, a) }
        case .div:
            // d(a ÷ b) = da ÷ b − db · y ÷ b.
            let quotient = try divide(dy, b)
            parts[0] = quotient
            if wants(node, 1) { parts[1] = try negate(multiply(quotient, node.outputs[0])) }
        case .pow:
            if wants(node, 0) { parts[0] = try powerBase(dy, a, b) }
            if wants(node, 1) { parts[1] = try powerExponent(node, dy, a, b) }
        case .min, .max:
            // Equal operands get half each.
            let half = try scale(indicator(.equal, a, b), by: 0.5)
            let isLess = function == .min
            if wants(node, 0) { parts[0] = try multiply(dy, add(indicator(isLess ? .less : .greater, a, b), half)) }
            if wants(node, 1) { parts[1] = try multiply(dy, add(indicator(isLess ? .less : .greater, b, a), half)) }
        case .mod, .fmod:
            guard !wants(node, 1) else { throw GraphError(.notDifferentiable("\(function.rawValue) by its divisor")) }
            parts[0] = dy
        case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or: break
        }
        for (index, id) in [a, b].enumerated() {
            guard wants(node, index), let part = parts[index] else { continue }
            parts[index] = try sum(part, to: shape(id))
        }
        return parts
    }

    /// dy · b · a^(b − 1); 0 where b is 0, whatever a.
    private mutating func powerBase(_ dy: ValueID, _ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID {
        if graph.scalar(b) == 2 { return try multiply(dy, scale(a, by: 2)) }
        let power = try node(.binary(.pow), [a, node(.binary(.sub), [b, scalar(1)])])
        let derivative = try multiply(power, b)
        if let exponent = graph.scalar(b), exponent != 0 { return try multiply(dy, derivative) }
        let isFlat = try node(.binary(.equal), [b, scalar(0)])
        return try multiply(dy, node(.where, [isFlat, scalar(0), derivative]))
    }

    /// dy · y · ln a; 0 where a is 0 and b is not negative.
    private mutating func powerExponent(
        _ powered: Node, _ dy: ValueID, _ a: ValueID, _ b: ValueID
    ) throws(GraphError) -> ValueID {
        let derivative = try multiply(powered.outputs[0], node(.unary(.log), [a]))
        let isFlat = try node(
            .binary(.and),
            [node(.binary(.equal), [a, scalar(0)]), node(.binary(.greaterOrEqual), [b, scalar(0)])])
        return try multiply(dy, node(.where, [isFlat, scalar(0), derivative]))
    }

    mutating func select(_ node: Node, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        let zero = try scalar(0)
        var parts: [ValueID?] = [nil, nil, nil]
        if wants(node, 1) {
            parts[1] = try sum(self.node(.where, [node.inputs[0], dy, zero]), to: shape(node.inputs[1]))
        }
        if wants(node, 2) {
            parts[2] = try sum(self.node(.where, [node.inputs[0], zero, dy]), to: shape(node.inputs[2]))
        }
        return parts
    }
}
