import Foundation
import Lab
import Plots
import Training

/// What `lab train` says at its end.
struct LabTrainReport: Encodable {
    struct ClassFigures: Encodable {
        let name: String
        let samples: Int
        let recall: Double?
        let precision: Double?
    }

    let task: String
    let model: String
    let parameters: Int
    let seed: UInt64
    let steps: Int
    let epochs: Int
    let end: String
    let resumedAt: Int?
    let bestEpoch: Int?
    let validationLoss: Double?
    let validationAccuracy: Double
    let testSamples: Int
    let testAccuracy: Double
    let balancedTestAccuracy: Double
    /// The accuracy of always saying the class that the training has most.
    let baselineAccuracy: Double
    let classes: [ClassFigures]
    /// Rows are what samples are, columns what they were taken for.
    let confusion: [[Int]]
    let folder: String

    private let matrix: ConfusionMatrix

    private enum CodingKeys: CodingKey {
        case task, model, parameters, seed, steps, epochs, end, resumedAt, bestEpoch, validationLoss
        case validationAccuracy, testSamples, testAccuracy, balancedTestAccuracy, baselineAccuracy, classes, confusion
        case folder
    }

    init(
        task: LearningTask, training: TaskTraining, outcome: TaskTraining.Outcome, folder: String
    ) {
        self.task = task.name.rawValue
        model = (training.model.model ?? task.models[0]).rawValue
        parameters = outcome.parameterCount
        seed = training.model.seed
        steps = outcome.summary.steps
        epochs = outcome.summary.epochs
        end = outcome.summary.end.rawValue
        resumedAt = outcome.summary.resumedAt
        bestEpoch = outcome.summary.best.map { $0.epoch + 1 }
        validationLoss = outcome.summary.best.map { Double($0.results.loss) }
        validationAccuracy = outcome.validation.accuracy
        testSamples = outcome.test.sampleCount
        testAccuracy = outcome.test.accuracy
        balancedTestAccuracy = outcome.test.balancedAccuracy
        baselineAccuracy = task.baselineAccuracy
        let matrix = outcome.test
        self.matrix = matrix
        let labels = task.classNames.indices
        let counts = task.test.classCounts(task.classNames.count)
        classes = labels.map { label in
            ClassFigures(
                name: task.classNames[label], samples: counts[label], recall: matrix.recall(label),
                precision: matrix.precision(label))
        }
        confusion = labels.map { label in labels.map { matrix[label, $0] } }
        self.folder = folder
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    var text: String {
        func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
        let best = bestEpoch.map { ", best epoch \($0)" } ?? ""
        return """
            \(task), \(model) of \(parameters) parameters: \(steps) steps, \(epochs) epochs (\(end))\(best)

            \(matrix.text)
            test accuracy   \(percent(testAccuracy)) of \(testSamples) samples
            balanced        \(percent(balancedTestAccuracy)) (the mean of the classes' recalls)
            baseline        \(percent(baselineAccuracy)) (always the most frequent class)
            written         \(folder)/model.onnx, curves.svg, log.csv, test.json, checkpoints/

            """
    }
}
