import CSaccadeKernels

/// Softmax over rows: y = e^(x - max x) ÷ Σ e^(x - max x).
package struct SoftmaxKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_softmax_f32_kernel>

    package init(instructionSet: InstructionSet) { kernel = sk_softmax_f32_choose(instructionSet.code) }

    package func run(
        rows: Int, length: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>,
        outputStride: Int, threads: Int
    ) {
        guard length > 0 else { return }
        parallelRanges(rows, unit: 1, minimum: 4096 / length, threads: threads) {
            kernel.pointee.run(
                input + $0.lowerBound * inputStride, inputStride, output + $0.lowerBound * outputStride, outputStride,
                $0.count, length)
        }
    }

    /// Down the columns of `blocks` dense blocks of `length` × `columns` numbers.
    package func runColumns(
        blocks: Int, length: Int, columns: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        threads: Int
    ) {
        guard length > 0, columns > 0 else { return }
        // Pieces of 256 columns, which depend on the shape alone.
        let pieces = (columns - 1) / 256 + 1
        parallelFor(blocks * pieces, threads: threads) { task in
            let (block, piece) = task.quotientAndRemainder(dividingBy: pieces)
            let offset = block * length * columns + piece * 256
            kernel.pointee.run_columns(
                input + offset, columns, output + offset, columns, min(256, columns - piece * 256), length)
        }
    }
}
