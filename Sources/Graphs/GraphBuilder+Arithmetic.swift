package import Tensors

/// Short words for what layers and losses are made of.
extension GraphBuilder {
    package func dtype(_ id: ValueID) -> DType { graph[id].dtype }

    // MARK: Constants

    package mutating func scalar(_ value: Float) throws(GraphError) -> ValueID { try constant([value], shape: .scalar) }

    /// An integer of the type that `other` has.
    package mutating func scalar(_ value: Int, like other: ValueID) throws(GraphError) -> ValueID {
        switch dtype(other) {
        case .int64: return try constant([Int64(value)], shape: .scalar)
        case .int32:
            guard let value = Int32(exactly: value) else { throw GraphError(.tooLarge) }
            return try constant([value], shape: .scalar)
        default: throw GraphError(.wrongDType(dtype(other), expected: [.int64, .int32]))
        }
    }

    private mutating func constant<Element: TensorElement>(
        _ elements: [Element], shape: Shape
    ) throws(GraphError) -> ValueID {
        do { return constant(try Tensor(elements, shape: shape.dimensions)) } catch { throw GraphError(.tooLarge) }
    }

    /// A list of int64, such as a Slice's starts.
    package mutating func list(_ values: [Int]) throws(GraphError) -> ValueID {
        constant(try integerConstant(values))
    }

    // MARK: Elementwise

    package mutating func unary(_ function: UnaryFunction, _ x: ValueID) throws(GraphError) -> ValueID {
        try node(.unary(function), [x])
    }

    package mutating func binary(_ function: BinaryFunction, _ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID {
        try node(.binary(function), [a, b])
    }

    package mutating func add(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID { try binary(.add, a, b) }

    package mutating func subtract(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID { try binary(.sub, a, b) }

    package mutating func multiply(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID { try binary(.mul, a, b) }

    package mutating func divide(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID { try binary(.div, a, b) }

    package mutating func negate(_ a: ValueID) throws(GraphError) -> ValueID { try unary(.neg, a) }

    package mutating func square(_ a: ValueID) throws(GraphError) -> ValueID { try multiply(a, a) }

    package mutating func shift(_ a: ValueID, by offset: Float) throws(GraphError) -> ValueID {
        offset == 0 ? a : try add(a, scalar(offset))
    }

    package mutating func scale(_ a: ValueID, by factor: Float) throws(GraphError) -> ValueID {
        factor == 1 ? a : try multiply(a, scalar(factor))
    }

    /// `offset` − a.
    package mutating func complement(_ a: ValueID, of offset: Float = 1) throws(GraphError) -> ValueID {
        try subtract(scalar(offset), a)
    }

    package mutating func atLeast(_ a: ValueID, _ minimum: Float) throws(GraphError) -> ValueID {
        try node(.clip, [a, scalar(minimum)])
    }

    package mutating func atMost(_ a: ValueID, _ maximum: Float) throws(GraphError) -> ValueID {
        try node(.clip, [a, nil, scalar(maximum)])
    }

    package mutating func cast(_ a: ValueID, to dtype: DType) throws(GraphError) -> ValueID {
        self.dtype(a) == dtype ? a : try node(.cast(to: dtype), [a])
    }

    package mutating func select(
        _ condition: ValueID, _ a: ValueID, _ b: ValueID
    ) throws(GraphError) -> ValueID {
        try node(.where, [condition, a, b])
    }

    // MARK: Reductions

    package mutating func reduce(
        _ function: ReduceFunction, _ a: ValueID, axes: [Int]? = nil, keepsDimensions: Bool = false
    ) throws(GraphError) -> ValueID {
        try node(.reduce(Reduce(function, axes: axes, keepsDimensions: keepsDimensions)), [a])
    }

    package mutating func sum(
        _ a: ValueID, axes: [Int]? = nil, keepsDimensions: Bool = false
    ) throws(GraphError) -> ValueID {
        try reduce(.sum, a, axes: axes, keepsDimensions: keepsDimensions)
    }

    package mutating func mean(
        _ a: ValueID, axes: [Int]? = nil, keepsDimensions: Bool = false
    ) throws(GraphError) -> ValueID {
        try reduce(.mean, a, axes: axes, keepsDimensions: keepsDimensions)
    }

    // MARK: Movement

    /// −1 infers one extent; 0 copies the extent at its place.
    package mutating func reshape(_ a: ValueID, _ extents: [Int]) throws(GraphError) -> ValueID {
        try node(.reshape(allowsZero: false), [a, list(extents)])
    }

    package mutating func transpose(_ a: ValueID, _ permutation: [Int]) throws(GraphError) -> ValueID {
        try node(.transpose(permutation: permutation), [a])
    }

    package mutating func unsqueeze(_ a: ValueID, axis: Int) throws(GraphError) -> ValueID {
        try node(.unsqueeze(axes: [axis]), [a])
    }

    package mutating func squeeze(_ a: ValueID, axis: Int) throws(GraphError) -> ValueID {
        try node(.squeeze(axes: [axis]), [a])
    }

    package mutating func concat(_ parts: [ValueID], axis: Int) throws(GraphError) -> ValueID {
        parts.count == 1 ? parts[0] : try node(.concat(axis: axis), parts)
    }

    package mutating func split(_ a: ValueID, axis: Int, sizes: [Int]) throws(GraphError) -> [ValueID] {
        sizes.count == 1 ? [a] : try nodes(.split(axis: axis), [a, list(sizes)], outputCount: sizes.count)
    }

    /// One extent, as an int64 of shape 1; a number in a specialized graph.
    package mutating func extent(_ a: ValueID, axis: Int) throws(GraphError) -> ValueID {
        try node(.shapeOf(start: axis, end: axis == -1 ? nil : axis + 1), [a])
    }

    /// 0 ..< extent, int64; a constant in a specialized graph.
    package mutating func indices(_ a: ValueID, axis: Int) throws(GraphError) -> ValueID {
        let limit = try squeeze(extent(a, axis: axis), axis: 0)
        return try node(.range, [scalar(0, like: limit), limit, scalar(1, like: limit)])
    }
}
