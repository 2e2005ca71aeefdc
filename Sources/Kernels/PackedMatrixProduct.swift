package import Tensors

/// Products with a b that does not change: the weights of a layer, packed when the plan is made.
package final class PackedMatrixProduct: @unchecked Sendable {
    // Sendable: nothing is written after init.
    package let product: MatrixProduct
    private let packed: TensorBuffer

    package init(_ product: MatrixProduct, b: UnsafePointer<Float>) throws(TensorError) {
        self.product = product
        packed = try TensorBuffer(byteCount: product.packedByteCount)
        product.pack(b, into: packed.baseAddress, threads: 1)
    }

    package func run(
        a: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil, c: UnsafeMutablePointer<Float>, threads: Int
    ) {
        product.run(a: a, packed: packed.baseAddress, bias: bias, c: c, threads: threads)
    }
}
