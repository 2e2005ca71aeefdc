/// An immutable tensor: a constant of a graph, an input or a result. Dense, row-major, shared by reference.
///
///     let ones = try Tensor([1, 1, 1, 1], shape: [2, 2])
///     let sum = ones.withElements(as: Float.self) { $0.reduce(0, +) }
package final class Tensor: Sendable {
    package let dtype: DType
    package let shape: Shape
    private let buffer: TensorBuffer

    /// Makes a tensor whose bytes `fill` writes; they are zero before.
    package init(dtype: DType, shape: Shape, fill: (UnsafeMutableRawBufferPointer) -> Void) throws(TensorError) {
        self.dtype = dtype
        self.shape = shape
        let byteCount = shape.count * dtype.stride
        buffer = try TensorBuffer(byteCount: byteCount)
        fill(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: byteCount))
    }

    /// Makes a tensor from its elements in row-major order.
    package convenience init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws(TensorError) {
        let shape = try Shape(shape)
        guard elements.count == shape.count else {
            throw .countMismatch(shape: shape, elements: elements.count)
        }
        try self.init(dtype: Element.dtype, shape: shape) { bytes in
            elements.withUnsafeBytes { bytes.copyMemory(from: $0) }
        }
    }

    package var byteCount: Int { shape.count * dtype.stride }

    /// The first byte; valid while the tensor is alive.
    package var baseAddress: UnsafeRawPointer { UnsafeRawPointer(buffer.baseAddress) }

    /// Calls `body` with the elements in row-major order. Stops the program when `Element` is not the tensor's type.
    package func withElements<Element: TensorElement, Result>(
        as type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result {
        precondition(type.dtype == dtype, "a tensor of \(dtype) was read as \(type.dtype)")
        let start = baseAddress.assumingMemoryBound(to: type)
        return try withExtendedLifetime(self) { try body(UnsafeBufferPointer(start: start, count: shape.count)) }
    }

    package func elements<Element: TensorElement>(as type: Element.Type) -> [Element] {
        withElements(as: type) { Array($0) }
    }
}
