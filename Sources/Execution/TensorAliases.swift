import Graphs
import Kernels
import Tensors

/// Which tensors of a plan are parts of others, so that reshapes, splits and concatenations move nothing.
///
/// Each value is its own storage (a root) or lies in another value: all of it in order (`dense`), or in the same rows
/// (`rows`: a range of the last axis). A reshape's result lies in its input, a split's parts in their input, and an
/// input of a concatenation, going the other way, in the result, into which its producer writes.
struct TensorAliases {
    private struct Link {
        var parent: ValueID
        /// Elements from the parent's first one.
        var offset: Int
        var rows: Bool
    }

    /// Where a value lies.
    struct Placement {
        var root: ValueID
        /// Elements from the root's first one.
        var offset: Int
        /// Elements between rows of the last axis.
        var rowStride: Int
    }

    private let graph: Graph
    private let nodes: [Node]
    /// Values whose place is given: they lie in no other value.
    private let fixed: Set<ValueID>
    /// Links that lead from a value to its root at most. Past that a value is storage of its own and is copied, so that
    /// the walks over links are short for any model.
    private static let maximumDepth = 64

    private var links: [ValueID: Link] = [:]
    /// Links below a value: the longest way to one that lies in it.
    private var heights: [ValueID: Int] = [:]
    private var children: [ValueID: [ValueID]] = [:]
    private var uses: [ValueID: [(node: Int, input: Int)]] = [:]
    private var producers: [ValueID: Int] = [:]

    init(_ graph: Graph, nodes: [Node], fixed: Set<ValueID>) {
        self.graph = graph
        self.nodes = nodes
        self.fixed = fixed
        for (index, node) in nodes.enumerated() {
            for id in node.outputs { producers[id] = index }
            for (place, id) in node.inputs.enumerated() {
                if let id { uses[id, default: []].append((index, place)) }
            }
        }
        for node in nodes { linkView(node) }
        for node in nodes.reversed() { linkConcat(node) }
    }

    func placement(_ id: ValueID) -> Placement {
        guard let link = links[id] else { return Placement(root: id, offset: 0, rowStride: rowLength(id)) }
        var placement = placement(link.parent)
        placement.offset += link.offset
        if !link.rows { placement.rowStride = rowLength(id) }
        return placement
    }

    /// Whether `id` lies where a view of `parent` from `offset` on lies.
    func isLinked(_ id: ValueID, to parent: ValueID) -> Bool { links[id]?.parent == parent }

    private func shape(_ id: ValueID) -> Shape { graph.shape(of: id) ?? Shape.scalar }

    private func rowLength(_ id: ValueID) -> Int { shape(id).rowLength }

    private func isDense(_ id: ValueID) -> Bool {
        placement(id).rowStride == rowLength(id) || shape(id).rowCount <= 1
    }

    private func isOutput(_ id: ValueID) -> Bool { graph.outputs.contains(id) }

    /// Places `id` in `parent`; false, and nothing done, where its place is given, or where that would make the chain of
    /// links too long.
    @discardableResult
    private mutating func link(_ id: ValueID, to parent: ValueID, offset: Int, rows: Bool) -> Bool {
        guard !fixed.contains(id) else { return false }
        var above = [parent]
        while let next = links[above[above.count - 1]] { above.append(next.parent) }
        guard above.count + (heights[id] ?? 0) <= Self.maximumDepth else { return false }
        for (index, ancestor) in above.enumerated() {
            heights[ancestor] = max(heights[ancestor] ?? 0, (heights[id] ?? 0) + index + 1)
        }
        links[id] = Link(parent: parent, offset: offset, rows: rows)
        children[parent, default: []].append(id)
        return true
    }

    // MARK: Results that lie in their input

    private mutating func linkView(_ node: Node) {
        guard let x = node.input(0), graph.constants[x] == nil else { return }
        switch node.op {
        case .reshape, .identity:
            let y = node.outputs[0]
            let sameRows = shape(x).rank > 0 && shape(y).rank > 0 && rowLength(x) == rowLength(y)
            if isDense(x) { link(y, to: x, offset: 0, rows: sameRows) }
        case .split(let axis):
            var begin = 0
            for part in node.outputs {
                linkRange(part, of: x, axis: axis, begin: begin)
                begin += shape(part)[axis]
            }
        case .slice:
            guard let ranges = ranges(of: node, x) else { return }
            let partial = ranges.indices.filter { ranges[$0].count != shape(x)[$0] || ranges[$0].start != 0 }
            guard partial.count <= 1, ranges.allSatisfy({ $0.step == 1 || $0.count == 1 }) else { return }
            let axis = partial.first ?? 0
            linkRange(node.outputs[0], of: x, axis: axis, begin: ranges[axis].start)
        default: return
        }
    }

    private func ranges(of node: Node, _ x: ValueID) -> [SliceRange]? {
        guard let starts = graph.integers(node.input(1)), let ends = graph.integers(node.input(2)) else { return nil }
        return try? SliceRange.resolve(
            shape(x), starts: starts, ends: ends, axes: graph.integers(node.input(3)),
            steps: graph.integers(node.input(4)))
    }

    private mutating func linkRange(_ part: ValueID, of x: ValueID, axis: Int, begin: Int) {
        let extents = shape(x).dimensions
        let outer = extents[..<axis].reduce(1, *)
        if outer == 1, isDense(x) {
            link(part, to: x, offset: begin * extents[(axis + 1)...].reduce(1, *), rows: axis != extents.count - 1)
        } else if axis == extents.count - 1, !isOutput(part), readersAcceptGaps(part) {
            link(part, to: x, offset: begin, rows: true)
        }
    }

    // MARK: Inputs of a concatenation that lie in its result

    private mutating func linkConcat(_ node: Node) {
        guard case .concat(let axis) = node.op else { return }
        let y = node.outputs[0]
        let extents = shape(y).dimensions
        let inner = extents[(axis + 1)...].reduce(1, *)
        let isLast = axis == extents.count - 1
        let outer = extents[..<axis].reduce(1, *)
        guard isLast || (outer == 1 && isDense(y)) else { return }
        var begin = 0
        var index = 0
        while index < node.inputs.count {
            guard node.inputs[index] != nil else { return }
            let offset = begin * inner
            let count = link(inputs: node.inputs, at: index, to: y, offset: offset, axis: axis, outer: outer)
            for place in index..<index + max(count, 1) {
                if let id = node.inputs[place] { begin += shape(id)[axis] }
            }
            index += max(count, 1)
        }
    }

    /// Places the input at `index`, or all the parts of a split that begin there; returns how many were placed.
    private mutating func link(
        inputs: [ValueID?], at index: Int, to y: ValueID, offset: Int, axis: Int, outer: Int
    ) -> Int {
        guard let first = inputs[index] else { return 0 }
        var root = first
        var count = 1
        // Along the last axis rows stay rows; along the first one every part is one piece.
        let rows = axis == shape(y).rank - 1 && outer > 1
        if let producer = producers[first], case .split(let splitAxis) = nodes[producer].op, splitAxis == axis,
            let whole = nodes[producer].input(0)
        {
            let parts = nodes[producer].outputs
            guard index + parts.count <= inputs.count, parts.indices.allSatisfy({ inputs[index + $0] == parts[$0] }),
                parts.allSatisfy({ links[$0]?.parent == whole })
            else { return 0 }
            root = whole
            count = parts.count
        }
        // A view of everything: place what it views.
        while let link = links[root] {
            guard link.offset == 0, shape(link.parent).count == shape(root).count,
                !rows || (link.rows && rowLength(link.parent) == rowLength(root))
            else { return 0 }
            root = link.parent
        }
        guard root != y, graph.constants[root] == nil, !graph.inputs.contains(root), let producer = producers[root],
            producer < (producers[y] ?? 0), graph[root].dtype == graph[y].dtype
        else { return 0 }
        let gaps = rows && placement(y).rowStride != rowLength(root)
        if gaps {
            guard nodes[producer].op.writesGaps, acceptsGaps(root) else { return 0 }
        }
        return link(root, to: y, offset: offset, rows: rows || (rowLength(root) == rowLength(y) && outer == 1))
            ? count : 0
    }

    /// Whether a value and everything that lies in it can have gaps between rows. What lies in it must begin in its
    /// first row: the offset of a later one counts rows that have no gaps.
    private func acceptsGaps(_ id: ValueID) -> Bool {
        !isOutput(id) && readersAcceptGaps(id)
            && (children[id] ?? []).allSatisfy { child in
                guard let link = links[child] else { return false }
                return link.rows && link.offset < max(rowLength(id), 1) && acceptsGaps(child)
            }
    }

    private func readersAcceptGaps(_ id: ValueID) -> Bool {
        (uses[id] ?? []).allSatisfy { use in
            let node = nodes[use.node]
            let isView = node.outputs.allSatisfy { links[$0]?.parent == id && links[$0]?.rows == true }
            return isView || node.op.readsGaps(input: use.input)
        }
    }
}
