import CSaccadeKernels

/// The gradient of a convolution's input, given that of its sum: dx[at(p,ky,kx)][i] = Σ_(p,ky,kx) Σ_o dy[p][o] ·
/// w[o][i][ky][kx]. With a bias it is the forward of a transposed convolution. Made once at plan time; layouts are those
/// of `conv2d_f32.h`.
///
///     let gradient = ConvolutionInputGradient(shape: shape, instructionSet: .best)
///     gradient?.run(
///         outputGradient: dy, weights: w, bias: nil, inputGradient: dx, scratch: scratch, threads: 2)
///
/// Pixels of dx whose padded places have the same remainders by the strides are computed together, a phase: they are the
/// output of a convolution of dy with stride 1, whose weights are those of the taps that reach them, turned round and
/// with inputs and outputs exchanged. Phases that no tap reaches are the bias alone. The result does not depend on
/// `threads`.
package struct ConvolutionInputGradient: @unchecked Sendable {
    // Sendable: the kernels are constants of the C module.

    /// Of the convolution: `in_pixel_stride` is that of dx, `out_pixel_stride` that of dy.
    package let shape: ConvolutionShape
    /// The kernel's name, for listings.
    package var kernelName: String {
        phases.lazy.compactMap(\.kernel).first.map { String(cString: $0.pointee.name) } ?? "fill"
    }
    /// Multiply-adds of one run.
    package var multiplyAdds: Int { shape.multiplyAdds }

    private let phases: [Phase]
    /// Floats of scratch: the weights of a phase in plain layout, packed, and its pixels where they lie apart in dx.
    private let plainCount: Int
    private let packedCount: Int
    private let pixelCount: Int

    /// One axis of a phase: places first, first + stride … of dx, `count` of them; and the taps that reach them.
    private struct Axis {
        var first: Int
        var count: Int
        /// The last tap, the number of them, and the distance between them.
        var lastTap: Int
        var taps: Int
        var tapStep: Int
        /// Of the convolution over dy.
        var dilation: Int
        var pad: Int

        /// The phases of an axis of `extent` places: its remainders by `stride`.
        static func all(extent: Int, kernel: Int, stride: Int, dilation: Int, pad: Int) -> [Axis] {
            let divisor = greatestCommonDivisor(stride, dilation)
            return (0..<stride).compactMap { remainder in
                // Places p with p + pad = stride · t + remainder, from t = begin on.
                let begin = max(0, pad - remainder + stride - 1) / stride
                let first = stride * begin + remainder - pad
                guard first < extent else { return nil }
                let count = (extent - first - 1) / stride + 1
                let tapStep = stride / divisor
                guard let tap = (0..<min(kernel, tapStep)).first(where: { $0 * dilation % stride == remainder }) else {
                    return Axis(first: first, count: count, lastTap: 0, taps: 0, tapStep: 1, dilation: 1, pad: 0)
                }
                // Tap `tap + j · tapStep` of place t reads dy at t - offset - j · (dilation ÷ divisor).
                let taps = (kernel - tap - 1) / tapStep + 1
                let offset = (tap * dilation - remainder) / stride
                let step = dilation / divisor
                return Axis(
                    first: first, count: count, lastTap: tap + (taps - 1) * tapStep, taps: taps, tapStep: tapStep,
                    dilation: step, pad: offset + (taps - 1) * step - begin)
            }
        }
    }

    private struct Phase {
        var rows: Axis
        var columns: Axis
        /// The convolution of dy; its output is dense where the pixels lie apart in dx.
        var shape: ConvolutionShape
        /// Nil: no tap reaches the phase.
        var kernel: UnsafePointer<sk_conv2d_f32_kernel>?
    }

    /// Returns nil when no kernel of the instruction set supports the shape (a kernel more than a hundred columns wide).
    package init?(shape: ConvolutionShape, instructionSet: InstructionSet) {
        self.shape = shape
        let rows = Axis.all(
            extent: shape.in_height, kernel: shape.kernel_height, stride: shape.stride_height,
            dilation: shape.dilation_height, pad: shape.pad_top)
        let columns = Axis.all(
            extent: shape.in_width, kernel: shape.kernel_width, stride: shape.stride_width,
            dilation: shape.dilation_width, pad: shape.pad_left)
        let isOnePhase = shape.stride_height == 1 && shape.stride_width == 1
        var phases: [Phase] = []
        var (plain, packed, pixels) = (0, 0, 0)
        for row in rows {
            for column in columns {
                var phase = Phase(
                    rows: row, columns: column,
                    shape: ConvolutionShape(
                        batch: shape.batch, inputHeight: shape.out_height, inputWidth: shape.out_width,
                        inputChannels: shape.out_channels, outputHeight: row.count, outputWidth: column.count,
                        outputChannels: shape.in_channels, kernelHeight: row.taps, kernelWidth: column.taps,
                        dilationHeight: row.dilation, dilationWidth: column.dilation, padTop: row.pad,
                        padLeft: column.pad, groups: shape.groups, inputPixelStride: shape.out_pixel_stride,
                        outputPixelStride: isOnePhase ? shape.in_pixel_stride : nil))
                if row.taps > 0, column.taps > 0, shape.out_height > 0, shape.out_width > 0 {
                    guard let kernel = sk_conv2d_f32_choose(&phase.shape, instructionSet.code) else { return nil }
                    phase.kernel = kernel
                    plain = max(plain, phase.shape.weightCount)
                    packed = max(packed, kernel.pointee.packed_count(&phase.shape))
                    if !isOnePhase { pixels = max(pixels, phase.shape.outputPixels * shape.in_channels) }
                }
                phases.append(phase)
            }
        }
        self.phases = phases
        plainCount = (plain + 15) / 16 * 16
        packedCount = (packed + 15) / 16 * 16
        pixelCount = pixels
    }

    /// Bytes of scratch that `run` needs.
    package var scratchByteCount: Int { (plainCount + packedCount + pixelCount) * MemoryLayout<Float>.stride }

    /// - Parameters:
    ///   - weights: of the convolution, [out][in ÷ groups][height][width].
    ///   - bias: of each channel of dx, added to all its pixels; nil adds nothing.
    ///   - inputGradient: overwritten.
    ///   - scratch: `scratchByteCount` bytes, 64-byte aligned.
    package func run(
        outputGradient: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        inputGradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let plain = scratch.assumingMemoryBound(to: Float.self)
        let (packed, pixels) = (plain + plainCount, plain + plainCount + packedCount)
        for phase in phases {
            guard let kernel = phase.kernel else {
                fill(phase, bias: bias, inputGradient, threads: threads)
                continue
            }
            turn(weights, for: phase, into: plain, threads: threads)
            kernel.share(packingOf: phase.shape, weights: plain, bias: bias, into: packed, threads: threads)
            let blockCount = withUnsafePointer(to: phase.shape) { kernel.pointee.block_count($0) }
            func convolve(_ range: Range<Int>, to output: UnsafeMutablePointer<Float>) {
                let part = sk_conv2d_range(
                    pixel_begin: range.lowerBound, pixel_end: range.upperBound, block_begin: 0, block_end: blockCount)
                withUnsafePointer(to: phase.shape) {
                    kernel.pointee.run($0, packed, outputGradient, nil, output, FusedActivation.none.code, part)
                }
            }
            let tile = kernel.pointee.tile_pixels
            phase.shape.sharePixels(unit: tile, threads: threads) { range in
                guard pixelCount > 0 else { return convolve(range, to: inputGradient) }
                // Some tiles at a time, so that the cache still has the pixels when they go to their places.
                for begin in stride(from: range.lowerBound, to: range.upperBound, by: 8 * tile) {
                    let some = begin..<min(begin + 8 * tile, range.upperBound)
                    convolve(some, to: pixels)
                    place(phase, pixels: some, from: pixels, to: inputGradient)
                }
            }
        }
    }

    /// plain[i][o][tap] = weights[o][i][tap of the phase, the last one first], group by group.
    private func turn(
        _ weights: UnsafePointer<Float>, for phase: Phase, into plain: UnsafeMutablePointer<Float>, threads: Int
    ) {
        let (groupIn, groupOut) = (shape.in_channels / shape.groups, shape.out_channels / shape.groups)
        let taps = shape.kernel_height * shape.kernel_width
        let (rows, columns) = (phase.rows, phase.columns)
        let perChannel = groupOut * rows.taps * columns.taps
        let rowStep = rows.tapStep * shape.kernel_width
        let last = rows.lastTap * shape.kernel_width + columns.lastTap
        let phaseTaps = rows.taps * columns.taps
        // Some channels of a group at a time: their weights for one o lie in one piece.
        let blocks = (groupIn + 15) / 16
        parallelRanges(
            shape.groups * blocks, unit: 1, minimum: 1 + (1 << 14) / max(1, 16 * perChannel), threads: threads
        ) { range in
            for index in range {
                let (group, block) = index.quotientAndRemainder(dividingBy: blocks)
                let count = min(16, groupIn - block * 16)
                var from = weights + (group * groupOut * groupIn + block * 16) * taps + last
                var to = plain + (group * groupIn + block * 16) * perChannel
                for _ in 0..<groupOut {
                    if phaseTaps == 1 {
                        for i in 0..<count { to[i &* perChannel] = from[i &* taps] }
                    } else {
                        for i in 0..<count {
                            var target = to + i &* perChannel
                            var row = from + i &* taps
                            for _ in 0..<rows.taps {
                                for tap in 0..<columns.taps { target[tap] = row[0 &- tap &* columns.tapStep] }
                                target += columns.taps
                                row -= rowStep
                            }
                        }
                    }
                    from += groupIn * taps
                    to += phaseTaps
                }
            }
        }
    }

    /// Copies dense pixels of a phase to their places in dx.
    private func place(
        _ phase: Phase, pixels: Range<Int>, from: UnsafePointer<Float>, to inputGradient: UnsafeMutablePointer<Float>
    ) {
        let channels = shape.in_channels
        var (row, column) = pixels.lowerBound.quotientAndRemainder(dividingBy: phase.columns.count)
        var pixel = pixels.lowerBound
        while pixel < pixels.upperBound {
            let run = min(phase.columns.count - column, pixels.upperBound - pixel)
            var to = inputGradient + rowOffset(phase, row)
            to += column * shape.stride_width * shape.in_pixel_stride
            for _ in 0..<run {
                if channels < 16 {
                    for channel in 0..<channels { to[channel] = from[pixel &* channels &+ channel] }
                } else {
                    to.update(from: from + pixel * channels, count: channels)
                }
                to += shape.stride_width * shape.in_pixel_stride
                pixel += 1
            }
            (row, column) = (row + 1, 0)
        }
    }

    /// Where the pixels of a row of a phase begin in dx; rows are counted over all images.
    private func rowOffset(_ phase: Phase, _ row: Int) -> Int {
        let (image, y) = row.quotientAndRemainder(dividingBy: phase.rows.count)
        let place = (image * shape.in_height + phase.rows.first + y * shape.stride_height) * shape.in_width
        return (place + phase.columns.first) * shape.in_pixel_stride
    }

    /// The bias alone.
    private func fill(
        _ phase: Phase, bias: UnsafePointer<Float>?, _ inputGradient: UnsafeMutablePointer<Float>, threads: Int
    ) {
        let perRow = phase.columns.count * shape.in_channels
        parallelRanges(
            shape.batch * phase.rows.count, unit: 1, minimum: 1 + (1 << 14) / max(1, perRow), threads: threads
        ) { rows in
            for row in rows {
                var to = inputGradient + rowOffset(phase, row)
                for _ in 0..<phase.columns.count {
                    if let bias {
                        to.update(from: bias, count: shape.in_channels)
                    } else {
                        to.update(repeating: 0, count: shape.in_channels)
                    }
                    to += shape.stride_width * shape.in_pixel_stride
                }
            }
        }
    }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
