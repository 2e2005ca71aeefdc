import ArgumentParser
import Evaluation
import Foundation
import Saccade

struct EvalDetectionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "det",
        abstract: "Measure detections by the COCO protocol.",
        discussion: """
            The ground truth is a COCO instances file, the detections are a COCO results file, as \
            `saccade detect --save-coco` writes it. The figures equal those of pycocotools. A figure is shown as - where \
            the ground truth has no object for it. Intervals come from a bootstrap over the images.

              saccade detect val/ --model yolov8n.onnx --conf 0.001 --iou 0.7 --save-coco results.json
              saccade eval det --gt instances_val.json --dt results.json --curves curves/
              saccade eval det --gt instances_val.json --dt float.json --compare int8.json

            With --compare the same images are drawn for both runs, so that the interval is that of their difference: \
            where it does not hold 0, one run is better than chance explains.
            """)

    @Option(help: ArgumentHelp("The ground truth: COCO instances (JSON).", valueName: "file"))
    var gt: String

    @Option(help: ArgumentHelp("The detections: COCO results (JSON).", valueName: "file"))
    var dt: String

    @Option(help: ArgumentHelp("Another run on the same ground truth, to be compared with --dt.", valueName: "file"))
    var compare: String?

    @Option(
        help: ArgumentHelp(
            "An overlap from which a detection is right, in place of 0.5, 0.55, … 0.95. Repeatable.", valueName: "0-1"))
    var iou: [Double] = []

    @Option(help: ArgumentHelp("Write the curves of --dt as CSV and SVG.", valueName: "folder"))
    var curves: String?

    @Option(help: ArgumentHelp("Draw the images so often; 0 for no intervals.", valueName: "n"))
    var bootstrap = 1000

    @Option(help: ArgumentHelp("What the drawing depends on.", valueName: "number"))
    var seed: UInt64 = 0

    @Flag(help: "Print the figures of each class.")
    var perClass = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard iou.allSatisfy({ $0 > 0 && $0 <= 1 }) else {
            throw ValidationError("--iou must be above 0 and at most 1")
        }
        guard iou.count <= DetectionEvaluation.maximumThresholds else {
            throw ValidationError("--iou can be given \(DetectionEvaluation.maximumThresholds) times at most")
        }
        guard (0...1_000_000).contains(bootstrap) else {
            throw ValidationError("--bootstrap must be between 0 and 1000000")
        }
    }

    func run() throws {
        try runReporting(json: json) {
            let folder = try curves.map { (path) throws(SaccadeError) in try OutputFolder(path) }
            let truth = try COCOInstances(contentsOf: gt)
            let thresholds = iou.isEmpty ? COCOProtocol.overlaps : Set(iou).sorted()
            let run = try EvalDetectionRun(file: dt, truth: truth, thresholds: thresholds)
            let other = try compare.map { try EvalDetectionRun(file: $0, truth: truth, thresholds: thresholds) }
            for run in [run, other].compactMap(\.self) {
                if let warning = run.warning { StandardError.write("saccade: " + warning.withoutControls + "\n") }
            }
            if let folder {
                for (name, content) in CurveFiles(run.curves).files { try folder.write(content.utf8, to: name) }
            }
            let drawing = Bootstrap(
                resamples: bootstrap, seed: seed, threads: ProcessInfo.processInfo.activeProcessorCount)
            let report = EvalDetectionReport(
                groundTruth: gt, truth: truth, run: run, other: other, bootstrap: drawing)
            try StandardOutput.write(json ? report.json() : report.text(perClass: perClass))
        }
    }
}

/// The detections of one file, and what they are worth.
struct EvalDetectionRun {
    let file: String
    let results: COCOResults
    let evaluation: DetectionEvaluation
    let curves: DetectionCurves
    /// The confidence threshold with the highest F1, mean over the classes.
    let best: DetectionCurves.OperatingPoint?
    /// The errors of all detections.
    let errors: ErrorBreakdown
    /// The errors from the best threshold on.
    let errorsAtBest: ErrorBreakdown?

    init(file: String, truth: COCOInstances, thresholds: [Double]) throws(EvaluationFileError) {
        self.file = file
        results = try COCOResults(contentsOf: file, for: truth)
        let detections = results.detections
        evaluation = DetectionEvaluation(truth, detections: detections, thresholds: thresholds)
        curves = DetectionCurves(evaluation, classNames: truth.classNames)
        best = curves.mean.map(curves.best(of:))
        errors = ErrorBreakdown(
            objects: truth.objects, detections: detections, classCount: truth.classNames.count)
        errorsAtBest = best.map {
            ErrorBreakdown(
                objects: truth.objects, detections: detections, classCount: truth.classNames.count,
                minimumScore: $0.confidence)
        }
    }

    /// What was left out. It is what a wrong numbering of the classes looks like.
    var warning: String? {
        guard results.leftOut > 0 else { return nil }
        let ids = results.unknownCategories
        let shown = ids.prefix(8).map(String.init).joined(separator: ", ") + (ids.count > 8 ? ", …" : "")
        let all = results.leftOut + results.detections.reduce(0) { $0 + $1.count }
        return "\(file): \(results.leftOut) of \(all) detections are left out: the ground truth lacks their categories "
            + "(\(shown))"
    }
}
