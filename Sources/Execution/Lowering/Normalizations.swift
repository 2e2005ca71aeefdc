import Graphs
import Kernels
import Tensors

/// Normalizations in training, and those of layers and groups, with their gradients.
extension Lowering {
    mutating func trainingBatchNormalization(
        _ normalization: BatchNormalization
    ) throws(ExecutionError) -> StepBody {
        let (pixels, channels) = try pixels(input(0), normalization.dataFormat)
        let norm = BatchNormalizationKernel(
            pixels: pixels, channels: channels, epsilon: normalization.epsilon, instructionSet: instructionSet)
        kernel = "normalize_f32_\(instructionSet.rawValue)"
        scratchByteCount = norm.scratchByteCount
        return { context in
            norm.run(
                input: context.floats(input: 0), scale: context.floats(input: 1), bias: context.floats(input: 2),
                output: context.floats(output: 0), mean: context.floats(output: 1),
                inverseDeviation: context.floats(output: 2), scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    mutating func batchNormalizationGradient(
        _ normalization: BatchNormalization
    ) throws(ExecutionError) -> StepBody {
        let (pixels, channels) = try pixels(input(0), normalization.dataFormat)
        let norm = BatchNormalizationKernel(
            pixels: pixels, channels: channels, epsilon: normalization.epsilon, instructionSet: instructionSet)
        kernel = "normalize_f32_\(instructionSet.rawValue)"
        scratchByteCount = norm.scratchByteCount
        return { context in
            norm.runGradient(
                outputGradient: context.floats(input: 0), input: context.floats(input: 1),
                scale: context.floats(input: 2), mean: context.floats(input: 3),
                inverseDeviation: context.floats(input: 4), inputGradient: context.floats(output: 0),
                scaleGradient: context.floats(output: 1), biasGradient: context.floats(output: 2),
                scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    mutating func groupNormalization(_ normalization: GroupNormalization) throws(ExecutionError) -> StepBody {
        let norm = try groups(normalization, input(0))
        let (hasScale, hasBias) = (optional(1) != nil, optional(2) != nil)
        let statistics = try statistics(count: input(0).shape[0] * normalization.groups)
        scratchByteCount = norm.scratchByteCount + statistics.byteCount
        return { context in
            norm.run(
                input: context.floats(input: 0), scale: hasScale ? UnsafePointer(context.floats(input: 1)) : nil,
                bias: hasBias ? UnsafePointer(context.floats(input: 2)) : nil, output: context.floats(output: 0),
                mean: statistics.mean(context), inverseDeviation: statistics.inverseDeviation(context),
                scratch: context.scratch + statistics.byteCount, threads: context.threads)
            return true
        }
    }

    mutating func groupNormalizationGradient(_ normalization: GroupNormalization) throws(ExecutionError) -> StepBody {
        let norm = try groups(normalization, input(0))
        let hasScale = optional(2) != nil
        scratchByteCount = norm.scratchByteCount
        return { context in
            norm.runGradient(
                outputGradient: context.floats(input: 0), input: context.floats(input: 1),
                scale: hasScale ? UnsafePointer(context.floats(input: 2)) : nil, mean: context.floats(input: 3),
                inverseDeviation: context.floats(input: 4), inputGradient: context.floats(output: 0),
                scaleGradient: context.floats(output: 1), biasGradient: context.floats(output: 2),
                scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    private mutating func groups(
        _ normalization: GroupNormalization, _ x: Operand
    ) throws(ExecutionError) -> GroupNormalizationKernel {
        guard normalization.dataFormat == .channelsLast, x.shape.rank == 4 else {
            throw unsupported("images in channels-first order")
        }
        kernel = "normalize_f32_\(instructionSet.rawValue)"
        return GroupNormalizationKernel(
            images: x.shape[0], pixels: x.shape[1] * x.shape[2], channels: x.shape[3], groups: normalization.groups,
            epsilon: normalization.epsilon, instructionSet: instructionSet)
    }

    mutating func layerNormalization(epsilon: Float) throws(ExecutionError) -> StepBody {
        let norm = try rowNormalization(epsilon: epsilon)
        let (hasScale, hasBias) = (optional(1) != nil, optional(2) != nil)
        let statistics = try statistics(count: input(0).shape.rowCount)
        scratchByteCount = statistics.byteCount
        return { context in
            norm.run(
                input: context.floats(input: 0), scale: hasScale ? UnsafePointer(context.floats(input: 1)) : nil,
                bias: hasBias ? UnsafePointer(context.floats(input: 2)) : nil, output: context.floats(output: 0),
                mean: statistics.mean(context), inverseDeviation: statistics.inverseDeviation(context),
                threads: context.threads)
            return true
        }
    }

    mutating func layerNormalizationGradient(epsilon: Float) throws(ExecutionError) -> StepBody {
        let norm = try rowNormalization(epsilon: epsilon)
        let hasScale = optional(2) != nil
        scratchByteCount = norm.scratchByteCount
        return { context in
            norm.runGradient(
                outputGradient: context.floats(input: 0), input: context.floats(input: 1),
                scale: hasScale ? UnsafePointer(context.floats(input: 2)) : nil, mean: context.floats(input: 3),
                inverseDeviation: context.floats(input: 4), inputGradient: context.floats(output: 0),
                scaleGradient: context.floats(output: 1), biasGradient: context.floats(output: 2),
                scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    private mutating func rowNormalization(epsilon: Float) throws(ExecutionError) -> LayerNormalizationKernel {
        let x = try input(0)
        kernel = "normalize_f32_\(instructionSet.rawValue)"
        return LayerNormalizationKernel(
            rows: x.shape.rowCount, length: x.shape.rowLength, epsilon: epsilon, instructionSet: instructionSet)
    }

    /// The extents of a tensor whose channels lie side by side: N×H×W×C, or N×C.
    private func pixels(_ x: Operand, _ format: DataFormat) throws(ExecutionError) -> (pixels: Int, channels: Int) {
        guard format == .channelsLast || x.shape.rank == 2 else {
            throw unsupported("images in channels-first order")
        }
        return (x.shape.rowCount, x.shape.rowLength)
    }

    /// A batch normalization whose parameters change from run to run: y = x · factor + shift, both computed first.
    mutating func variableBatchNormalization(
        _ normalization: BatchNormalization
    ) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let channels = try pixels(x, normalization.dataFormat).channels
        kernel = "elementwise_f32_\(instructionSet.rawValue)"
        let extents = [x.shape.rowCount, channels]
        func combine(_ function: VectorBinaryFunction, _ inputStride: Int) -> BinaryKernel {
            BinaryKernel(
                function, extents: extents, left: [inputStride, 1], right: [0, 1], output: [y.rowStride, 1],
                instructionSet: instructionSet)
        }
        let multiply = combine(.mul, x.rowStride)
        let add = combine(.add, y.rowStride)
        let epsilon = normalization.epsilon
        scratchByteCount = 2 * channels * MemoryLayout<Float>.stride
        return { context in
            let (scale, bias) = (context.floats(input: 1), context.floats(input: 2))
            let (mean, variance) = (context.floats(input: 3), context.floats(input: 4))
            let factor = context.scratch.assumingMemoryBound(to: Float.self)
            let shift = factor + channels
            for channel in 0..<channels {
                factor[channel] = scale[channel] / (variance[channel] + epsilon).squareRoot()
                shift[channel] = bias[channel] - mean[channel] * factor[channel]
            }
            let output = context.floats(output: 0)
            multiply.run(
                left: context.floats(input: 0), right: factor, output: output, threads: context.threads)
            add.run(left: output, right: shift, output: output, threads: context.threads)
            return true
        }
    }

    /// Where mean and inverse deviation go: to the outputs, or to scratch memory when nobody wants them.
    private func statistics(count: Int) -> NormalizationStatistics {
        NormalizationStatistics(count: count, areOutputs: outputs.count == 3)
    }
}

private struct NormalizationStatistics: Sendable {
    let count: Int
    let areOutputs: Bool

    /// Bytes of scratch, a multiple of 64.
    var byteCount: Int { areOutputs ? 0 : (2 * count * MemoryLayout<Float>.stride + 63) / 64 * 64 }

    func mean(_ context: StepContext) -> UnsafeMutablePointer<Float> {
        areOutputs ? context.floats(output: 1) : context.scratch.assumingMemoryBound(to: Float.self)
    }

    func inverseDeviation(_ context: StepContext) -> UnsafeMutablePointer<Float> {
        areOutputs ? context.floats(output: 2) : context.scratch.assumingMemoryBound(to: Float.self) + count
    }
}
