import Tensors

/// The rules of operators that move elements: the gradient moves back.
extension GradientBuilder {
    mutating func concat(_ node: Node, axis: Int, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        var sizes = [Int]()
        for id in node.inputs { sizes.append(try shape(id)[axis]) }
        guard node.inputs.count > 1 else { return [dy] }
        return try nodes(.split(axis: axis), [dy, integers(sizes)], count: sizes.count)
    }

    /// Parts that the loss does not depend on get zeros.
    mutating func split(_ node: Node, axis: Int, _ results: [ValueID?]) throws(GraphError) -> [ValueID?] {
        var parts = [ValueID]()
        for (id, dy) in zip(node.outputs, results) {
            if let dy { parts.append(dy) } else { parts.append(try expand(scalar(0), to: shape(id))) }
        }
        return [try self.node(.concat(axis: axis), parts)]
    }

    mutating func transposed(_ node: Node, _ permutation: [Int]?, _ dy: ValueID) throws(GraphError) -> ValueID {
        let rank = try shape(dy).rank
        let permutation = permutation ?? Array((0..<rank).reversed())
        var inverse = permutation
        for (axis, source) in permutation.enumerated() { inverse[source] = axis }
        return try transpose(dy, inverse)
    }

    /// A slice in steps of 1 is padded with zeros; along an axis with another step the elements are added in place.
    mutating func slice(_ node: Node, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        let x = try shape(node.inputs[0])
        guard let starts = graph.integers(node.input(1)), let ends = graph.integers(node.input(2)) else {
            throw GraphError(.notConstant(1))
        }
        let ranges = try SliceRange.resolve(
            x, starts: starts, ends: ends, axes: graph.integers(node.input(3)), steps: graph.integers(node.input(4)))
        var result = dy
        var begins = [Int]()
        var rests = [Int]()
        for (axis, range) in ranges.enumerated() {
            if range.step == 1 || range.count <= 1 {
                begins.append(range.count == 0 ? 0 : range.start)
                rests.append(x[axis] - range.count - begins[axis])
            } else {
                let indices = try integers((0..<range.count).map { range.start + $0 * range.step })
                result = try self.node(.gradient(.gather(axis: axis, extent: x[axis])), [result, indices])
                begins.append(0)
                rests.append(0)
            }
        }
        if (begins + rests).contains(where: { $0 != 0 }) {
            result = try self.node(.pad(.constant), [result, integers(begins + rests)])
        }
        return [result]
    }

    /// The repeats become axes of their own, and are summed.
    mutating func tile(_ node: Node, _ dy: ValueID) throws(GraphError) -> ValueID {
        let x = try shape(node.inputs[0])
        guard let repeats = graph.integers(node.input(1)) else { throw GraphError(.notConstant(1)) }
        var extents = [Int]()
        for axis in 0..<x.rank { extents += [repeats[axis], x[axis]] }
        let parts = try reshape(dy, to: checkedShape(extents))
        return try reduce(.sum, parts, axes: (0..<x.rank).map { 2 * $0 }, keepsDimensions: false)
    }

    mutating func gatherElements(
        _ dy: ValueID, indices: ValueID?, axis: Int, _ x: ValueID?
    ) throws(GraphError) -> ValueID {
        let op = GradientOperator.gatherElements(axis: axis, shape: try shape(x).dimensions)
        return try node(.gradient(op), [dy, indices])
    }

    /// Constant padding is cropped again; the value in it gets the sum of its copies.
    mutating func pad(_ node: Node, _ mode: PaddingMode, _ dy: ValueID) throws(GraphError) -> [ValueID?] {
        guard !wants(node, 2) else { throw GraphError(.notDifferentiable("the value of a padding")) }
        guard mode == .constant else {
            let op = GradientOperator.pad(mode, shape: try shape(node.inputs[0]).dimensions)
            return [try self.node(.gradient(op), [dy, node.inputs[1], node.input(3)])]
        }
        guard let pads = graph.integers(node.input(1)) else { throw GraphError(.notConstant(1)) }
        return [try self.node(.pad(.constant), [dy, integers(pads.map { -$0 }), nil, node.input(3)])]
    }
}
