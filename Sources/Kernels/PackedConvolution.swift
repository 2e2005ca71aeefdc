package import CSaccadeKernels
package import Tensors

/// The extents of a convolution, as `conv2d_f32.h` has them.
package typealias ConvolutionShape = sk_conv2d_shape

/// A two-dimensional convolution of channels-last float images whose weights lie ready for one kernel.
///
/// The formula and what the pixel strides mean are in `conv2d_f32.h`. The result does not depend on `threads`.
package final class PackedConvolution: @unchecked Sendable {
    // Sendable: nothing is written after init.
    package let shape: ConvolutionShape
    package let activation: FusedActivation
    /// The kernel's name, for listings.
    package var kernelName: String { String(cString: kernel.pointee.name) }

    private let kernel: UnsafePointer<sk_conv2d_f32_kernel>
    private let packed: TensorBuffer
    private let blockCount: Int

    /// Packs weights [out][in ÷ groups][height][width] and bias [out].
    ///
    /// Returns nil when no kernel of the instruction set supports the shape (a kernel more than a hundred columns wide).
    package init?(
        shape: ConvolutionShape, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        activation: FusedActivation, instructionSet: InstructionSet
    ) throws(TensorError) {
        var shape = shape
        guard let kernel = sk_conv2d_f32_choose(&shape, instructionSet.code) else { return nil }
        self.kernel = kernel
        self.shape = shape
        self.activation = activation
        blockCount = kernel.pointee.block_count(&shape)
        packed = try TensorBuffer(byteCount: kernel.pointee.packed_count(&shape) * MemoryLayout<Float>.stride)
        kernel.pointee.pack(
            &shape, weights, bias, packed.baseAddress.assumingMemoryBound(to: Float.self), 0, blockCount)
    }

    /// Multiply-adds of one run.
    package var multiplyAdds: Int { shape.multiplyAdds }

    package func run(
        input: UnsafePointer<Float>, addend: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>, threads: Int
    ) {
        let weights = packed.baseAddress.assumingMemoryBound(to: Float.self)
        shape.sharePixels(unit: kernel.pointee.tile_pixels, threads: threads) {
            var shape = self.shape
            let range = sk_conv2d_range(
                pixel_begin: $0.lowerBound, pixel_end: $0.upperBound, block_begin: 0, block_end: blockCount)
            kernel.pointee.run(&shape, weights, input, addend, output, activation.code, range)
        }
    }
}

extension ConvolutionShape {
    /// Calls `body` with ranges of the output's pixels, each a piece of at least half a million multiply-adds, some ten
    /// microseconds.
    func sharePixels(unit: Int, threads: Int, _ body: (Range<Int>) -> Void) {
        let pixels = outputPixels
        let perPixel = max(1, multiplyAdds / max(pixels, 1))
        parallelRanges(pixels, unit: unit, minimum: 500_000 / perPixel, threads: threads, body)
    }

    /// Pixels of all output images.
    var outputPixels: Int { batch * out_height * out_width }

    /// Weights of the convolution.
    var weightCount: Int { out_channels * (in_channels / groups) * kernel_height * kernel_width }
}

extension ConvolutionShape {
    /// Pixel strides are in elements; nil: the images are dense.
    package init(
        batch: Int = 1, inputHeight: Int, inputWidth: Int, inputChannels: Int, outputHeight: Int, outputWidth: Int,
        outputChannels: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int = 1, strideWidth: Int = 1,
        dilationHeight: Int = 1, dilationWidth: Int = 1, padTop: Int = 0, padLeft: Int = 0, groups: Int = 1,
        inputPixelStride: Int? = nil, outputPixelStride: Int? = nil, addendPixelStride: Int? = nil
    ) {
        self.init(
            batch: batch, in_height: inputHeight, in_width: inputWidth, in_channels: inputChannels,
            out_height: outputHeight, out_width: outputWidth, out_channels: outputChannels,
            kernel_height: kernelHeight, kernel_width: kernelWidth, stride_height: strideHeight,
            stride_width: strideWidth, dilation_height: dilationHeight, dilation_width: dilationWidth,
            pad_top: padTop, pad_left: padLeft, groups: groups, in_pixel_stride: inputPixelStride ?? inputChannels,
            out_pixel_stride: outputPixelStride ?? outputChannels,
            addend_pixel_stride: addendPixelStride ?? outputChannels)
    }
}
