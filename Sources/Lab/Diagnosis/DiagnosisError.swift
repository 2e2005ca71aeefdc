/// Why a learner cannot be diagnosed.
package enum DiagnosisError: Error, Equatable, CustomStringConvertible {
    /// There is nothing to learn from, or nothing to measure on.
    case noSamples(part: String)
    /// All samples have one class: nothing can be told apart.
    case oneClass(name: String, count: Int)
    case tooFewForFolds(samples: Int, folds: Int)
    /// No class has a sample in every fold.
    case classesTooSmallForFolds(largest: Int, folds: Int)
    case invalidOption(String)
    /// A sample's label is no class.
    case invalidLabel(sample: String, label: Int, classes: Int)
    /// The learner's predictions are not what was asked for.
    case invalidPredictions(String)

    package var description: String {
        switch self {
        case .noSamples(let part): "there are no \(part) samples"
        case .oneClass(let name, let count):
            "all \(count) training samples are of the class \"\(name)\": there is nothing to tell apart"
        case .tooFewForFolds(let samples, let folds):
            "\(samples) samples are too few for \(folds) folds: at least \(2 * folds) are needed"
        case .classesTooSmallForFolds(let largest, let folds):
            "the largest class has \(largest) samples, too few for \(folds) folds"
        case .invalidOption(let what): what
        case .invalidLabel(let sample, let label, let classes):
            "\(sample): the label \(label) is none of the \(classes) classes"
        case .invalidPredictions(let what): "the learner's predictions: \(what)"
        }
    }
}
