import CSaccadeKernels

/// A two-dimensional convolution of channels-last float images whose weights come with every run, as in training. Made
/// once at plan time.
///
///     let convolution = VariableConvolution(shape: shape, activation: .none, instructionSet: .best)
///     convolution?.run(
///         input: x, weights: w, bias: b, addend: nil, output: y, scratch: scratch, threads: 2)
///
/// The formula and what the pixel strides mean are in `conv2d_f32.h`; weights are [out][in ÷ groups][height][width].
/// The result does not depend on `threads`, and has the bits of a `PackedConvolution`.
package struct VariableConvolution: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    package let shape: ConvolutionShape
    package let activation: FusedActivation
    /// The kernel's name, for listings.
    package var kernelName: String { String(cString: kernel.pointee.name) }
    /// Multiply-adds of one run.
    package var multiplyAdds: Int { shape.multiplyAdds }

    private let kernel: UnsafePointer<sk_conv2d_f32_kernel>
    private let blockCount: Int

    /// Returns nil when no kernel of the instruction set supports the shape (a kernel more than a hundred columns wide).
    package init?(shape: ConvolutionShape, activation: FusedActivation = .none, instructionSet: InstructionSet) {
        var shape = shape
        guard let kernel = sk_conv2d_f32_choose(&shape, instructionSet.code) else { return nil }
        self.kernel = kernel
        self.shape = shape
        self.activation = activation
        blockCount = kernel.pointee.block_count(&shape)
    }

    /// Bytes of scratch that `run` needs.
    package var scratchByteCount: Int {
        withUnsafePointer(to: shape) { kernel.pointee.packed_count($0) } * MemoryLayout<Float>.stride
    }

    /// - Parameters:
    ///   - bias: of each output channel; nil: zeros.
    ///   - addend: added after the activation; nil adds nothing.
    ///   - scratch: `scratchByteCount` bytes, 64-byte aligned.
    package func run(
        input: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        addend: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer,
        threads: Int
    ) {
        let packed = scratch.assumingMemoryBound(to: Float.self)
        kernel.share(packingOf: shape, weights: weights, bias: bias, into: packed, threads: threads)
        shape.sharePixels(unit: kernel.pointee.tile_pixels, threads: threads) {
            let range = sk_conv2d_range(
                pixel_begin: $0.lowerBound, pixel_end: $0.upperBound, block_begin: 0, block_end: blockCount)
            withUnsafePointer(to: shape) {
                kernel.pointee.run($0, packed, input, addend, output, activation.code, range)
            }
        }
    }
}

extension UnsafePointer<sk_conv2d_f32_kernel> {
    /// Packs weights on several threads, when there are many.
    func share(
        packingOf shape: ConvolutionShape, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into packed: UnsafeMutablePointer<Float>, threads: Int
    ) {
        withUnsafePointer(to: shape) { shape in
            let blocks = pointee.block_count(shape)
            let perBlock = shape.pointee.weightCount / Swift.max(blocks, 1)
            parallelRanges(blocks, unit: 1, minimum: 1 + (1 << 14) / Swift.max(perBlock, 1), threads: threads) {
                pointee.pack(shape, weights, bias, packed, $0.lowerBound, $0.upperBound)
            }
        }
    }
}
