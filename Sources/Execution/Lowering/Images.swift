import Foundation
import Graphs
import Kernels
import Tensors

extension DataFormat {
    var axes: ImageAxes { self == .channelsLast ? .channelsLast : .channelsFirst }
}

extension Graphs.Activation {
    var fused: FusedActivation {
        switch self {
        case .none: .none
        case .relu: .relu
        case .silu: .silu
        case .sigmoid: .sigmoid
        case .tanh: .tanh
        case .hardSwish: .hardSwish
        case .leakyRelu(let slope): .leakyRelu(slope: slope)
        case .hardSigmoid(let slope, let offset): .hardSigmoid(slope: slope, offset: offset)
        case .clip(let minimum, let maximum): .clip(minimum: minimum, maximum: maximum)
        }
    }
}

extension Lowering {
    /// Inputs: x, weights, bias?, and in plans a residual? that is added after the activation.
    mutating func convolution(_ convolution: Convolution) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        guard convolution.dataFormat == .channelsLast, x.shape.rank == 4 else {
            throw unsupported("images in channels-first order")
        }
        let residual = optional(3)
        guard y.shape.count > 0 else { return { _ in true } }
        guard x.shape.count > 0, try input(1).shape.count > 0 else { throw unsupported("an image without pixels") }
        let shape = convolutionShape(convolution, x, try input(1).shape, y, addend: residual)
        guard let weights = try input(1).constant, optional(2) == nil || optional(2)?.constant != nil else {
            return variableConvolution(convolution, shape)
        }
        let bias = optional(2)?.constant
        packsParameters = true
        let activation = convolution.activation.fused
        let packed: PackedConvolution?
        do {
            packed = try PackedConvolution(
                shape: shape, weights: weights.baseAddress.assumingMemoryBound(to: Float.self),
                bias: bias?.baseAddress.assumingMemoryBound(to: Float.self), activation: activation,
                instructionSet: instructionSet)
        } catch {
            throw ExecutionError(.outOfMemory(bytes: weights.byteCount))
        }
        let hasResidual = residual != nil
        guard let packed else {
            kernel = "conv2d_f32_naive"
            return { context in
                Reference.convolution(
                    shape, weights: weights.baseAddress.assumingMemoryBound(to: Float.self),
                    bias: bias?.baseAddress.assumingMemoryBound(to: Float.self), input: context.floats(input: 0),
                    addend: hasResidual ? UnsafePointer(context.floats(input: 3)) : nil,
                    output: context.floats(output: 0), activation: activation)
                return true
            }
        }
        kernel = packed.kernelName
        multiplyAdds = packed.multiplyAdds
        return { context in
            packed.run(
                input: context.floats(input: 0),
                addend: hasResidual ? UnsafePointer(context.floats(input: 3)) : nil,
                output: context.floats(output: 0), threads: context.threads)
            return true
        }
    }

    /// A convolution whose weights or bias change from run to run.
    private mutating func variableConvolution(
        _ convolution: Convolution, _ shape: ConvolutionShape
    ) -> StepBody {
        let activation = convolution.activation.fused
        let (hasBias, hasResidual) = (optional(2) != nil, optional(3) != nil)
        guard
            let variable = VariableConvolution(
                shape: shape, activation: activation, instructionSet: instructionSet)
        else {
            kernel = "conv2d_f32_naive"
            return { context in
                Reference.convolution(
                    shape, weights: context.floats(input: 1),
                    bias: hasBias ? UnsafePointer(context.floats(input: 2)) : nil, input: context.floats(input: 0),
                    addend: hasResidual ? UnsafePointer(context.floats(input: 3)) : nil,
                    output: context.floats(output: 0), activation: activation)
                return true
            }
        }
        kernel = variable.kernelName
        multiplyAdds = variable.multiplyAdds
        scratchByteCount = variable.scratchByteCount
        return { context in
            variable.run(
                input: context.floats(input: 0), weights: context.floats(input: 1),
                bias: hasBias ? UnsafePointer(context.floats(input: 2)) : nil,
                addend: hasResidual ? UnsafePointer(context.floats(input: 3)) : nil,
                output: context.floats(output: 0), scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    /// Inputs: x, weights, bias?. The convolution whose gradient it is goes from y to x.
    mutating func convolutionTranspose(_ convolution: Convolution) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        guard convolution.dataFormat == .channelsLast, x.shape.rank == 4 else {
            throw unsupported("images in channels-first order")
        }
        guard convolution.activation == .none else { throw unsupported("an activation") }
        guard y.shape.count > 0 else { return { _ in true } }
        guard x.shape.count > 0 else { throw unsupported("an image without pixels") }
        let shape = convolutionShape(convolution, y, try input(1).shape, x, addend: nil)
        let hasBias = optional(2) != nil
        guard let transposed = ConvolutionInputGradient(shape: shape, instructionSet: instructionSet) else {
            throw unsupported("a kernel of this width")
        }
        kernel = "input gradient by \(transposed.kernelName)"
        multiplyAdds = transposed.multiplyAdds
        scratchByteCount = transposed.scratchByteCount
        return { context in
            transposed.run(
                outputGradient: context.floats(input: 0), weights: context.floats(input: 1),
                bias: hasBias ? UnsafePointer(context.floats(input: 2)) : nil,
                inputGradient: context.floats(output: 0), scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    mutating func convolutionWeightGradient(_ convolution: Convolution) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let dy = try input(1)
        guard convolution.dataFormat == .channelsLast, x.shape.rank == 4 else {
            throw unsupported("images in channels-first order")
        }
        let shape = convolutionShape(convolution, x, outputs[0].shape, dy, addend: nil)
        let counts = outputs.map(\.shape.count)
        guard x.shape.count > 0, dy.shape.count > 0 else {
            return { context in
                for (index, count) in counts.enumerated() {
                    context.floats(output: index).update(repeating: 0, count: count)
                }
                return true
            }
        }
        guard let gradient = ConvolutionWeightGradient(shape: shape, instructionSet: instructionSet) else {
            throw unsupported("a kernel of this width")
        }
        kernel = gradient.kernelName
        multiplyAdds = gradient.multiplyAdds
        scratchByteCount = gradient.scratchByteCount
        return { context in
            gradient.run(
                input: context.floats(input: 0), outputGradient: context.floats(input: 1),
                weightGradient: context.floats(output: 0),
                biasGradient: counts.count > 1 ? context.floats(output: 1) : nil, scratch: context.scratch,
                threads: context.threads)
            return true
        }
    }

    /// The extents of a convolution of channels-last images.
    func convolutionShape(
        _ convolution: Convolution, _ x: Operand, _ weights: Shape, _ y: Operand, addend: Operand?
    ) -> ConvolutionShape {
        let window = convolution.window
        return ConvolutionShape(
            batch: x.shape[0], inputHeight: x.shape[1], inputWidth: x.shape[2], inputChannels: x.shape[3],
            outputHeight: y.shape[1], outputWidth: y.shape[2], outputChannels: y.shape[3],
            kernelHeight: weights[2], kernelWidth: weights[3], strideHeight: window.strides.height,
            strideWidth: window.strides.width, dilationHeight: window.dilations.height,
            dilationWidth: window.dilations.width, padTop: window.padding.top, padLeft: window.padding.left,
            groups: convolution.groups, inputPixelStride: x.rowStride, outputPixelStride: y.rowStride,
            addendPixelStride: addend?.rowStride)
    }

    /// Applies an activation to the first output, in place.
    func activationInPlace(
        _ activation: Graphs.Activation, _ y: Operand
    ) -> @Sendable (StepContext) -> Void {
        let unary = UnaryKernel(.activation(activation.fused), instructionSet: instructionSet)
        let rows = y.shape.rowCount
        let length = y.shape.rowLength
        return { context in
            unary.run(
                rows: rows, length: length, input: context.floats(output: 0), inputStride: y.rowStride,
                output: context.floats(output: 0), outputStride: y.rowStride, threads: context.threads)
        }
    }

    mutating func batchNormalization(_ normalization: BatchNormalization) throws(ExecutionError) -> StepBody {
        guard inputs[1...].allSatisfy({ $0?.constant != nil }) else {
            return try variableBatchNormalization(normalization)
        }
        let x = try input(0)
        let y = outputs[0]
        let channelAxis = normalization.dataFormat == .channelsLast ? x.shape.rank - 1 : min(1, x.shape.rank - 1)
        guard let scale = try floats(1), let bias = try floats(2), let mean = try floats(3),
            let variance = try floats(4)
        else { throw unsupported("parameters that are computed") }
        let factors = scale.indices.map { scale[$0] / (variance[$0] + normalization.epsilon).squareRoot() }
        let shifts = factors.indices.map { bias[$0] - mean[$0] * factors[$0] }
        return { context in
            Reference.affine(
                x.view(at: context.input(0)), to: y.view(at: context.output(0)), channelAxis: channelAxis,
                scale: factors, shift: shifts)
            return true
        }
    }

    mutating func maxPool(_ pool: Pool) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        guard y.shape.count > 0 else { return { _ in true } }
        guard x.shape.count > 0 else { throw unsupported("an image without pixels") }
        let (rows, columns) = pool.extents
        guard pool.dataFormat == .channelsLast else {
            guard x.dtype == .float32 else { throw unsupported("images of \(x.dtype) in channels-first order") }
            let axes = pool.dataFormat.axes
            return { context in
                Reference.maxPool(
                    x.view(at: context.input(0)), to: y.view(at: context.output(0)), axes: axes, rows: rows,
                    columns: columns)
                return true
            }
        }
        let pooling = MaxPoolingKernel(
            input: x.shape, inputPixelStride: x.rowStride, output: y.shape, outputPixelStride: y.rowStride,
            rows: rows, columns: columns, instructionSet: instructionSet)
        if x.dtype == .uint8 {
            kernel = "maxpool2d_u8"
            return { context in
                pooling.run(input: context.bytes(input: 0), output: context.bytes(output: 0), threads: context.threads)
                return true
            }
        }
        kernel = "maxpool2d_f32_\(instructionSet.rawValue)"
        return { context in
            pooling.run(input: context.floats(input: 0), output: context.floats(output: 0), threads: context.threads)
            return true
        }
    }

    mutating func averagePool(_ pool: Pool, countsPadding: Bool) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let (rows, columns) = pool.extents
        if pool.dataFormat == .channelsLast, x.shape.count > 0 {
            kernel = "avgpool2d_f32_\(instructionSet.rawValue)"
            let pooling = AveragePoolingKernel(
                input: x.shape, inputPixelStride: x.rowStride, output: y.shape, outputPixelStride: y.rowStride,
                rows: rows, columns: columns, countsPadding: countsPadding, instructionSet: instructionSet)
            return { context in
                pooling.run(
                    input: context.floats(input: 0), output: context.floats(output: 0), threads: context.threads)
                return true
            }
        }
        let axes = pool.dataFormat.axes
        return { context in
            Reference.averagePool(
                x.view(at: context.input(0)), to: y.view(at: context.output(0)), axes: axes, rows: rows,
                columns: columns, countsPadding: countsPadding)
            return true
        }
    }

    mutating func globalAveragePool(_ format: DataFormat) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let axes = format == .channelsLast ? Array(1..<x.shape.rank - 1) : Array(2..<x.shape.rank)
        if x.isDense, y.isDense {
            kernel = "reduce_f32_\(instructionSet.rawValue)"
            let mean = ReductionKernel(
                .mean, extents: x.shape.dimensions, axes: axes, instructionSet: instructionSet)
            scratchByteCount = mean.scratchByteCount
            return { context in
                mean.run(
                    input: context.floats(input: 0), output: context.floats(output: 0), scratch: context.scratch,
                    threads: context.threads)
                return true
            }
        }
        return { context in
            Reference.reduce(x.view(at: context.input(0)), to: y.view(at: context.output(0)), axes: axes, .mean)
            return true
        }
    }

    mutating func resize(_ resize: Resize) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        guard x.dtype == .float32 || (x.dtype == .uint8 && resize.mode == .nearest) else {
            throw unsupported("a resize of \(x.dtype)")
        }
        guard y.shape.count > 0 else { return { _ in true } }
        guard x.shape.count > 0 else { throw unsupported("an image without pixels") }
        for extent in y.shape.dimensions { try checkTable(extent) }
        let taps = try taps(of: resize, from: x.shape, to: y.shape)
        if resize.mode == .nearest, resize.dataFormat == .channelsLast, x.shape.rank == 4, x.shape[0] == y.shape[0],
            x.shape[3] == y.shape[3]
        {
            kernel = "nearest_resize"
            let size = x.dtype.stride
            let nearest = NearestResize(
                batch: x.shape[0], inputHeight: x.shape[1], inputWidth: x.shape[2], rows: taps[1].map(\.first),
                columns: taps[2].map(\.first), pixelBytes: x.shape[3] * size, inputStride: x.rowStride * size,
                outputStride: y.rowStride * size)
            return { context in
                nearest.run(input: context.input(0), output: context.output(0), threads: context.threads)
                return true
            }
        }
        if resize.dataFormat == .channelsLast {
            kernel = "resample_f32_\(instructionSet.rawValue)"
            let resample = resampling(taps, from: x, to: y)
            return { context in
                resample.run(
                    input: context.floats(input: 0), output: context.floats(output: 0), threads: context.threads)
                return true
            }
        }
        return { context in
            Reference.resample(x.view(at: context.input(0)), to: y.view(at: context.output(0)), taps: taps)
            return true
        }
    }

    /// What each output index along each axis reads; the scales, where there are some, are input 1.
    private func taps(of resize: Resize, from x: Shape, to y: Shape) throws(ExecutionError) -> [[ResampleTap]] {
        let scales = try floats(1).flatMap { $0.isEmpty ? nil : $0 }
        return (0..<x.rank).map { axis in
            let scale = scales.map { $0[axis] } ?? Float(y[axis]) / Float(max(x[axis], 1))
            return resize.taps(input: x[axis], output: y[axis], scale: scale)
        }
    }

    private func resampling(_ taps: [[ResampleTap]], from x: Operand, to y: Operand) -> LinearResizeKernel {
        LinearResizeKernel(
            batch: x.shape[0], channels: x.shape[3], inputHeight: x.shape[1], inputWidth: x.shape[2], rows: taps[1],
            columns: taps[2], inputPixelStride: x.rowStride, outputPixelStride: y.rowStride,
            instructionSet: instructionSet)
    }

    // MARK: Gradients

    mutating func resizeGradient(_ resize: Resize) throws(ExecutionError) -> StepBody {
        let dy = try input(0)
        let dx = outputs[0]
        guard resize.dataFormat == .channelsLast else { throw unsupported("images in channels-first order") }
        guard dy.shape.count > 0 else { throw unsupported("an image without pixels") }
        for extent in dy.shape.dimensions { try checkTable(extent) }
        kernel = "resample_f32_\(instructionSet.rawValue)"
        let resample = resampling(try taps(of: resize, from: dx.shape, to: dy.shape), from: dx, to: dy)
        return { context in
            resample.runGradient(
                gradient: context.floats(input: 0), to: context.floats(output: 0), threads: context.threads)
            return true
        }
    }

    mutating func maxPoolGradient(_ pool: Pool) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let dy = try input(1)
        guard pool.dataFormat == .channelsLast else { throw unsupported("images in channels-first order") }
        guard x.shape.count > 0 else { throw unsupported("an image without pixels") }
        kernel = "maxpool2d_f32_\(instructionSet.rawValue)"
        let (rows, columns) = pool.extents
        let pooling = MaxPoolingKernel(
            input: x.shape, inputPixelStride: x.rowStride, output: dy.shape, outputPixelStride: dy.rowStride,
            rows: rows, columns: columns, instructionSet: instructionSet)
        return { context in
            pooling.runGradient(
                input: context.floats(input: 0), gradient: context.floats(input: 1), to: context.floats(output: 0),
                threads: context.threads)
            return true
        }
    }

    mutating func averagePoolGradient(_ pool: Pool, countsPadding: Bool) throws(ExecutionError) -> StepBody {
        let dy = try input(0)
        let dx = outputs[0]
        guard pool.dataFormat == .channelsLast else { throw unsupported("images in channels-first order") }
        guard dx.shape.count > 0 else { throw unsupported("an image without pixels") }
        kernel = "avgpool2d_f32_\(instructionSet.rawValue)"
        let (rows, columns) = pool.extents
        let pooling = AveragePoolingKernel(
            input: dx.shape, inputPixelStride: dx.rowStride, output: dy.shape, outputPixelStride: dy.rowStride,
            rows: rows, columns: columns, countsPadding: countsPadding, instructionSet: instructionSet)
        return { context in
            pooling.runGradient(
                gradient: context.floats(input: 0), to: context.floats(output: 0), threads: context.threads)
            return true
        }
    }
}

extension Pool {
    var extents: (rows: WindowExtent, columns: WindowExtent) {
        (
            WindowExtent(
                kernel: kernel.height, stride: window.strides.height, dilation: window.dilations.height,
                padBefore: window.padding.top, padAfter: window.padding.bottom),
            WindowExtent(
                kernel: kernel.width, stride: window.strides.width, dilation: window.dilations.width,
                padBefore: window.padding.left, padAfter: window.padding.right)
        )
    }
}

extension Resize {
    /// The input elements that each output index along an axis reads. In single precision, as ONNX Runtime computes the
    /// coordinates: which element is nearest to one halfway hangs on it.
    func taps(input: Int, output: Int, scale: Float) -> [ResampleTap] {
        let last = max(input - 1, 0)
        if input == output, scale == 1 {
            return (0..<output).map { ResampleTap(first: $0, second: $0, weight: 0) }
        }
        return (0..<output).map { index in
            let position = Float(index)
            let source =
                switch coordinates {
                case .asymmetric: position / scale
                case .halfPixel: (position + 0.5) / scale - 0.5
                case .pytorchHalfPixel: output > 1 ? (position + 0.5) / scale - 0.5 : 0
                case .alignCorners: output > 1 ? position * Float(input - 1) / Float(output - 1) : 0
                }
            switch mode {
            case .nearest:
                let rounded =
                    switch rounding {
                    case .preferFloor: (source - 0.5).rounded(.up)
                    case .preferCeil: (source + 0.5).rounded(.down)
                    case .floor: source.rounded(.down)
                    case .ceil: source.rounded(.up)
                    }
                // Above 2^24 Float(last) may be greater than `last`.
                let nearest = min(Int(min(max(rounded, 0), Float(last))), last)
                return ResampleTap(first: nearest, second: nearest, weight: 0)
            case .linear:
                let held = min(max(source, 0), Float(last))
                let first = min(Int(held), last)
                return ResampleTap(
                    first: first, second: min(first + 1, last), weight: held - Float(first))
            }
        }
    }
}
