package import Execution
package import Graphs

/// Why a graph could not be quantized.
package enum QuantizationError: Error, CustomStringConvertible {
    /// There are no calibration inputs.
    case noCalibration
    /// The graph cannot be calibrated: it has more than one input, or one that is not float32.
    case unsupportedInput(String)
    /// A name that the caller or a recipe gives is no value of the graph.
    case unknownValue(String)
    /// A tensor took a value that is no number, or infinity.
    case notFinite(value: String)
    /// A recipe does not fit the graph.
    case invalidRecipe(String)
    case invalidGraph(GraphError)
    case execution(ExecutionError)
    case outOfMemory(bytes: Int)
    /// What the caller's closure threw: an unreadable image, a failed score.
    case caller(any Error)

    package var description: String {
        switch self {
        case .noCalibration: "there are no calibration inputs"
        case .unsupportedInput(let what): "the graph cannot be calibrated: \(what)"
        case .unknownValue(let name): "the graph has no value \"\(name)\""
        case .notFinite(let value): "the value \"\(value)\" is not finite on the calibration inputs"
        case .invalidRecipe(let what): "the recipe does not fit the graph: \(what)"
        case .invalidGraph(let error): "\(error)"
        case .execution(let error): "\(error)"
        case .outOfMemory(let bytes): "no memory for \(bytes) bytes"
        case .caller(let error): "\(error)"
        }
    }
}
