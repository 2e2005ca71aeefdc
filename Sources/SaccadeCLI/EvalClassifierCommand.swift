import ArgumentParser
import Evaluation
import Foundation
import Saccade

struct EvalClassifierCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pr",
        abstract: "Measure any classifier by precision and recall.",
        discussion: """
            The file is CSV with a row for each sample: its label and the score of the positive class, any number that \
            grows with how sure the classifier is. A header is recognized. Average precision and ROC AUC equal those of \
            scikit-learn.

              saccade eval pr scores.csv
              saccade eval pr scores.csv --label-column truth --score-column fraud --positive fraud --curves curves/
              saccade eval pr scores.csv --cost-fp 1 --cost-fn 20

            With more classes the header names a column of scores for each, and every class is measured against the rest: \
            label,cat,dog,bird. Give --positive to measure one of them; --json has all figures of each.

            Costs choose the threshold at which the errors of these rows cost least. Intervals come from a bootstrap over \
            the rows.
            """)

    @Argument(help: "The labels and scores: CSV; - for standard input.")
    var file: String

    @Option(help: ArgumentHelp("The column of labels (label, or the first).", valueName: "name or number"))
    var labelColumn: String?

    @Option(help: ArgumentHelp("The column of scores (score, or the second).", valueName: "name or number"))
    var scoreColumn: String?

    @Option(
        help: ArgumentHelp("The label that is to be found; without it 1, true, yes or positive.", valueName: "label"))
    var positive: String?

    @Option(
        help: ArgumentHelp(
            "Tell the best precision at this recall, in place of 0.5, 0.8, 0.9, 0.95. Repeatable.",
            valueName: "0-1"))
    var recall: [Double] = []

    @Option(name: .customLong("cost-fp"), help: ArgumentHelp("What a false alarm costs.", valueName: "cost"))
    var costFalsePositive: Double?

    @Option(name: .customLong("cost-fn"), help: ArgumentHelp("What a miss costs.", valueName: "cost"))
    var costFalseNegative: Double?

    @Option(help: ArgumentHelp("Write the curves as CSV and SVG.", valueName: "folder"))
    var curves: String?

    @Option(help: ArgumentHelp("Draw the rows so often; 0 for no intervals.", valueName: "n"))
    var bootstrap = 1000

    @Option(help: ArgumentHelp("What the drawing depends on.", valueName: "number"))
    var seed: UInt64 = 0

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard recall.allSatisfy({ $0 > 0 && $0 <= 1 }) else {
            throw ValidationError("--recall must be above 0 and at most 1")
        }
        for cost in [costFalsePositive, costFalseNegative].compactMap(\.self) {
            guard cost >= 0, cost <= 1e12 else { throw ValidationError("a cost must be between 0 and 1e12") }
        }
        guard (0...1_000_000).contains(bootstrap) else {
            throw ValidationError("--bootstrap must be between 0 and 1000000")
        }
    }

    func run() throws {
        try runReporting(json: json) {
            let folder = try curves.map { (path) throws(SaccadeError) in try OutputFolder(path) }
            let selection = ScoreTable.Selection(label: labelColumn, score: scoreColumn)
            let table = try ScoreTable(contentsOf: file == "-" ? "/dev/stdin" : file, selection: selection)
            let classes = try ClassifierClasses(table, file: file, positive: positive)
            if let folder {
                for (name, content) in ClassifierFiles(classes.measured).files {
                    try folder.write(content.utf8, to: name)
                }
            }
            var costs: ClassifierEvaluation.Costs?
            if costFalsePositive != nil || costFalseNegative != nil {
                costs = .init(falsePositive: costFalsePositive ?? 1, falseNegative: costFalseNegative ?? 1)
            }
            let report = EvalClassifierReport(
                file: file, classes: classes, recalls: recall.isEmpty ? [0.5, 0.8, 0.9, 0.95] : Set(recall).sorted(),
                costs: costs,
                bootstrap: Bootstrap(
                    resamples: bootstrap, seed: seed, threads: ProcessInfo.processInfo.activeProcessorCount))
            try StandardOutput.write(json ? report.json() : report.text)
        }
    }
}

/// The classes of a table that are measured against the rest.
struct ClassifierClasses {
    let rows: Int
    /// The classes with their evaluations.
    let measured: [(name: String, evaluation: ClassifierEvaluation)]

    init(_ table: ScoreTable, file: String, positive: String?) throws(SaccadeError) {
        rows = table.labels.count
        let known = table.classes
        func list(_ names: [String]) -> String {
            names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
        }
        if let positive, !known.contains(positive) {
            throw SaccadeError(
                reason: "corrupt", message: "\(file): no label is \(positive); the labels are \(list(known))",
                exitCode: 65)
        }
        guard known.count > 1 else {
            throw SaccadeError(
                reason: "corrupt",
                message: "\(file): all \(rows) labels are \(list(known)); precision and recall need another class too",
                exitCode: 65)
        }
        var names = table.columns.map(\.name)
        if let positive {
            names = [positive]
        } else if names.count == 1 {
            guard let plain = table.plainPositive else {
                throw SaccadeError(
                    reason: "refused",
                    message: "\(file): the labels are \(list(known)); say with --positive which of them is to be found",
                    exitCode: 64)
            }
            names = [plain]
        }
        var measured: [(name: String, evaluation: ClassifierEvaluation)] = []
        for name in names {
            let column = table.columns.count == 1 ? table.columns.first : table.columns.first { $0.name == name }
            guard let column,
                let evaluation = ClassifierEvaluation(
                    scores: column.scores, isPositive: table.labels.map { $0 == name })
            else { continue }
            measured.append((name, evaluation))
        }
        self.measured = measured
    }
}
