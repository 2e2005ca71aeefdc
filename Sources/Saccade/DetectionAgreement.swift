import Detections
import Detectors
import Evaluation
import Imaging

/// How far another model finds what the float model finds, without any labels: the float model's detections are the
/// truth.
///
/// Detections from `confidence` on are objects that must be found. Weaker ones, down to `floor`, are like crowds: whoever
/// finds them is neither right nor wrong, so that a score that moves across the threshold costs nothing by itself.
struct DetectionAgreement {
    static let confidence: Float = 0.25
    static let floor: Float = 0.05

    private let images: [LetterboxedImage]
    private let objects: [[AnnotatedObject]]
    private let classCount: Int

    /// The number of objects that must be found.
    var objectCount: Int { objects.reduce(0) { $0 + $1.count { !$0.isCrowd } } }

    /// The detector's options for both models.
    static func options(_ configuration: QuantizationConfiguration) throws(SaccadeError) -> YOLODetector.Options {
        var options = YOLODetector.Options()
        options.confidence = floor
        options.isSquare = configuration.isSquare
        options.head = try configuration.head.map { head throws(SaccadeError) in try DetectorOptions.headName(head) }
        return options
    }

    /// - Parameters:
    ///   - detector: The float model, with `options`.
    ///   - tick: Called after each picture with their number.
    init(
        _ images: [LetterboxedImage], detector: YOLODetector, threads: Int, tick: (Int) throws(SaccadeError) -> Void
    ) throws {
        self.images = images
        classCount = detector.labels.names.count
        objects = try Self.detections(images, detector, threads: threads, tick: tick).map { found in
            found.map {
                AnnotatedObject(
                    box: COCOBox($0.box), classIndex: $0.classIndex, isCrowd: $0.score < Self.confidence)
            }
        }
    }

    /// The agreement of a model, made with `options`; `nil` when there is nothing to be found.
    func measured(
        _ detector: YOLODetector, deviation: Double, threads: Int
    ) throws -> QuantizationSummary.Agreement? {
        guard objectCount > 0 else { return nil }
        let found = try Self.detections(images, detector, threads: threads) { _ throws(SaccadeError) in }
            .map { $0.map(ScoredBox.init) }
        let evaluation = DetectionEvaluation(objects: objects, detections: found, classCount: classCount)
        // By the number of objects: of a class with one object the figure is all or nothing.
        var (ap, ap50, count) = (0.0, 0.0, 0.0)
        for figures in evaluation.classes {
            guard let classAP = figures.ap, let classAP50 = figures.ap50 else { continue }
            let weight = Double(figures.objects)
            (ap, ap50, count) = (ap + weight * classAP, ap50 + weight * classAP50, count + weight)
        }
        return .init(objects: objectCount, ap: ap / max(count, 1), ap50: ap50 / max(count, 1), deviation: deviation)
    }

    private static func detections(
        _ images: [LetterboxedImage], _ detector: YOLODetector, threads: Int, tick: (Int) throws(SaccadeError) -> Void
    ) throws -> [[Detection]] {
        guard let first = images.first else { return [] }
        let worker = try detector.makeWorker(
            threads: threads, pictureSize: (first.letterbox.sourceWidth, first.letterbox.sourceHeight))
        var all: [[Detection]] = []
        var found: [Detection] = []
        for image in images {
            try worker.detect(image, into: &found)
            all.append(found)
            try tick(all.count)
        }
        return all
    }
}
