import CSaccadeKernels
package import Tensors

/// Products of quantized matrices, c[m][n] = Σ_k a[m][k] · b[k][n], rounded once: exact s32 sums, then one step to the
/// result. Made once at plan time; the arithmetic is in `matmul_u8.h`.
///
/// Operands may be laid out in any way, so a transpose or a slice needs no copy.
package struct QuantizedMatrixProduct: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.

    package typealias Layout = MatrixProduct.Layout
    package typealias Offsets = MatrixProduct.Offsets

    /// The kernel's name, for listings.
    package var kernelName: String { String(cString: kernel.pointee.name) }
    /// Multiply-adds of one product.
    package var multiplyAdds: Int { shape.rows * shape.columns * shape.depth }

    private let kernel: UnsafePointer<sk_matmul_u8_kernel>
    private let shape: sk_matmul_u8_shape
    /// Whether the kernel computes the transposed product: its a is our b.
    private let isTransposed: Bool
    private let scratchBytesOfOne: Int
    private let multiplier: Float
    private let requantization: Requantization

    /// - Parameters:
    ///   - output: of a u8 result; nil for floats.
    /// - Returns: nil where there is no kernel: an empty product, a result of which neither rows nor columns touch, sums
    ///   of which some could pass 32 bits.
    package init?(
        rows: Int, columns: Int, depth: Int, a: Layout, b: Layout, c: Layout, aQuantization: ByteQuantization,
        bQuantization: ByteQuantization, output: QuantizationParameters?, instructionSet: InstructionSet
    ) throws(TensorError) {
        guard rows > 0, columns > 0, (1...32768).contains(depth) else { return nil }
        guard let requantization = try Requantization(activation: .none, output: output, addend: nil) else {
            return nil
        }
        let sumScale = aQuantization.scale * bQuantization.scale
        multiplier = requantization.multiplier(sumScale: sumScale)
        guard multiplier.isFinite, Double(depth) * 255 * 255 * Double(multiplier) < 0x1p31 else { return nil }
        self.requantization = requantization
        kernel = sk_matmul_u8_choose(instructionSet.code)
        // A column of one row touches its neighbours whatever its stride.
        isTransposed = c.column != 1 && columns > 1
        if isTransposed {
            guard c.row == 1 || rows == 1 else { return nil }
            let (left, right) = (b.transposed, a.transposed)
            shape = sk_matmul_u8_shape(
                rows: columns, columns: rows, depth: depth, a_row_stride: left.row, a_depth_stride: left.column,
                b_depth_stride: right.row, b_column_stride: right.column, c_row_stride: c.column,
                zero_a: bQuantization.zeroPoint, zero_b: aQuantization.zeroPoint)
        } else {
            shape = sk_matmul_u8_shape(
                rows: rows, columns: columns, depth: depth, a_row_stride: a.row, a_depth_stride: a.column,
                b_depth_stride: b.row, b_column_stride: b.column, c_row_stride: c.row,
                zero_a: aQuantization.zeroPoint, zero_b: bQuantization.zeroPoint)
        }
        scratchBytesOfOne = withUnsafePointer(to: shape) { [kernel] in
            (kernel.pointee.scratch_bytes($0) + 63) / 64 * 64
        }
    }

    /// Bytes of scratch that a batch of `count` products needs.
    package func scratchByteCount(batch count: Int) -> Int { count * scratchBytesOfOne }

    /// Computes the products of a batch.
    ///
    /// - Parameters:
    ///   - c: u8, or f32 where there is no output quantization.
    ///   - scratch: `scratchByteCount` bytes, 64-byte aligned.
    package func run(
        batch: [Offsets], a: UnsafePointer<UInt8>, b: UnsafePointer<UInt8>, c: UnsafeMutableRawPointer,
        scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let threads = batch.count * multiplyAdds < 1 << 20 ? 1 : threads
        let elementSize = requantization.code.kind == sk_result_f32 ? MemoryLayout<Float>.stride : 1
        let (left, right) = isTransposed ? (b, a) : (a, b)
        parallelFor(batch.count, threads: threads) { index in
            let at = batch[index]
            withUnsafePointer(to: shape) {
                kernel.pointee.prepare(
                    $0, left + (isTransposed ? at.b : at.a), right + (isTransposed ? at.a : at.b),
                    scratch + index * scratchBytesOfOne)
            }
        }
        // Strips of rows whose number depends on the shape alone.
        let strip = (max(1, (1 << 19) / (shape.columns * shape.depth)) - 1) / kernel.pointee.tile_rows + 1
        let stripRows = strip * kernel.pointee.tile_rows
        let strips = (shape.rows - 1) / stripRows + 1
        parallelFor(batch.count * strips, threads: threads) { task in
            let (index, strip) = task.quotientAndRemainder(dividingBy: strips)
            let at = batch[index]
            withUnsafePointer(to: shape) { shape in
                withUnsafePointer(to: requantization.code) { requantize in
                    kernel.pointee.run(
                        shape, left + (isTransposed ? at.b : at.a), scratch + index * scratchBytesOfOne,
                        multiplier, requantize, c + at.c * elementSize, strip * stripRows,
                        min((strip + 1) * stripRows, shape.pointee.rows))
                }
            }
        }
    }
}
