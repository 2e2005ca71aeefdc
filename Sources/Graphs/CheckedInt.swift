import Tensors

/// Arithmetic on sizes from a model file: past the range of Int is an error, not a trap.
func checkedAdd(_ a: Int, _ b: Int) throws(GraphError) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw GraphError(.tooLarge) }
    return sum
}

func checkedSubtract(_ a: Int, _ b: Int) throws(GraphError) -> Int {
    let (difference, overflow) = a.subtractingReportingOverflow(b)
    guard !overflow else { throw GraphError(.tooLarge) }
    return difference
}

func checkedMultiply(_ a: Int, _ b: Int) throws(GraphError) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow else { throw GraphError(.tooLarge) }
    return product
}

/// A shape from extents that were computed: negative or too many elements is an error.
func checkedShape(_ dimensions: [Int]) throws(GraphError) -> Shape {
    guard let shape = try? Shape(dimensions) else {
        if let negative = dimensions.first(where: { $0 < 0 }) {
            throw GraphError(.incompatibleShapes("an extent of \(negative) in \(dimensions)"))
        }
        throw GraphError(.tooLarge)
    }
    return shape
}

/// `axis` counted from the front; negative ones count from the end.
func checkedAxis(_ axis: Int, rank: Int) throws(GraphError) -> Int {
    let (fromEnd, overflow) = axis.addingReportingOverflow(rank)
    let front = axis < 0 ? fromEnd : axis
    guard !overflow || axis >= 0, front >= 0, front < rank else { throw GraphError(.axisOutOfRange(axis, rank: rank)) }
    return front
}

/// `axes` counted from the front, ascending; a repeated one is an error.
func checkedAxes(_ axes: [Int], rank: Int) throws(GraphError) -> [Int] {
    var seen = Set<Int>()
    for axis in axes {
        guard try seen.insert(checkedAxis(axis, rank: rank)).inserted else {
            throw GraphError(.invalidAttribute("axis \(axis) appears twice"))
        }
    }
    return seen.sorted()
}
