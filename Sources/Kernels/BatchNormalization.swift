/// Batch normalization in training mode, channels last (Ioffe and Szegedy 2015): each channel is brought to mean 0 and
/// deviation 1 over all the batch's pixels, y = (x - mean) · inverseDeviation · scale + bias with
/// inverseDeviation = 1 / √(variance + ε), the variance being the biased one (÷ pixels).
///
/// x, y: pixels × channels, the pixels of the whole batch; all else: channels.
package struct BatchNormalizationKernel: Sendable {
    /// One image with a group for each channel.
    private let kernel: GroupNormalizationKernel

    package init(pixels: Int, channels: Int, epsilon: Float, instructionSet: InstructionSet) {
        kernel = GroupNormalizationKernel(
            images: 1, pixels: pixels, channels: channels, groups: max(channels, 1), epsilon: epsilon,
            instructionSet: instructionSet)
    }

    /// Bytes of scratch that a run needs, either way.
    package var scratchByteCount: Int { kernel.scratchByteCount }

    /// Normalizes, and returns the statistics in `mean` and `inverseDeviation`.
    ///
    /// - Parameters:
    ///   - scale: 1 where it is nil; so `bias` is 0.
    ///   - output: may be `input`.
    ///   - scratch: `scratchByteCount` bytes, aligned as doubles are.
    package func run(
        input: UnsafePointer<Float>, scale: UnsafePointer<Float>?, bias: UnsafePointer<Float>?,
        output: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>,
        inverseDeviation: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        kernel.run(
            input: input, scale: scale, bias: bias, output: output, mean: mean, inverseDeviation: inverseDeviation,
            scratch: scratch, threads: threads)
    }

    /// The gradient. With z = (x - mean) · inverseDeviation and ⟨⟩ the mean over the pixels:
    /// dx = scale · inverseDeviation · (dy - ⟨dy⟩ - z · ⟨dy·z⟩), dscale = Σ dy·z, dbias = Σ dy.
    ///
    /// - Parameters:
    ///   - inputGradient: may be `outputGradient` or `input`.
    ///   - scratch: `scratchByteCount` bytes, aligned as doubles are.
    package func runGradient(
        outputGradient: UnsafePointer<Float>, input: UnsafePointer<Float>, scale: UnsafePointer<Float>?,
        mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>,
        inputGradient: UnsafeMutablePointer<Float>, scaleGradient: UnsafeMutablePointer<Float>?,
        biasGradient: UnsafeMutablePointer<Float>?, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        kernel.runGradient(
            outputGradient: outputGradient, input: input, scale: scale, mean: mean, inverseDeviation: inverseDeviation,
            inputGradient: inputGradient, scaleGradient: scaleGradient, biasGradient: biasGradient, scratch: scratch,
            threads: threads)
    }
}
