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
        default: throw unsupported(op.name)
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
