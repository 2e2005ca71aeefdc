import Tensors

extension Graph {
    /// The graph for images of another height and width, though its file fixes them.
    ///
    /// The shapes follow from the operators; what a file has written out for its own size is found and rewritten: the
    /// targets of reshapes (also where they merge height and width, as attention does, and part them again), of resizes
    /// and of expansions. For this every extent is followed as a product of factors, each with its old and its new
    /// number: a reshape of 1×256×20×20 to 1×2×128×400 merges 20·20, and one from there to 1×128×20×20 takes the
    /// factors in the same order.
    ///
    /// The graph must be specialized, in channels-first order and with one image input. Throws `notResizable` where
    /// something depends on the old size in a way that is not understood (a table of positions, a layer over all
    /// pixels), and what shape inference throws. Padding that the file left to the size of the image (`SAME`) has been
    /// written out for the old one: such graphs must not be resized.
    package func resized(height: Int, width: Int) throws(GraphError) -> Graph {
        guard inputs.count == 1, let input = inputs.first, let shape = shape(of: input), shape.rank == 4 else {
            throw GraphError(.notResizable("not one image input"), pass: "resized")
        }
        if shape[2] == height, shape[3] == width { return self }
        var resizer = Resizer(self)
        try resizer.setInput(input, try checkedShape([shape[0], shape[1], height, width]))
        for node in nodes {
            do {
                try resizer.resize(node)
            } catch {
                throw GraphError(
                    error.reason, pass: "resized", node: error.node ?? node.name,
                    value: error.value ?? node.outputs.first.map { self[$0].name })
            }
        }
        return resizer.resized
    }
}

/// One factor of an extent: what it was and what it becomes. A factor that stays may be divided, one that changes not.
private struct Factor {
    var old: Int
    var new: Int

    var stays: Bool { old == new }
}

/// Rebuilds the graph for a new image size while it knows the factors of every extent.
private struct Resizer {
    let original: Graph
    var resized: Graph
    /// By value, for each axis, outermost factor first; an extent of 1 has none. Values without an entry stay as they
    /// are, each extent one factor.
    var factors = [ValueID: [[Factor]]]()

    init(_ graph: Graph) {
        original = graph
        resized = graph
        resized.nodes = []
    }

    mutating func setInput(_ id: ValueID, _ shape: Shape) throws(GraphError) {
        resized[id].shape = shape
        factors[id] = try plainFactors(id)
    }

    /// A factor for each axis.
    func plainFactors(_ id: ValueID) throws(GraphError) -> [[Factor]] {
        guard let old = original.shape(of: id), let new = resized.shape(of: id), old.rank == new.rank else {
            throw GraphError(.notMade, value: original[id].name)
        }
        return zip(old.dimensions, new.dimensions).map { $0 == 1 && $1 == 1 ? [] : [Factor(old: $0, new: $1)] }
    }

    func factors(of id: ValueID) throws(GraphError) -> [[Factor]] {
        if let known = factors[id] { return known }
        return try plainFactors(id)
    }

    func changes(_ id: ValueID?) -> Bool { id.map { original.shape(of: $0) != resized.shape(of: $0) } ?? false }

    func changes(_ id: ValueID, axis: Int) -> Bool {
        guard let old = original.shape(of: id), let new = resized.shape(of: id) else { return false }
        return old[axis] != new[axis]
    }

    mutating func resize(_ node: Node) throws(GraphError) {
        var rewritten = node
        if node.inputs.contains(where: { changes($0) }) { try rewriteParameters(&rewritten) }
        resized.nodes.append(rewritten)

        var types = [TensorType?]()
        for id in rewritten.inputs { types.append(id.flatMap { resized.type(of: $0) }) }
        let outputs = try rewritten.op.infer(
            types, constants: rewritten.inputs.map { $0.flatMap { resized.constants[$0] } },
            outputCount: node.outputs.count)
        for (id, type) in zip(node.outputs, outputs) {
            resized[id].shape = type.shape
            factors[id] = try outputFactors(node, id)
        }
    }

    // MARK: Parameters that are written out for the old size

    private mutating func rewriteParameters(_ node: inout Node) throws(GraphError) {
        guard let x = node.input(0) else { return }
        switch node.op {
        case .reshape:
            let target = try reshape(x, to: node.outputs[0]).map { $0.reduce(1) { $0 * $1.new } }
            try replace(&node, 1, target, name: "shape")
            node.op = .reshape(allowsZero: true)
        case .resize:
            guard let sizes = original.integers(node.input(2)), let old = original.shape(of: x),
                let new = resized.shape(of: x), sizes.count == old.rank
            else { return }
            var target = [Int]()
            for axis in sizes.indices {
                // The ratio is kept.
                let product = try checkedMultiply(sizes[axis], new[axis])
                guard old[axis] > 0, product % old[axis] == 0 else {
                    throw GraphError(.notResizable("a resize from \(old[axis]) to \(sizes[axis])"))
                }
                target.append(product / old[axis])
            }
            try replace(&node, 2, target, name: "sizes")
        case .expand:
            guard var target = original.integers(node.input(1)), let old = original.shape(of: x),
                let new = resized.shape(of: x)
            else { return }
            for axis in 0..<min(old.rank, target.count) {
                let (fromEnd, place) = (old.rank - 1 - axis, target.count - 1 - axis)
                if target[place] == old[fromEnd] { target[place] = new[fromEnd] }
            }
            try replace(&node, 1, target, name: "shape")
        case .slice:
            try rewriteSlice(&node, x)
        case .split(let axis):
            guard changes(x, axis: axis) else { return }
            throw GraphError(.notResizable("a split along height or width"))
        case .gather(let axis), .gatherElements(let axis):
            guard changes(x, axis: axis) else { return }
            throw GraphError(.notResizable("pixels taken by their number"))
        default: return
        }
    }

    /// A slice along a changing axis goes from near its beginning to its end; nothing else means the same at another
    /// size.
    private mutating func rewriteSlice(_ node: inout Node, _ x: ValueID) throws(GraphError) {
        guard let shape = original.shape(of: x), let new = resized.shape(of: x),
            let starts = original.integers(node.input(1)),
            var ends = original.integers(node.input(2)), starts.count == ends.count
        else { return }
        let axes = original.integers(node.input(3)) ?? Array(starts.indices)
        let steps = original.integers(node.input(4)) ?? starts.map { _ in 1 }
        guard axes.count == starts.count, steps.count == starts.count else { return }
        for index in starts.indices {
            let axis = try checkedAxis(axes[index], rank: shape.rank)
            guard changes(x, axis: axis) else { continue }
            guard steps[index] > 0, starts[index] >= 0, starts[index] < steps[index], ends[index] >= shape[axis] else {
                throw GraphError(.notResizable("a slice of height or width"))
            }
            ends[index] = new[axis]
        }
        try replace(&node, 2, ends, name: "ends")
    }

    private mutating func replace(_ node: inout Node, _ index: Int, _ values: [Int], name: String) throws(GraphError) {
        node.inputs[index] = resized.addConstant(try integerConstant(values), name: "\(node.name).\(name)")
    }

    // MARK: Factors

    /// The factors of the axes of a reshape's result: those of its input in their order, dealt out anew.
    private func reshape(_ x: ValueID, to y: ValueID) throws(GraphError) -> [[Factor]] {
        guard let target = original.shape(of: y), target.count > 0 else {
            throw GraphError(.notResizable("a reshape of nothing"))
        }
        var stock = Array(try factors(of: x).joined().reversed())
        var result = [[Factor]]()
        for extent in target.dimensions {
            var axis = [Factor]()
            var rest = extent
            while rest > 1 {
                guard var next = stock.popLast() else { throw GraphError(.notResizable("a reshape to \(target)")) }
                // What stays on both sides of a border may be regrouped freely.
                while next.stays, rest % next.old != 0, next.old % rest != 0, let after = stock.last, after.stays {
                    next = Factor(old: next.old * after.old, new: next.new * after.new)
                    stock.removeLast()
                }
                if next.old > 0, rest % next.old == 0 {
                    axis.append(next)
                    rest /= next.old
                } else if next.stays, next.old % rest == 0 {
                    axis.append(Factor(old: rest, new: rest))
                    stock.append(Factor(old: next.old / rest, new: next.old / rest))
                    rest = 1
                } else {
                    throw GraphError(.notResizable("a reshape to \(target) parts height or width"))
                }
            }
            result.append(axis)
        }
        guard stock.allSatisfy({ $0.old == 1 && $0.stays }) else {
            throw GraphError(.notResizable("a reshape to \(target)"))
        }
        return result
    }

    /// The factors of a result: those of the input's axis where one can be named, otherwise one for each axis.
    private func outputFactors(_ node: Node, _ y: ValueID) throws(GraphError) -> [[Factor]] {
        var result = try plainFactors(y)
        func take(_ axis: Int, from source: [Factor]) {
            let extents = result[axis].reduce((1, 1)) { ($0.0 * $1.old, $0.1 * $1.new) }
            if source.reduce((1, 1), { ($0.0 * $1.old, $0.1 * $1.new) }) == extents { result[axis] = source }
        }
        guard let x = node.input(0) else { return result }
        let source = try factors(of: x)
        switch node.op {
        case .reshape: return try reshape(x, to: y)
        case .transpose(let permutation?):
            return permutation.map { source[$0] }
        case .matMul:
            guard let b = node.input(1) else { return result }
            let right = try factors(of: b)
            let rank = result.count
            guard rank >= 2, source.count >= 2, right.count >= 2 else { return result }
            take(rank - 2, from: source[source.count - 2])
            take(rank - 1, from: right[right.count - 1])
            for axis in 0..<rank - 2 {
                let fromEnd = rank - axis
                for operand in [source, right] where fromEnd <= operand.count {
                    take(axis, from: operand[operand.count - fromEnd])
                }
            }
        default:
            // Aligned from the end, as broadcasting has it; an axis of the same extents is the same axis.
            let operands = node.inputs.compactMap { $0 }.filter { original.constants[$0] == nil }
            for operand in operands {
                let axes = try factors(of: operand)
                guard axes.count == result.count || node.op.broadcasts else { continue }
                for fromEnd in 1...max(result.count, 1) where fromEnd <= min(axes.count, result.count) {
                    take(result.count - fromEnd, from: axes[axes.count - fromEnd])
                }
            }
        }
        return result
    }
}

extension Operator {
    /// Whether inputs of fewer axes are aligned with the result from the end.
    fileprivate var broadcasts: Bool {
        switch self {
        case .binary, .where: true
        default: false
        }
    }
}
