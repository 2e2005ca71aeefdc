import CSaccadeKernels

/// Layer normalization over the last axis (Ba, Kiros and Hinton 2016): each row is brought to mean 0 and deviation 1,
/// y = (x - mean) · inverseDeviation · scale + bias with inverseDeviation = 1 / √(variance + ε).
///
/// x, y: rows × length; scale, bias: length; mean, inverseDeviation: rows. Sums are doubles.
package struct LayerNormalizationKernel: @unchecked Sendable {
    // Sendable: the kernels are constants of the C module.
    private let kernel: UnsafePointer<sk_normalize_f32_kernel>
    private let reduction: UnsafePointer<sk_reduce_f32_kernel>
    private let rows: Int
    private let length: Int
    private let epsilon: Float
    /// The gradients of scale and bias are summed over chunks of rows, which depend on the shape alone, and within
    /// these over blocks that stay in the second cache.
    private let chunk: Int
    private let chunks: Int
    private let block: Int

    package init(rows: Int, length: Int, epsilon: Float, instructionSet: InstructionSet) {
        kernel = sk_normalize_f32_choose(instructionSet.code)
        reduction = sk_reduce_f32_choose(instructionSet.code)
        (self.rows, self.length, self.epsilon) = (rows, length, epsilon)
        let most = max(1, min(64, rows * length / 32768, rows / 16))
        chunk = max(1, (rows + most - 1) / most)
        chunks = rows == 0 ? 0 : (rows - 1) / chunk + 1
        block = max(32, 16384 / max(length, 1))
    }

    /// Bytes of scratch that the gradient needs; `run` needs none.
    package var scratchByteCount: Int { 2 * length * (chunks + 1) * MemoryLayout<Double>.stride }

    /// Normalizes, and returns the statistics in `mean` and `inverseDeviation`.
    ///
    /// - Parameters:
    ///   - scale: 1 where it is nil; so `bias` is 0.
    ///   - output: may be `input`.
    package func run(
        input: UnsafePointer<Float>, scale: UnsafePointer<Float>?, bias: UnsafePointer<Float>?,
        output: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>,
        inverseDeviation: UnsafeMutablePointer<Float>, threads: Int
    ) {
        guard length > 0 else { return }
        parallelRanges(rows, unit: 1, minimum: (1 << 14) / length, threads: threads) {
            let first = $0.lowerBound
            kernel.pointee.rows(
                input + first * length, scale, bias, epsilon, output + first * length, mean + first,
                inverseDeviation + first, $0.count, length)
        }
    }

    /// The gradient. With g = dy · scale, z = (x - mean) · inverseDeviation and ⟨⟩ the mean over a row:
    /// dx = inverseDeviation · (g - ⟨g⟩ - z · ⟨g·z⟩), dscale = Σ dy·z, dbias = Σ dy over the rows.
    ///
    /// - Parameters:
    ///   - inputGradient: may be `outputGradient` or `input`.
    ///   - scaleGradient: not computed where it and `biasGradient` are nil.
    ///   - scratch: `scratchByteCount` bytes, aligned as doubles are.
    package func runGradient(
        outputGradient: UnsafePointer<Float>, input: UnsafePointer<Float>, scale: UnsafePointer<Float>?,
        mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>,
        inputGradient: UnsafeMutablePointer<Float>, scaleGradient: UnsafeMutablePointer<Float>?,
        biasGradient: UnsafeMutablePointer<Float>?, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        guard length > 0 else { return }
        let width = 2 * length
        let totals = scratch.assumingMemoryBound(to: Double.self)
        let parts = totals + width
        let sums = scaleGradient != nil || biasGradient != nil
        parallelRanges(chunks, unit: 1, minimum: (1 << 14) / (chunk * length), threads: threads) {
            for index in $0 {
                let part = parts + index * width
                if sums { part.update(repeating: 0, count: width) }
                let end = min((index + 1) * chunk, rows)
                for row in stride(from: index * chunk, to: end, by: block) {
                    let at = row * length
                    let count = min(block, end - row)
                    // The sums first: `inputGradient` may lie over what they read.
                    if sums {
                        kernel.pointee.rows_moments(
                            outputGradient + at, input + at, mean + row, inverseDeviation + row, part, count, length)
                    }
                    kernel.pointee.rows_gradient(
                        outputGradient + at, input + at, scale, mean + row, inverseDeviation + row, inputGradient + at,
                        count, length)
                }
            }
        }
        guard sums else { return }
        if chunks > 0 {
            reduction.pointee.join(sk_reduction_sum, parts, width, totals, width, chunks)
        } else {
            totals.update(repeating: 0, count: width)
        }
        for column in 0..<length {
            biasGradient?[column] = Float(totals[column])
            scaleGradient?[column] = Float(totals[length + column])
        }
    }
}
