package import Tensors

/// A tensor's elements somewhere in memory, which the view does not own.
///
/// Rows along the last axis are dense; neighbouring rows are `rowStride` elements apart. So a slice of the last axis (a
/// part of a Split, the place of one input in a Concat) is a view like any other.
package struct TensorView {
    package let address: UnsafeMutableRawPointer
    package let dtype: DType
    package let shape: Shape
    /// Elements between neighbouring rows of the last axis; for a dense tensor the extent of that axis.
    package let rowStride: Int

    package init(address: UnsafeMutableRawPointer, dtype: DType, shape: Shape, rowStride: Int? = nil) {
        self.address = address
        self.dtype = dtype
        self.shape = shape
        self.rowStride = rowStride ?? shape.rowLength
    }

    /// A view for reading only.
    package init(_ tensor: Tensor) {
        self.init(
            address: UnsafeMutableRawPointer(mutating: tensor.baseAddress), dtype: tensor.dtype, shape: tensor.shape)
    }

    package var isDense: Bool { rowStride == shape.rowLength || shape.rowCount <= 1 }

    /// Elements between neighbours along each axis.
    package var strides: [Int] { shape.strides(rowStride: rowStride) }

    package func pointer<Element>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
        address.assumingMemoryBound(to: type)
    }
}

extension Shape {
    /// The extent of the last axis; 1 for a scalar.
    package var rowLength: Int { dimensions.last ?? 1 }

    /// The number of rows along the last axis.
    package var rowCount: Int { dimensions.dropLast().reduce(1, *) }

    /// Elements between neighbours along each axis when rows of the last axis are `rowStride` apart.
    package func strides(rowStride: Int) -> [Int] {
        var strides = dimensions
        var step = 1
        for axis in dimensions.indices.reversed() {
            strides[axis] = step
            step = axis == dimensions.count - 1 ? rowStride : step * dimensions[axis]
        }
        return strides
    }

    /// Strides for reading a tensor of this shape as one of shape `extents`: 0 along the axes that are repeated.
    package func broadcastStrides(rowStride: Int, to extents: [Int]) -> [Int] {
        let own = strides(rowStride: rowStride)
        let missing = extents.count - rank
        return extents.indices.map { axis in
            axis < missing || self[axis - missing] == 1 ? 0 : own[axis - missing]
        }
    }
}
