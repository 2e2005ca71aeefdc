import CSaccadeKernels

/// Linear resizing of channels-last float images, and its gradient; the contract is in `resample_f32.h`.
///
/// Output pixel (y, x) is the mean of the input pixels of rows[y] and columns[x], weighted as the taps say. Nearest
/// resizing is the case where no tap has a second pixel: its forward is `NearestResize`, its gradient is here.
package struct LinearResizeKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_resample_f32_kernel>
    private let batch: Int
    private let channels: Int
    private let inputHeight: Int
    private let inputWidth: Int
    private let inputPixelStride: Int
    private let outputPixelStride: Int
    private let forward: (rows: ResampleTaps, columns: ResampleTaps)
    private let transposed: (rows: ResampleTaps, columns: ResampleTaps)

    /// Pixel strides are in elements. Every tap lies inside of the input.
    package init(
        batch: Int, channels: Int, inputHeight: Int, inputWidth: Int, rows: [ResampleTap], columns: [ResampleTap],
        inputPixelStride: Int, outputPixelStride: Int, instructionSet: InstructionSet
    ) {
        kernel = sk_resample_f32_choose(instructionSet.code)
        self.batch = batch
        self.channels = channels
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.inputPixelStride = inputPixelStride
        self.outputPixelStride = outputPixelStride
        forward = (ResampleTaps(rows, inputs: inputHeight), ResampleTaps(columns, inputs: inputWidth))
        transposed = (
            ResampleTaps(transposing: rows, inputs: inputHeight), ResampleTaps(transposing: columns, inputs: inputWidth)
        )
    }

    /// Nearest resizing: output pixel (y, x) is input pixel (rows[y], columns[x]).
    package init(
        batch: Int, channels: Int, inputHeight: Int, inputWidth: Int, nearestRows rows: [Int],
        nearestColumns columns: [Int], inputPixelStride: Int, outputPixelStride: Int, instructionSet: InstructionSet
    ) {
        self.init(
            batch: batch, channels: channels, inputHeight: inputHeight, inputWidth: inputWidth,
            rows: rows.map { ResampleTap(first: $0, second: $0, weight: 0) },
            columns: columns.map { ResampleTap(first: $0, second: $0, weight: 0) },
            inputPixelStride: inputPixelStride, outputPixelStride: outputPixelStride, instructionSet: instructionSet)
    }

    package func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int) {
        resample(
            input, to: output, taps: forward, inputPixelStride: inputPixelStride, outputPixelStride: outputPixelStride,
            inputHeight: inputHeight, inputWidth: inputWidth, threads: threads)
    }

    /// dx from dy, which have the pixel strides of input and output. All of dx is written.
    package func runGradient(gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, threads: Int) {
        resample(
            gradient, to: result, taps: transposed, inputPixelStride: outputPixelStride,
            outputPixelStride: inputPixelStride, inputHeight: forward.rows.outputs,
            inputWidth: forward.columns.outputs, threads: threads)
    }

    private func resample(
        _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
        taps: (rows: ResampleTaps, columns: ResampleTaps), inputPixelStride: Int, outputPixelStride: Int,
        inputHeight: Int, inputWidth: Int, threads: Int
    ) {
        let height = taps.rows.outputs
        parallelRanges(batch * height, unit: 1, minimum: 1, threads: threads) { range in
            taps.rows.withAxis { rows in
                taps.columns.withAxis { columns in
                    var shape = sk_resample_shape(
                        channels: channels, in_height: inputHeight, in_width: inputWidth, out_height: height,
                        out_width: taps.columns.outputs, in_pixel_stride: inputPixelStride,
                        out_pixel_stride: outputPixelStride, rows: rows, columns: columns)
                    kernel.pointee.run(&shape, source, target, range.lowerBound, range.upperBound)
                }
            }
        }
    }
}
