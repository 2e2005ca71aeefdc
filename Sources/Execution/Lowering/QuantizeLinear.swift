import Graphs
import Kernels
import Tensors

extension Lowering {
    /// The naive conversions between real numbers and integers.
    func quantizeLinear(axis: Int) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let parameters = try quantizationParameters(axis: axis)
        return { context in
            Reference.quantize(x.view(at: context.input(0)), to: y.view(at: context.output(0)), parameters)
            return true
        }
    }

    func dequantizeLinear(axis: Int) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let parameters = try quantizationParameters(axis: axis)
        return { context in
            Reference.dequantize(x.view(at: context.input(0)), to: y.view(at: context.output(0)), parameters)
            return true
        }
    }

    private func quantizationParameters(axis: Int) throws(ExecutionError) -> QuantizationParameters {
        guard let scale = try input(1).constant, optional(2) == nil || optional(2)?.constant != nil else {
            throw unsupported("scales that are computed")
        }
        let zeroPoint = optional(2)?.constant
        guard let parameters = QuantizationParameters(scale: scale, zeroPoint: zeroPoint, axis: axis) else {
            throw unsupported("scales that are not above 0")
        }
        return parameters
    }
}
