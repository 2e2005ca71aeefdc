import Graphs
import Kernels
import Tensors

/// What only gradients compute.
extension Lowering {
    mutating func gradient(_ gradient: GradientOperator) throws(ExecutionError) -> StepBody {
        switch gradient {
        case .lstm(let recurrence): return try lstmGradient(recurrence)
        case .gru(let recurrence, let isLinear): return try gruGradient(recurrence, linearBeforeReset: isLinear)
        case .gather(let axis, let extent): return try gatherGradient(axis: axis, extent: extent)
        case .gatherElements(let axis, _): return try gatherElementsGradient(axis: axis)
        case .batchNormalization(let normalization): return try batchNormalizationGradient(normalization)
        case .groupNormalization(let normalization): return try groupNormalizationGradient(normalization)
        case .layerNormalization(let epsilon): return try layerNormalizationGradient(epsilon: epsilon)
        case .unary(let function): return try unaryGradient(function)
        case .clip: return try clipGradient()
        case .softmax(let axis): return try softmaxGradient(axis: axis, isLogarithm: false)
        case .logSoftmax(let axis): return try softmaxGradient(axis: axis, isLogarithm: true)
        case .convolutionWeights(let convolution, _): return try convolutionWeightGradient(convolution)
        case .maxPool(let pool): return try maxPoolGradient(pool)
        case .averagePool(let pool, let countsPadding, _):
            return try averagePoolGradient(pool, countsPadding: countsPadding)
        case .resize(let resize, _): return try resizeGradient(resize)
        case .pad(let mode, _): return try padGradient(mode)
        }
    }

    /// Each element is decided by its place among all, so that the gradient decides in the same way.
    mutating func dropout(_ dropout: Dropout) throws(ExecutionError) -> StepBody {
        guard optional(1) != nil else { return try copy() }
        let x = try input(0)
        guard x.isDense, outputs[0].isDense else { throw unsupported("rows with gaps") }
        kernel = "dropout_f32_\(instructionSet.rawValue)"
        let count = x.shape.count
        let drop = DropoutKernel(probability: Double(dropout.rate), instructionSet: instructionSet)
        let stream = UInt64(bitPattern: Int64(dropout.stream))
        return { context in
            drop.run(
                count: count, input: context.floats(input: 0), output: context.floats(output: 0),
                seed: context.input(1).load(as: UInt64.self), stream: stream, threads: context.threads)
            return true
        }
    }

    private mutating func unaryGradient(_ function: UnaryFunction) throws(ExecutionError) -> StepBody {
        guard let vectorized = function.vectorized else { throw unsupported(op.name) }
        return try unaryGradient(vectorized)
    }

    private mutating func clipGradient() throws(ExecutionError) -> StepBody {
        let minimum = try floats(2)?.first ?? -.infinity
        let maximum = try floats(3)?.first ?? .infinity
        return try unaryGradient(.activation(.clip(minimum: minimum, maximum: maximum)))
    }

    private mutating func unaryGradient(_ function: VectorUnaryFunction) throws(ExecutionError) -> StepBody {
        kernel = "unary_gradient_f32_\(instructionSet.rawValue)"
        let gradient = UnaryGradientKernel(function, instructionSet: instructionSet)
        let count = outputs[0].shape.count
        return { context in
            gradient.run(
                count: count, input: context.floats(input: 0), outputGradient: context.floats(input: 1),
                inputGradient: context.floats(output: 0), threads: context.threads)
            return true
        }
    }

    private mutating func softmaxGradient(axis: Int, isLogarithm: Bool) throws(ExecutionError) -> StepBody {
        kernel = "softmax_f32_\(instructionSet.rawValue)"
        let softmax = SoftmaxKernel(isLogarithm: isLogarithm, instructionSet: instructionSet)
        let (blocks, length, columns) = outputs[0].shape.split(at: axis)
        return { context in
            let (y, dy, dx) = (context.floats(input: 0), context.floats(input: 1), context.floats(output: 0))
            if columns == 1 {
                softmax.runGradient(
                    rows: blocks, length: length, outputGradient: dy, output: y, inputGradient: dx,
                    threads: context.threads)
            } else {
                softmax.runColumnsGradient(
                    blocks: blocks, length: length, columns: columns, outputGradient: dy, output: y,
                    inputGradient: dx, threads: context.threads)
            }
            return true
        }
    }

    private mutating func gatherGradient(axis: Int, extent: Int) throws(ExecutionError) -> StepBody {
        let dy = try input(0)
        let indices = try input(1)
        let y = outputs[0]
        guard dy.isDense, indices.isDense else { throw unsupported("rows with gaps") }
        kernel = "scatter_add"
        let extents = y.shape.dimensions
        let scatter = ScatterAddKernel(
            outer: extents[..<axis].reduce(1, *), extent: extent, inner: extents[(axis + 1)...].reduce(1, *),
            count: indices.shape.count, indexType: indices.dtype, instructionSet: instructionSet)
        return { context in
            scatter.run(
                gradient: context.floats(input: 0), indices: context.input(1), output: context.floats(output: 0),
                threads: context.threads)
        }
    }

    private mutating func gatherElementsGradient(axis: Int) throws(ExecutionError) -> StepBody {
        let dy = try input(0)
        let indices = try input(1)
        guard dy.isDense, indices.isDense else { throw unsupported("rows with gaps") }
        kernel = "scatter_add"
        let scatter = ScatterAddElementsKernel(
            data: outputs[0].shape, indices: indices.shape, axis: axis, indexType: indices.dtype)
        return { context in
            scatter.run(
                gradient: context.floats(input: 0), indices: context.input(1), output: context.floats(output: 0),
                threads: context.threads)
        }
    }
}
