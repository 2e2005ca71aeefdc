/// The extents of a tensor, outermost first. A scalar has no dimensions and one element.
///
/// A shape is checked when it is made: no extent is negative and the number of elements is at most `maximumCount`, so
/// that arithmetic on `count` and on byte sizes cannot overflow afterwards.
package struct Shape: Hashable, Sendable, CustomStringConvertible {
    package static let maximumCount = 1 << 31

    package let dimensions: [Int]
    /// The number of elements.
    package let count: Int

    /// Throws `TensorError.invalidShape` for a negative extent or more than `maximumCount` elements.
    package init(_ dimensions: [Int]) throws(TensorError) {
        var count = 1
        for extent in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow, product <= Shape.maximumCount else { throw .invalidShape(dimensions) }
            count = product
        }
        self.dimensions = dimensions
        self.count = count
    }

    package var rank: Int { dimensions.count }

    package subscript(axis: Int) -> Int { dimensions[axis] }

    /// Elements between neighbours along each axis, for a dense row-major tensor.
    package var strides: [Int] {
        var strides = dimensions
        var step = 1
        for axis in dimensions.indices.reversed() {
            strides[axis] = step
            step *= dimensions[axis]
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
