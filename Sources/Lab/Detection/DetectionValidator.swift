package import Augmentation
import Detections
import Detectors
package import Evaluation
package import Graphs
import Imaging
import Media
package import Training

/// Judges a detector in training by the COCO protocol, from pictures that it has not learned from to boxes, and draws what it
/// finds in some of them. The pictures are those of the cache, so the figures differ a little from those of the files.
package final class DetectionValidator: TrainingValidator {
    private let cache: PictureCache
    private let objects: [[LabelledObject]]
    private let places: [Int]
    private let model: Graph
    private let side: Int
    private let threads: Int
    private let previews: String?
    /// Of each class at the last validation.
    package private(set) var classes: [ClassSummary] = []

    private static let confidence: Float = 0.001
    /// From which a detection is drawn.
    private static let shown: Float = 0.3
    private static let previewCount = 12

    /// - Parameters:
    ///   - objects: of each picture of the cache, in its pixels.
    ///   - places: of the pictures in the cache.
    ///   - previews: a folder for pictures of what was found; nil: none are drawn.
    package init(
        _ cache: PictureCache, objects: [[LabelledObject]], places: [Int], model: Graph, side: Int, threads: Int,
        previews: String?
    ) {
        self.cache = cache
        self.objects = objects
        self.places = places
        self.model = model
        self.side = side
        self.threads = threads
        self.previews = previews
    }

    package var metricNames: [String] { ["AP", "AP50"] }

    package func validate(_ learner: Learner, epoch: Int) throws -> Learner.Results {
        try judge(learner, preview: "epoch-\(Self.padded(epoch + 1))")
    }

    /// Judges the learner's weights, and draws a picture of that name.
    func judge(_ learner: Learner, preview: String) throws -> Learner.Results {
        let (found, labels) = try detections(of: learner.model(of: model))
        let evaluation = DetectionEvaluation(
            objects: places.map { annotated(objects[$0], classes: labels.names.count) },
            detections: found.map { $0.map { ScoredBox($0) } }, classCount: labels.names.count)
        classes = evaluation.classes
        let summary = evaluation.summary
        if let previews { try draw(found, labels, to: "\(previews)/\(preview).png") }
        let (ap, ap50) = (Float(summary.ap ?? 0), Float(summary.ap50 ?? 0))
        return Learner.Results(loss: 1 - ap, metrics: ["AP": ap, "AP50": ap50], gradientNorm: 0)
    }

    private static func padded(_ number: Int) -> String {
        String(repeating: "0", count: max(3 - "\(number)".count, 0)) + "\(number)"
    }

    /// What a model finds in each picture.
    private func detections(of graph: Graph) throws -> (found: [[Detection]], labels: ClassLabels) {
        var options = YOLODetector.Options()
        options.confidence = Self.confidence
        options.isSquare = true
        options.imageSize = side
        let detector = try YOLODetector(graph, options: options)
        let worker = try detector.makeWorker(threads: threads)
        var found: [[Detection]] = []
        var detections: [Detection] = []
        for place in places {
            try worker.detect(Letterboxing(cache.picture(place), side: side).image, into: &detections)
            found.append(detections)
        }
        return (found, detector.labels)
    }

    /// Where nothing is known, a detection of any class is neither right nor wrong, as in a crowd.
    private func annotated(_ objects: [LabelledObject], classes: Int) -> [AnnotatedObject] {
        objects.flatMap { object in
            let box = COCOBox(object.box)
            guard object.kind == .ignored else {
                return [AnnotatedObject(box: box, classIndex: object.classIndex)]
            }
            return (0..<classes).map { AnnotatedObject(box: box, classIndex: $0, isCrowd: true) }
        }
    }

    private func draw(_ found: [[Detection]], _ labels: ClassLabels, to path: String) throws {
        let count = min(Self.previewCount, places.count)
        let chosen = (0..<count).map { $0 * places.count / count }
        let cells = chosen.map { index in
            var sample = LabelledImage(cache.picture(places[index]), objects: [])
            let strong = found[index].filter { $0.score >= Self.shown }
            sample.objects = strong.map {
                LabelledObject(box: $0.box, classIndex: $0.classIndex, weight: $0.score)
            }
            let wanted = objects[places[index]].count { $0.kind == .object }
            return AugmentationPreview.Cell(sample, caption: "\(strong.count) found, \(wanted) labelled")
        }
        let rows = stride(from: 0, to: cells.count, by: 4).map { Array(cells[$0..<min($0 + 4, cells.count)]) }
        let sheet = AugmentationPreview(labels: labels, cellSide: 320, captionLines: 1).grid(rows)
        try ImageWriter().write(sheet, to: path)
    }
}

/// A picture on a square canvas, as a detector sees it.
struct Letterboxing {
    private let letterbox: Letterbox
    private(set) var canvas: RGBImage

    init(_ picture: RGBImage, side: Int) {
        letterbox = Letterbox(
            sourceWidth: picture.width, sourceHeight: picture.height, canvasWidth: side, canvasHeight: side)
        canvas = RGBImage(width: side, height: side)
        let across = Double(letterbox.width) / Double(picture.width)
        let down = Double(letterbox.height) / Double(picture.height)
        Warp.draw(
            picture,
            through: .translation(x: Double(letterbox.left), y: Double(letterbox.top)) * .scale(x: across, y: down),
            onto: &canvas)
    }

    var image: LetterboxedImage { LetterboxedImage(letterbox: letterbox, pixels: canvas.pixels) }
}
