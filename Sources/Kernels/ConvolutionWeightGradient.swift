import CSaccadeKernels

/// The gradients of a convolution's weights and bias, given those of its sum: dw[o][i][ky][kx] = Σ_p dy[p][o] ·
/// x[at(p,ky,kx)][i] and db[o] = Σ_p dy[p][o]. Made once at plan time; layouts are those of `conv2d_f32.h`.
///
///     let gradient = ConvolutionWeightGradient(shape: shape, instructionSet: .best)
///     gradient?.run(
///         input: x, outputGradient: dy, weightGradient: dw, biasGradient: db, scratch: scratch, threads: 2)
///
/// The pixels are cut into ranges that depend on the shape alone and whose sums are added in a fixed tree, so the result
/// does not depend on `threads`.
package struct ConvolutionWeightGradient: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.

    /// Of the convolution: `out_pixel_stride` is that of dy.
    package let shape: ConvolutionShape
    /// The kernel's name, for listings.
    package var kernelName: String { String(cString: kernel.pointee.name) }
    /// Multiply-adds of one run.
    package var multiplyAdds: Int { shape.multiplyAdds }

    private let kernel: UnsafePointer<sk_conv2d_weight_gradient_f32_kernel>
    private let blockCount: Int
    private let sumsCount: Int
    /// Ranges of pixels.
    private let rangeCount: Int
    /// Parts of the output channels that are computed apart.
    private let partCount: Int

    /// Returns nil when no kernel of the instruction set supports the shape (a kernel more than 32 columns wide).
    package init?(shape: ConvolutionShape, instructionSet: InstructionSet) {
        var shape = shape
        guard let kernel = sk_conv2d_weight_gradient_f32_choose(&shape, instructionSet.code) else { return nil }
        self.kernel = kernel
        self.shape = shape
        blockCount = kernel.pointee.block_count(&shape)
        sumsCount = (kernel.pointee.sums_count(&shape) + 15) / 16 * 16
        // Sums that are small beside the images are kept for many ranges; large ones have parts enough to share.
        let pixelBlocks = (shape.outputPixels + kernel.pointee.block_pixels - 1) / kernel.pointee.block_pixels
        let affordable = max(2, (1 << 21) / max(1, sumsCount))
        rangeCount = max(1, min(16, affordable, pixelBlocks / 2))
        // Each part finds the taps' addresses again, which few input channels would not pay for.
        partCount = shape.in_channels / shape.groups < 8 ? 1 : max(1, min(blockCount, 32 / rangeCount))
    }

    /// Bytes of scratch that `run` needs.
    package var scratchByteCount: Int {
        (zeroCount + rangeCount * sumsCount) * MemoryLayout<Float>.stride
    }

    /// What taps outside of the image read.
    private var zeroCount: Int { (shape.in_channels * shape.kernel_width + 15) / 16 * 16 }

    /// - Parameters:
    ///   - weightGradient: [out][in ÷ groups][height][width].
    ///   - biasGradient: of each output channel; nil where it is not wanted.
    ///   - scratch: `scratchByteCount` bytes, 64-byte aligned.
    package func run(
        input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>, weightGradient: UnsafeMutablePointer<Float>,
        biasGradient: UnsafeMutablePointer<Float>?, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let zeros = scratch.assumingMemoryBound(to: Float.self)
        zeros.update(repeating: 0, count: zeroCount)
        let sums = zeros + zeroCount
        let blockPixels = kernel.pointee.block_pixels
        let pixels = shape.outputPixels
        let pixelBlocks = (pixels + blockPixels - 1) / blockPixels
        parallelFor(rangeCount * partCount, threads: multiplyAdds < 1 << 17 ? 1 : threads) { task in
            let (index, part) = task.quotientAndRemainder(dividingBy: partCount)
            let range = sk_conv2d_range(
                pixel_begin: pixelBlocks * index / rangeCount * blockPixels,
                pixel_end: min(pixelBlocks * (index + 1) / rangeCount * blockPixels, pixels),
                block_begin: blockCount * part / partCount, block_end: blockCount * (part + 1) / partCount)
            withUnsafePointer(to: shape) {
                kernel.pointee.run($0, input, outputGradient, zeros, sums + index * sumsCount, range)
            }
        }
        let perBlock = max(1, rangeCount * sumsCount / max(blockCount, 1))
        parallelRanges(blockCount, unit: 1, minimum: 1 + (1 << 14) / perBlock, threads: threads) { blocks in
            withUnsafePointer(to: shape) {
                kernel.pointee.finish(
                    $0, sums, sumsCount, rangeCount, weightGradient, biasGradient, blocks.lowerBound, blocks.upperBound)
            }
        }
    }
}
