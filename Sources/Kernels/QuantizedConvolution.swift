package import CSaccadeKernels
package import Tensors

/// A two-dimensional convolution of channels-last u8 images whose s8 weights lie ready for one kernel.
///
/// The formula is in `conv2d_u8.h`: exact s32 sums, then one step to the result. The result does not depend on
/// `threads`.
package final class QuantizedConvolution: @unchecked Sendable {
    // Sendable: nothing is written after init.
    package let shape: ConvolutionShape
    /// The kernel's name, for listings.
    package var kernelName: String { String(cString: kernel.pointee.name) }

    private let kernel: UnsafePointer<sk_conv2d_u8_kernel>
    private let packed: TensorBuffer
    private let blockCount: Int
    private let inputZeroPoint: UInt8
    private let requantization: Requantization

    /// Packs weights [out][in ÷ groups][height][width] and bias [out], which is in units of the sums.
    ///
    /// - Parameters:
    ///   - sumScales: what a sum stands for, for each output channel: input scale · weight scale.
    /// - Returns: nil where there is no kernel: sums of which some could pass 32 bits, windows of more than 96 KiB.
    package init?(
        shape: ConvolutionShape, weights: UnsafePointer<Int8>, bias: [Int32], sumScales: [Float],
        inputZeroPoint: UInt8, requantization: Requantization, instructionSet: InstructionSet
    ) throws(TensorError) {
        var shape = shape
        guard let kernel = sk_conv2d_u8_choose(&shape, instructionSet.code) else { return nil }
        self.kernel = kernel
        self.shape = shape
        self.inputZeroPoint = inputZeroPoint
        self.requantization = requantization
        blockCount = kernel.pointee.block_count(&shape)
        packed = try TensorBuffer(byteCount: kernel.pointee.packed_bytes(&shape))

        let depth = shape.in_channels / shape.groups * shape.kernel_height * shape.kernel_width
        var multipliers: [Float] = []
        var biases: [Int32] = []
        for channel in 0..<shape.out_channels {
            let scale = sumScales[channel]
            let multiplier = requantization.multiplier(sumScale: scale)
            let start = Double(bias[channel]) + requantization.sumOffset(sumScale: scale)
            let row = UnsafeBufferPointer(start: weights + channel * depth, count: depth)
            let largest = Double(255 * row.reduce(0) { $0 &+ Int($1.magnitude) }) + abs(start)
            guard multiplier.isFinite, largest < 0x1p31, largest * Double(multiplier) < 0x1p31 else { return nil }
            multipliers.append(multiplier)
            biases.append(Int32(start))
        }
        multipliers.withUnsafeBufferPointer { multipliers in
            biases.withUnsafeBufferPointer { biases in
                guard let multipliers = multipliers.baseAddress, let biases = biases.baseAddress else { return }
                var numbers = sk_conv2d_u8_weights(values: weights, bias: biases, multipliers: multipliers)
                kernel.pointee.pack(&shape, &numbers, inputZeroPoint, packed.baseAddress)
            }
        }
    }

    /// Multiply-adds of one run.
    package var multiplyAdds: Int { shape.multiplyAdds }

    /// - Parameter output: u8, or f32 where the requantization says so.
    package func run(
        input: UnsafePointer<UInt8>, addend: UnsafePointer<UInt8>?, output: UnsafeMutableRawPointer, threads: Int
    ) {
        let pixels = shape.batch * shape.out_height * shape.out_width
        let perPixel = max(1, multiplyAdds / max(pixels, 1))
        let isPointwise = shape.kernel_height == 1 && shape.kernel_width == 1
        // Whole rows share what windows have in common. A piece of two million multiply-adds takes some ten microseconds.
        let unit = isPointwise ? kernel.pointee.tile_pixels : shape.out_width
        parallelRanges(pixels, unit: unit, minimum: 2_000_000 / perPixel, threads: threads) {
            var shape = self.shape
            var requantize = requantization.code
            let range = sk_conv2d_range(
                pixel_begin: $0.lowerBound, pixel_end: $0.upperBound, block_begin: 0, block_end: blockCount)
            kernel.pointee.run(
                &shape, packed.baseAddress, input, inputZeroPoint, addend, output, &requantize, range)
        }
    }
}

extension ConvolutionShape {
    /// Multiply-adds of one run.
    package var multiplyAdds: Int {
        batch * out_height * out_width * out_channels * kernel_height * kernel_width * (in_channels / groups)
    }
}
