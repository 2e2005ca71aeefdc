/// Why a model could not be trained, or a training not go on.
package enum LearningError: Error, Equatable, CustomStringConvertible {
    /// The model or its loss is not what can be trained.
    case invalidModel(String)
    /// A batch lacks an input, or one of its tensors does not fit.
    case invalidBatch(String)
    /// The loss of a step is no number, or infinity. The parameters are as they were before the step.
    case lossNotFinite(step: Int, value: Float)
    /// A gradient is no number, or infinity. The parameters are as they were before the step.
    case gradientNotFinite(step: Int, parameter: String)
    case outOfMemory(bytes: Int)

    package var description: String {
        switch self {
        case .invalidModel(let what): what
        case .invalidBatch(let what): what
        case .lossNotFinite(let step, let value):
            "the loss of step \(step) is \(value): a lower learning rate, or clipped gradients, may help"
        case .gradientNotFinite(let step, let parameter):
            "the gradient of \"\(parameter)\" in step \(step) is not finite: a lower learning rate may help"
        case .outOfMemory(let bytes): "no memory for \(bytes) bytes"
        }
    }
}
