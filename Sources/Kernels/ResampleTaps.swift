import CSaccadeKernels

/// The taps of every output index along one axis, one list after the other: a sparse matrix by rows; see
/// `resample_f32.h`.
struct ResampleTaps: Sendable {
    struct Tap: Sendable {
        let index: Int
        let weight: Float
    }

    private let starts: [UInt32]
    private let indices: [UInt32]
    private let weights: [Float]
    let inputs: Int
    let outputs: Int

    /// The taps of each output, in the order in which they are added; those of weight 0 are left out, so that what they
    /// would read does not matter. Stops the program when a tap lies outside of the input.
    init(_ lists: [[Tap]], inputs: Int) {
        var starts: [UInt32] = [0]
        var indices: [UInt32] = []
        var weights: [Float] = []
        for list in lists {
            for tap in list where tap.weight != 0 {
                precondition((0..<inputs).contains(tap.index), "tap \(tap.index) of \(inputs) inputs")
                indices.append(UInt32(tap.index))
                weights.append(tap.weight)
            }
            starts.append(UInt32(indices.count))
        }
        // One more that nothing reads: no list is without an address.
        indices.append(0)
        weights.append(0)
        self.starts = starts
        self.indices = indices
        self.weights = weights
        self.inputs = inputs
        outputs = lists.count
    }

    /// Linear resizing.
    init(linear taps: [ResampleTap], inputs: Int) {
        self.init(
            taps.map { [Tap(index: $0.first, weight: 1 - $0.weight), Tap(index: $0.second, weight: $0.weight)] },
            inputs: inputs)
    }

    /// The mean of the places of a window inside of the image, divided by their number or by that of the places inside of
    /// the padded image.
    init(mean window: WindowExtent, inputs: Int, outputs: Int, countsPadding: Bool) {
        self.init(
            (0..<outputs).map { output in
                let places = (0..<window.kernel).map {
                    output * window.stride - window.padBefore + $0 * window.dilation
                }
                let inside = places.filter { (0..<inputs).contains($0) }
                let padded = places.filter { $0 < inputs + window.padAfter }
                let count = countsPadding ? padded.count : inside.count
                return inside.map { Tap(index: $0, weight: 1 / Float(count)) }
            }, inputs: inputs)
    }

    /// The transposed matrix: each input's taps are the outputs that read it, in order.
    var transposed: ResampleTaps {
        var lists: [[Tap]] = Array(repeating: [], count: inputs)
        for output in 0..<outputs {
            for place in Int(starts[output])..<Int(starts[output + 1]) {
                lists[Int(indices[place])].append(Tap(index: output, weight: weights[place]))
            }
        }
        return ResampleTaps(lists, inputs: outputs)
    }

    func withAxis(_ body: (sk_resample_axis) -> Void) {
        starts.withUnsafeBufferPointer { starts in
            indices.withUnsafeBufferPointer { indices in
                weights.withUnsafeBufferPointer { weights in
                    guard let starts = starts.baseAddress, let indices = indices.baseAddress,
                        let weights = weights.baseAddress
                    else { return }
                    body(sk_resample_axis(starts: starts, indices: indices, weights: weights))
                }
            }
        }
    }
}

/// Resampling of channels-last float images by the taps of both axes; the contract is in `resample_f32.h`.
struct ResampleKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_resample_f32_kernel>
    private let batch: Int
    private let channels: Int
    private let inputPixelStride: Int
    private let outputPixelStride: Int
    private let rows: ResampleTaps
    private let columns: ResampleTaps

    /// Pixel strides are in elements.
    init(
        batch: Int, channels: Int, rows: ResampleTaps, columns: ResampleTaps, inputPixelStride: Int,
        outputPixelStride: Int, instructionSet: InstructionSet
    ) {
        kernel = sk_resample_f32_choose(instructionSet.code)
        self.batch = batch
        self.channels = channels
        self.inputPixelStride = inputPixelStride
        self.outputPixelStride = outputPixelStride
        self.rows = rows
        self.columns = columns
    }

    /// The kernel of the transposed matrices, from gradients of the outputs to those of the inputs.
    func transposed(instructionSet: InstructionSet) -> ResampleKernel {
        ResampleKernel(
            batch: batch, channels: channels, rows: rows.transposed, columns: columns.transposed,
            inputPixelStride: outputPixelStride, outputPixelStride: inputPixelStride, instructionSet: instructionSet)
    }

    /// All of the output is written.
    func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int) {
        parallelRanges(batch * rows.outputs, unit: 1, minimum: 1, threads: threads) { range in
            rows.withAxis { rows in
                columns.withAxis { columns in
                    var shape = sk_resample_shape(
                        channels: channels, in_height: self.rows.inputs, in_width: self.columns.inputs,
                        out_height: self.rows.outputs, out_width: self.columns.outputs,
                        in_pixel_stride: inputPixelStride, out_pixel_stride: outputPixelStride, rows: rows,
                        columns: columns)
                    kernel.pointee.run(&shape, input, output, range.lowerBound, range.upperBound)
                }
            }
        }
    }
}
