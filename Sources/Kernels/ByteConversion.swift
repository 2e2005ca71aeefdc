import CSaccadeKernels

/// Floats to bytes and back with one scale and zero point, exactly as ONNX's QuantizeLinear and DequantizeLinear; the
/// formulas are in `quantize_u8.h`.
package struct ByteConversionKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_quantize_u8_kernel>
    private let parameters: ByteQuantization

    package init(_ parameters: ByteQuantization, instructionSet: InstructionSet) {
        kernel = sk_quantize_u8_choose(instructionSet.code)
        self.parameters = parameters
    }

    /// `rows` rows of `length` elements; strides are in elements.
    package func quantize(
        rows: Int, length: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<UInt8>,
        outputStride: Int, threads: Int
    ) {
        let (rows, length) = inputStride == length && outputStride == length ? (1, rows * length) : (rows, length)
        forEachPart(rows: rows, length: length, threads: threads) { row, column, rows, length in
            kernel.pointee.quantize(
                parameters.scale, parameters.zeroPoint, input + row * inputStride + column, inputStride,
                output + row * outputStride + column, outputStride, rows, length)
        }
    }

    /// `rows` rows of `length` elements; strides are in elements.
    package func dequantize(
        rows: Int, length: Int, input: UnsafePointer<UInt8>, inputStride: Int, output: UnsafeMutablePointer<Float>,
        outputStride: Int, threads: Int
    ) {
        let (rows, length) = inputStride == length && outputStride == length ? (1, rows * length) : (rows, length)
        forEachPart(rows: rows, length: length, threads: threads) { row, column, rows, length in
            kernel.pointee.dequantize(
                parameters.scale, parameters.zeroPoint, input + row * inputStride + column, inputStride,
                output + row * outputStride + column, outputStride, rows, length)
        }
    }

    /// Calls `body` with first row, first column, number of rows, number of columns.
    private func forEachPart(rows: Int, length: Int, threads: Int, _ body: (Int, Int, Int, Int) -> Void) {
        if rows == 1 {
            return parallelRanges(length, unit: 64, minimum: 1 << 15, threads: threads) {
                body(0, $0.lowerBound, 1, $0.count)
            }
        }
        parallelRanges(rows, unit: 1, minimum: (1 << 15) / max(length, 1), threads: threads) {
            body($0.lowerBound, 0, $0.count, length)
        }
    }
}
