import Detections
import Detectors
import Display
import Evaluation
import Media
import ONNX
import Quantization

/// Why a run could not be done, in one form for every cause.
public struct SaccadeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One word of the closed vocabulary: `eof timeout refused auth reset unsupported corrupt no_video too_large denied
    /// disk_full io lost not_found cannot_create cancelled interrupted internal`.
    public let reason: String
    /// A sentence that says what is wrong and what can be done.
    public let message: String
    /// The exit code of a command that ends so, after sysexits.
    public let exitCode: Int32

    /// An error. URLs in the message lose their passwords: it may quote an argument that was meant for a file.
    public init(reason: String, message: String, exitCode: Int32) {
        self.reason = reason
        self.message = LogCapture.redacted(message)
        self.exitCode = exitCode
    }

    /// The sentence.
    public var description: String { message }

    /// What a user asked for makes no sense.
    package static func usage(_ message: String) -> SaccadeError {
        SaccadeError(reason: "refused", message: message, exitCode: 64)
    }

    /// Converts what the modules below throw; here and nowhere else.
    package init(_ error: any Error) {
        switch error {
        case let error as SaccadeError: self = error
        case let error as MediaError:
            self.init(reason: error.reason.rawValue, message: error.description, exitCode: error.exitCode)
        case let error as DisplayError:
            self.init(reason: "unsupported", message: error.description, exitCode: 69)
        case let error as OutputError:
            self.init(reason: error.reason, message: error.description, exitCode: error.exitCode)
        case let error as TrackLogError:
            self.init(reason: error.reason, message: error.description, exitCode: error.exitCode)
        case let error as EvaluationFileError:
            let (reason, exitCode): (String, Int32) =
                switch error.kind {
                case .missing: ("not_found", 66)
                case .denied: ("denied", 77)
                case .readFailed: ("io", 74)
                case .corrupt: ("corrupt", 65)
                }
            self.init(reason: reason, message: error.description, exitCode: exitCode)
        case let error as ClassFilterError: self = .usage(error.description)
        case DetectorError.unknownClass(let reason): self = .usage(reason)
        case let error as DetectorError:
            let (reason, exitCode): (String, Int32) =
                switch error {
                case .missing: ("not_found", 66)
                case .denied: ("denied", 77)
                case .failed: ("internal", 70)
                case .unreadable: ("corrupt", 65)
                default: ("unsupported", 65)
                }
            self.init(reason: reason, message: error.description, exitCode: exitCode)
        case QuantizationError.caller(let error): self.init(error)
        case let error as QuantizationError:
            let (reason, exitCode): (String, Int32) =
                switch error {
                case .noCalibration: ("not_found", 66)
                case .unsupportedInput, .invalidGraph, .unknownValue: ("unsupported", 65)
                case .notFinite: ("corrupt", 65)
                default: ("internal", 70)
                }
            self.init(reason: reason, message: error.description, exitCode: exitCode)
        case let error as ONNXError: self.init(reason: "unsupported", message: error.description, exitCode: 65)
        default: self.init(reason: "internal", message: String(describing: error), exitCode: 70)
        }
    }
}
