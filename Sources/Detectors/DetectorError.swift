/// Why a model cannot be used as a detector.
package enum DetectorError: Error, Hashable, CustomStringConvertible {
    case missing(model: String)
    case denied(model: String)
    /// Damaged, or with something that Saccade cannot run.
    case unreadable(model: String, reason: String)
    case unknownHead(outputs: [[Int]], wanted: String?)
    case unsupportedInput(model: String, reason: String)
    case labelMismatch(head: Int, labels: Int)
    /// A wanted class that the model does not have: a mistake of the user, not of the model.
    case unknownClass(String)
    case failed(reason: String)

    package var description: String {
        switch self {
        case .missing(let model):
            return "the model \(model) does not exist: name an ONNX file with --model"
        case .denied(let model):
            return "the model \(model) may not be read"
        case .unreadable(let model, let reason):
            return "\(model): \(reason)"
        case .unknownHead(let outputs, let wanted):
            let shapes = outputs.map { $0.map(String.init).joined(separator: "×") }.joined(separator: ", ")
            let heads = YOLOHead.Name.allCases.map(\.rawValue).joined(separator: ", ")
            guard let wanted else {
                return "the outputs (\(shapes)) are not those of a detector that Saccade knows (\(heads)); "
                    + "`saccade inspect` shows what the model has, and --head names one of these"
            }
            return "the outputs (\(shapes)) do not fit the head \(wanted)"
        case .unsupportedInput(let model, let reason):
            return "\(model): \(reason)"
        case .labelMismatch(let head, let labels):
            return "the model has \(head) classes but its metadata name \(labels)"
        case .unknownClass(let reason), .failed(let reason):
            return reason
        }
    }
}
