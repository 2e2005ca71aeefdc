import Evaluation
import Foundation

/// What `eval det` tells: as JSON the keys in snake case; a figure without objects is left out.
struct EvalDetectionReport: Encodable {
    struct Class: Encodable {
        let id: Int
        let name: String
        let figures: ClassSummary
        /// The confidence threshold with the highest F1.
        let bestF1: DetectionCurves.OperatingPoint?
    }

    struct Run: Encodable {
        let file: String
        let detections: Int
        let leftOut: Int
        let summary: DetectionSummary
        let interval: Bootstrap.Estimates?
        let bestF1: DetectionCurves.OperatingPoint?
        let errors: ErrorBreakdown
        let errorsAtBestF1: ErrorBreakdown?
        let classes: [Class]
    }

    let groundTruth: String
    let images: Int
    let objects: Int
    let thresholds: [Double]
    /// The overlap at which F1 is measured.
    let f1Overlap: Double
    let resamples: Int
    let seed: UInt64
    let run: Run
    let compared: Run?
    /// The compared run's average precision minus the run's.
    let difference: Bootstrap.Estimates?

    init(
        groundTruth: String, truth: COCOInstances, run: EvalDetectionRun, other: EvalDetectionRun?,
        bootstrap: Bootstrap
    ) {
        self.groundTruth = groundTruth
        images = truth.imageIDs.count
        objects = truth.objects.reduce(0) { $0 + $1.count { !$0.isCrowd } }
        thresholds = run.evaluation.thresholds
        f1Overlap = run.curves.overlap
        resamples = bootstrap.resamples
        seed = bootstrap.seed
        self.run = Run(run, truth: truth, bootstrap: bootstrap)
        compared = other.map { Run($0, truth: truth, bootstrap: bootstrap) }
        difference = other.flatMap { bootstrap.comparison(of: run.evaluation, with: $0.evaluation) }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension EvalDetectionReport.Run {
    fileprivate init(_ run: EvalDetectionRun, truth: COCOInstances, bootstrap: Bootstrap) {
        let classes = zip(truth.categoryIDs.indices, run.evaluation.classes).map { index, figures in
            EvalDetectionReport.Class(
                id: truth.categoryIDs[index], name: truth.classNames[index], figures: figures,
                bestF1: run.curves.classes[index].map(run.curves.best(of:)))
        }
        self.init(
            file: run.file, detections: run.results.detections.reduce(0) { $0 + $1.count },
            leftOut: run.results.leftOut, summary: run.evaluation.summary,
            interval: bootstrap.interval(of: run.evaluation), bestF1: run.best, errors: run.errors,
            errorsAtBestF1: run.errorsAtBest, classes: classes)
    }
}
