import Detections
import Detectors
import Imaging

/// How far another model moves what the float model says, place by place, before overlaps are suppressed.
///
/// Every cell or anchor of the maps counts by what it says, so there are thousands of them in a few pictures, and the
/// measure tells much smaller changes apart than average precision does: it is what recipes are searched by.
struct CandidateDeviation {
    /// Places with a lesser score in the float model do not count.
    private static let floor: Float = 0.02

    private let images: [LetterboxedImage]
    /// For each picture the places that count, with what the float model says there.
    private let reference: [[(place: Int, detection: Detection)]]
    private let sum: Double

    /// The detector's options for both models: every place of a whole square says something.
    static func options(_ configuration: QuantizationConfiguration) throws(SaccadeError) -> YOLODetector.Options {
        var options = try DetectionAgreement.options(configuration)
        options.confidence = 0
        options.isSquare = true
        return options
    }

    /// - Parameter detector: the float model, with `options`.
    init(_ images: [LetterboxedImage], detector: YOLODetector, threads: Int) throws {
        self.images = images
        var reference: [[(place: Int, detection: Detection)]] = []
        var sum = 0.0
        try Self.forEach(images, detector, threads: threads) { _, candidates in
            let places = candidates.indices.filter { candidates[$0].score >= Self.floor }
            reference.append(places.map { ($0, candidates[$0]) })
            sum += places.reduce(0) { $0 + Double(candidates[$1].score) }
        }
        self.reference = reference
        self.sum = sum
    }

    /// Σ |score − float score| + float score · (1 − overlap), over Σ float score. Zero where nothing is seen.
    ///
    /// - Parameter detector: the other model, with `options`.
    func measured(_ detector: YOLODetector, threads: Int) throws -> Double {
        var deviation = 0.0
        try Self.forEach(images, detector, threads: threads) { image, candidates in
            for (place, float) in reference[image] {
                // A place that says nothing finite is lost.
                guard candidates.indices.contains(place) else {
                    deviation += 2 * Double(float.score)
                    continue
                }
                let other = candidates[place]
                let score = Double(float.score)
                let isSame = other.classIndex == float.classIndex
                deviation += isSame ? abs(Double(other.score) - score) : score / 2
                deviation += score * (1 - Double(other.box.iou(float.box)))
            }
        }
        return sum > 0 ? deviation / sum : 0
    }

    private static func forEach(
        _ images: [LetterboxedImage], _ detector: YOLODetector, threads: Int, _ body: (Int, [Detection]) -> Void
    ) throws {
        guard let first = images.first else { return }
        let worker = try detector.makeWorker(
            threads: threads, pictureSize: (first.letterbox.sourceWidth, first.letterbox.sourceHeight))
        var candidates: [Detection] = []
        for (index, image) in images.enumerated() {
            try worker.candidates(in: image, into: &candidates)
            body(index, candidates)
        }
    }
}
