import CSaccadeKernels

/// Softmax over rows, y = e^(x - max x) ÷ Σ e^(x - max x), or its logarithm; and the gradient.
package struct SoftmaxKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_softmax_f32_kernel>

    private let isLogarithm: Bool

    /// With `isLogarithm` the results are ln y: x - max x - ln Σ e^(x - max x).
    package init(isLogarithm: Bool = false, instructionSet: InstructionSet) {
        kernel = sk_softmax_f32_choose(instructionSet.code)
        self.isLogarithm = isLogarithm
    }

    package func run(
        rows: Int, length: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>,
        outputStride: Int, threads: Int
    ) {
        guard length > 0 else { return }
        let run = isLogarithm ? kernel.pointee.log : kernel.pointee.run
        parallelRanges(rows, unit: 1, minimum: 4096 / length, threads: threads) {
            run(
                input + $0.lowerBound * inputStride, inputStride, output + $0.lowerBound * outputStride, outputStride,
                $0.count, length)
        }
    }

    /// Down the columns of `blocks` dense blocks of `length` × `columns` numbers.
    package func runColumns(
        blocks: Int, length: Int, columns: Int, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        threads: Int
    ) {
        let run = isLogarithm ? kernel.pointee.log_columns : kernel.pointee.run_columns
        forPieces(blocks: blocks, length: length, columns: columns, threads: threads) { offset, count in
            run(input + offset, columns, output + offset, columns, count, length)
        }
    }

    /// The gradient over `rows` dense rows, from the result y and its gradient dy: dx = y · (dy - Σ dy·y), or with
    /// `isLogarithm` dx = dy - e^y · Σ dy. `inputGradient` may be `outputGradient` or `output`.
    package func runGradient(
        rows: Int, length: Int, outputGradient: UnsafePointer<Float>, output: UnsafePointer<Float>,
        inputGradient: UnsafeMutablePointer<Float>, threads: Int
    ) {
        guard length > 0 else { return }
        let run = isLogarithm ? kernel.pointee.log_gradient : kernel.pointee.gradient
        parallelRanges(rows, unit: 1, minimum: 4096 / length, threads: threads) {
            let offset = $0.lowerBound * length
            run(outputGradient + offset, output + offset, inputGradient + offset, length, $0.count, length)
        }
    }

    /// The gradient down the columns of `blocks` dense blocks of `length` × `columns` numbers.
    package func runColumnsGradient(
        blocks: Int, length: Int, columns: Int, outputGradient: UnsafePointer<Float>, output: UnsafePointer<Float>,
        inputGradient: UnsafeMutablePointer<Float>, threads: Int
    ) {
        let run = isLogarithm ? kernel.pointee.log_gradient_columns : kernel.pointee.gradient_columns
        forPieces(blocks: blocks, length: length, columns: columns, threads: threads) { offset, count in
            run(outputGradient + offset, output + offset, inputGradient + offset, columns, count, length)
        }
    }

    /// Calls `body` with the offset and the width of pieces of 256 columns, which depend on the shape alone.
    private func forPieces(blocks: Int, length: Int, columns: Int, threads: Int, _ body: (Int, Int) -> Void) {
        guard length > 0, columns > 0 else { return }
        let pieces = (columns - 1) / 256 + 1
        parallelFor(blocks * pieces, threads: threads) { task in
            let (block, piece) = task.quotientAndRemainder(dividingBy: pieces)
            body(block * length * columns + piece * 256, min(256, columns - piece * 256))
        }
    }
}
