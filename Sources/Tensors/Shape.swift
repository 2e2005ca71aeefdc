/// The extents of a tensor, outermost first. A scalar has no dimensions and one element.
///
/// A shape is checked when it is made: no extent is negative and the product of any of the extents is at most
/// `maximumCount` (also beside an extent of 0), so that arithmetic on counts, strides and byte sizes cannot overflow
/// afterwards.
package struct Shape: Hashable, Sendable, CustomStringConvertible {
    package static let maximumCount = 1 << 28

    package let dimensions: [Int]
    /// The number of elements.
    package let count: Int

    /// Throws `TensorError.invalidShape` for a negative extent or a product past `maximumCount`.
    package init(_ dimensions: [Int]) throws(TensorError) {
        var nonEmpty = 1
        for extent in dimensions where extent != 0 {
            let (product, overflow) = nonEmpty.multipliedReportingOverflow(by: extent)
            guard extent > 0, !overflow, product <= Shape.maximumCount else { throw .invalidShape(dimensions) }
            nonEmpty = product
        }
        self.dimensions = dimensions
        self.count = dimensions.contains(0) ? 0 : nonEmpty
    }

    /// The shape of a single element: no axes.
    package static let scalar = Shape()

    private init() {
        dimensions = []
        count = 1
    }

    package var rank: Int { dimensions.count }

    package subscript(axis: Int) -> Int { dimensions[axis] }

    /// Elements between neighbours along each axis, for a dense row-major tensor.
    package var strides: [Int] {
        var strides = dimensions
        var step = 1
        for axis in dimensions.indices.reversed() {
            strides[axis] = step
            step *= max(dimensions[axis], 1)
        }
        return strides
    }

    package var description: String { dimensions.map(String.init).joined(separator: "×") }
}

package enum TensorError: Error, Equatable {
    case invalidShape([Int])
    case countMismatch(shape: Shape, elements: Int)
    case outOfMemory(bytes: Int)
}
