package import Tensors

/// One axis of a slice: `count` elements from `start` on, `step` apart (not 0; negative ones walk back).
package struct SliceRange: Hashable, Sendable {
    package var start: Int
    package var step: Int
    package var count: Int

    package init(start: Int, step: Int, count: Int) {
        self.start = start
        self.step = step
        self.count = count
    }

    /// The ranges of a Slice for every axis of `shape`, clamped as ONNX does.
    package static func resolve(
        _ shape: Shape, starts: [Int], ends: [Int], axes: [Int]?, steps: [Int]?
    ) throws(GraphError) -> [SliceRange] {
        let steps = steps ?? starts.map { _ in 1 }
        let axes = axes ?? Array(starts.indices)
        guard starts.count == ends.count, starts.count == axes.count, starts.count == steps.count else {
            throw GraphError(.invalidAttribute("a slice with \(starts.count) starts and \(ends.count) ends"))
        }
        _ = try checkedAxes(axes, rank: shape.rank)
        var ranges = shape.dimensions.map { SliceRange(start: 0, step: 1, count: $0) }
        for index in starts.indices {
            let axis = try checkedAxis(axes[index], rank: shape.rank)
            let extent = shape[axis]
            let step = steps[index]
            guard step != 0, step != Int.min else { throw GraphError(.invalidAttribute("a slice by \(step)")) }
            // A negative bound counts from the end; Int.min stays far below 0 without overflow.
            func fromFront(_ bound: Int) -> Int { bound < 0 ? bound + extent : bound }
            let start: Int
            let distance: Int
            if step > 0 {
                start = min(max(fromFront(starts[index]), 0), extent)
                distance = min(max(fromFront(ends[index]), 0), extent) - start
            } else {
                start = min(max(fromFront(starts[index]), 0), extent - 1)
                distance = start - min(max(fromFront(ends[index]), -1), extent - 1)
            }
            let stride = abs(step)
            let count = distance <= 0 ? 0 : (distance - 1) / stride + 1
            ranges[axis] = SliceRange(start: max(start, 0), step: step, count: count)
        }
        return ranges
    }
}

/// NumPy's broadcasting of two shapes.
package func broadcast(_ a: Shape, _ b: Shape) throws(GraphError) -> Shape {
    let rank = max(a.rank, b.rank)
    var dimensions = [Int]()
    for axis in 0..<rank {
        let left = axis < rank - a.rank ? 1 : a[axis - (rank - a.rank)]
        let right = axis < rank - b.rank ? 1 : b[axis - (rank - b.rank)]
        guard left == right || left == 1 || right == 1 else {
            throw GraphError(.incompatibleShapes("\(a) and \(b) do not broadcast"))
        }
        dimensions.append(left == 1 ? right : left)
    }
    return try checkedShape(dimensions)
}

func replacing(_ shape: Shape, axis: Int, extent: Int) throws(GraphError) -> Shape {
    var dimensions = shape.dimensions
    dimensions[axis] = extent
    return try checkedShape(dimensions)
}

/// `axes` must be counted from the front.
func reducedShape(_ shape: Shape, axes: [Int], keepsDimensions: Bool) throws(GraphError) -> Shape {
    var dimensions = [Int]()
    for axis in 0..<shape.rank {
        if !axes.contains(axis) {
            dimensions.append(shape[axis])
        } else if keepsDimensions {
            dimensions.append(1)
        }
    }
    return try checkedShape(dimensions)
}

/// NumPy's matmul: a vector on the left is a row, one on the right a column, whose axis the result lacks.
func vectorMatMulShape(_ a: Shape, _ b: Shape) throws(GraphError) -> Shape {
    let left = a.rank == 1 ? try checkedShape([1] + a.dimensions) : a
    let right = b.rank == 1 ? try checkedShape(b.dimensions + [1]) : b
    var dimensions = try matMulShape(left, right).dimensions
    if b.rank == 1 { dimensions.removeLast() }
    if a.rank == 1 { dimensions.remove(at: dimensions.count - (b.rank == 1 ? 1 : 2)) }
    return try checkedShape(dimensions)
}

func matMulShape(_ a: Shape, _ b: Shape) throws(GraphError) -> Shape {
    for shape in [a, b] where shape.rank < 2 { throw GraphError(.wrongRank(shape.rank, expected: 2...Int.max)) }
    guard a[a.rank - 1] == b[b.rank - 2] else {
        throw GraphError(.incompatibleShapes("a product of \(a) and \(b)"))
    }
    let leading = try broadcast(
        checkedShape(Array(a.dimensions.dropLast(2))), checkedShape(Array(b.dimensions.dropLast(2))))
    return try checkedShape(leading.dimensions + [a[a.rank - 2], b[b.rank - 1]])
}

extension Gemm {
    func outputShape(a: Shape, b: Shape, c: Shape?) throws(GraphError) -> Shape {
        for shape in [a, b] where shape.rank != 2 { throw GraphError(.wrongRank(shape.rank, expected: 2...2)) }
        let (rows, depth) = transposesA ? (a[1], a[0]) : (a[0], a[1])
        let (otherDepth, columns) = transposesB ? (b[1], b[0]) : (b[0], b[1])
        guard depth == otherDepth else { throw GraphError(.incompatibleShapes("a product of \(a) and \(b)")) }
        let result = try checkedShape([rows, columns])
        if let c, try broadcast(c, result) != result {
            throw GraphError(.incompatibleShapes("\(c) does not broadcast to \(result)"))
        }
        return result
    }
}

func concatShape(_ shapes: [Shape], axis: Int) throws(GraphError) -> Shape {
    guard let first = shapes.first else { throw GraphError(.missingInput(0)) }
    let axis = try checkedAxis(axis, rank: first.rank)
    var extent = 0
    for shape in shapes {
        guard shape.rank == first.rank, (0..<first.rank).allSatisfy({ $0 == axis || shape[$0] == first[$0] }) else {
            throw GraphError(.incompatibleShapes("\(first) and \(shape) joined along axis \(axis)"))
        }
        extent = try checkedAdd(extent, shape[axis])
    }
    return try replacing(first, axis: axis, extent: extent)
}

func splitShapes(_ shape: Shape, axis: Int, sizes: [Int]?, count: Int) throws(GraphError) -> [Shape] {
    let axis = try checkedAxis(axis, rank: shape.rank)
    let extent = shape[axis]
    var parts = sizes ?? []
    if sizes == nil {
        let part = extent / count + (extent % count == 0 ? 0 : 1)
        let before = try checkedMultiply(part, count - 1)
        parts = Array(repeating: part, count: count - 1) + [extent - before]
    }
    guard parts.count == count else {
        throw GraphError(.invalidAttribute("\(parts.count) sizes for \(count) parts"))
    }
    var sum = 0
    for part in parts {
        guard part >= 0 else { throw GraphError(.invalidAttribute("\(extent) split into \(parts)")) }
        sum = try checkedAdd(sum, part)
    }
    guard sum == extent else { throw GraphError(.invalidAttribute("\(extent) split into \(parts)")) }
    var shapes = [Shape]()
    for part in parts { shapes.append(try replacing(shape, axis: axis, extent: part)) }
    return shapes
}

func reshapedShape(_ shape: Shape, to target: [Int], allowsZero: Bool) throws(GraphError) -> Shape {
    var dimensions = target
    var inferred: Int?
    var known = 1
    for axis in dimensions.indices {
        if dimensions[axis] == -1 {
            guard inferred == nil else { throw GraphError(.invalidAttribute("a reshape to \(target)")) }
            inferred = axis
            continue
        }
        if dimensions[axis] == 0, !allowsZero {
            guard axis < shape.rank else { throw GraphError(.axisOutOfRange(axis, rank: shape.rank)) }
            dimensions[axis] = shape[axis]
        }
        guard dimensions[axis] >= 0 else { throw GraphError(.invalidAttribute("a reshape to \(target)")) }
        known = try checkedMultiply(known, dimensions[axis])
    }
    if let inferred {
        guard known > 0, shape.count % known == 0 else {
            throw GraphError(.incompatibleShapes("\(shape) reshaped to \(target)"))
        }
        dimensions[inferred] = shape.count / known
    }
    let result = try checkedShape(dimensions)
    guard result.count == shape.count else {
        throw GraphError(.incompatibleShapes("\(shape) reshaped to \(target)"))
    }
    return result
}

func padShape(_ shape: Shape, pads: [Int], axes: [Int]?, mode: PaddingMode) throws(GraphError) -> Shape {
    let axes = axes ?? Array(0..<shape.rank)
    _ = try checkedAxes(axes, rank: shape.rank)
    guard pads.count == 2 * axes.count else {
        throw GraphError(.invalidAttribute("\(pads.count) pads of \(axes.count) axes"))
    }
    var dimensions = shape.dimensions
    for (index, axis) in axes.enumerated() {
        let axis = try checkedAxis(axis, rank: shape.rank)
        let (begin, end) = (pads[index], pads[index + axes.count])
        let extent = shape[axis]
        let fits =
            switch mode {
            case .constant: true
            case .edge: extent > 0 || (begin <= 0 && end <= 0)
            case .reflect: max(begin, end) < max(extent, 1)
            }
        guard fits else { throw GraphError(.invalidAttribute("\(mode.rawValue) padding of \(begin) and \(end)")) }
        // A crop may not take more than there is on its side.
        guard begin >= -extent, end >= -extent else { throw GraphError(.invalidAttribute("padding of \(pads)")) }
        dimensions[axis] = try checkedAdd(checkedAdd(extent, begin), end)
    }
    return try checkedShape(dimensions)
}

/// The axes that `shapeOf` gives.
func shapeOfRange(start: Int, end: Int?, rank: Int) -> Range<Int> {
    func clamp(_ bound: Int) -> Int { min(max(bound < 0 ? bound + rank : bound, 0), rank) }
    let first = clamp(start)
    return first..<max(first, clamp(end ?? rank))
}
