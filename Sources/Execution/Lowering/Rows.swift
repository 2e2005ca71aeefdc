import Kernels
import Tensors

extension Lowering {
    /// A kernel over rows of elements, which may have gaps between them; strides are in elements.
    typealias RowKernel<Input, Output> =
        @Sendable (
            _ rows: Int, _ length: Int, _ input: UnsafePointer<Input>, _ inputStride: Int,
            _ output: UnsafeMutablePointer<Output>, _ outputStride: Int, _ threads: Int
        ) -> Void

    /// The step that maps the rows of the first input to those of the first output.
    func rows<Input, Output>(_ run: @escaping RowKernel<Input, Output>) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let rows = x.shape.rowCount
        let length = x.shape.rowLength
        return { context in
            run(
                rows, length, context.input(0).assumingMemoryBound(to: Input.self), x.rowStride,
                context.output(0).assumingMemoryBound(to: Output.self), y.rowStride, context.threads)
            return true
        }
    }
}
