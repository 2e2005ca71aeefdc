import Augmentation
import Lab
import Saccade
import Training

/// Runs the body of a command of the lab; errors of training and of data become messages and exit codes.
func runLab(json: Bool = false, _ body: () throws -> Void) throws {
    try runReporting(json: json) {
        do {
            try body()
        } catch {
            throw labError(error)
        }
    }
}

/// What the modules of training throw as the program tells it; other errors as they are.
private func labError(_ error: any Error) -> any Error {
    func told(_ reason: String, _ exitCode: Int32, _ error: some CustomStringConvertible) -> SaccadeError {
        SaccadeError(reason: reason, message: error.description, exitCode: exitCode)
    }
    switch error {
    case let error as DataSetError:
        return switch error.kind {
        case .missing: told("not_found", 66, error)
        case .denied: told("denied", 77, error)
        case .readFailed: told("io", 74, error)
        case .corrupt: told("corrupt", 65, error)
        case .unusable: told("unsupported", 65, error)
        }
    case let error as TrainingFileError:
        return switch error.kind {
        case .missing: told("not_found", 66, error)
        case .denied: told("denied", 77, error)
        case .readFailed: told("io", 74, error)
        case .writeFailed: told("io", 74, error)
        case .corrupt: told("corrupt", 65, error)
        case .unsupported, .mismatch: told("unsupported", 65, error)
        }
    case let error as DiagnosisError:
        if case .invalidOption = error { return told("refused", 64, error) }
        return told("unsupported", 65, error)
    case let error as WAVError: return told("corrupt", 65, error)
    case let error as AugmentationError: return told("corrupt", 65, error)
    case let error as OperationTextError: return told("refused", 64, error)
    case let error as AugmentationSeedError: return told("refused", 64, error)
    case let error as ScheduleTextError: return told("refused", 64, error)
    case let error as OptimizerError: return told("refused", 64, error)
    case let error as LearningError: return told("unsupported", 65, error)
    case let error as UnsavedRunError:
        let cause = SaccadeError(labError(error.cause))
        return told(cause.reason, cause.exitCode, error)
    case is CancellationError:
        return SaccadeError(reason: "interrupted", message: "interrupted", exitCode: 130)
    default: return error
    }
}
