import Detections
package import Detectors
import Imaging
import Kernels
import Synchronization
package import Tensors
import Training

/// Says of each cell of a picture what it sees.
package protocol DetectionTeaching: Sendable {
    /// Whether it knows each of the learner's classes. What it does not know it teaches nothing of.
    var knows: [Bool] { get }

    /// Looks at N×3×H×W pictures, RGB in 0…1.
    func answers(to images: Tensor) throws -> [DetectionAnswers]
}

/// Of a picture: cells × classes probabilities, cells × 4 corners in pixels.
package struct DetectionAnswers: Sendable {
    package var scores: [Float]
    package var boxes: [Float]

    package init(scores: [Float], boxes: [Float]) {
        self.scores = scores
        self.boxes = boxes
    }
}

/// A detector that has learned already and sees the same pictures, changed as they are: what it says of each cell is a
/// second target (Beyer et al., "Knowledge distillation: a good teacher is patient and consistent", 2022).
///
/// Its maps must have the learner's strides. Classes are found by their names; of one that it does not know it says nothing.
package final class DetectionTeacher: DetectionTeaching {
    private let detector: YOLODetector
    /// For each class of the learner the teacher's.
    private let classes: [Int?]
    private let workers: Mutex<[YOLODetector.Worker]>
    private let threads: Int

    /// - Parameters:
    ///   - names: of the learner's classes.
    ///   - sides: of the pictures that will come; whether it takes them is known now.
    package init(_ detector: YOLODetector, names: [String], strides: [Int], sides: [Int], threads: Int) throws {
        guard let head = detector.rawHead, head.scheme != .anchors else {
            throw LearningError.invalidModel(
                "the teacher's cells are not known: \(detector.wholeGraphReason ?? "it has anchors")")
        }
        guard head.levels.map(\.stride) == strides else {
            throw LearningError.invalidModel(
                "the teacher's strides are \(head.levels.map(\.stride)), the model's \(strides)")
        }
        classes = names.map { detector.labels.names.firstIndex(of: $0) }
        guard classes.contains(where: { $0 != nil }) else {
            throw LearningError.invalidModel("the teacher knows none of the classes \(names.joined(separator: ", "))")
        }
        for side in sides { _ = try detector.plan(width: side, height: side) }
        self.detector = detector
        self.threads = threads
        // One picture a thread: the network is small.
        workers = Mutex((0..<threads).map { _ in detector.makeWorker(threads: 1, networkLimit: 8) })
    }

    package var knows: [Bool] { classes.map { $0 != nil } }

    package func answers(to images: Tensor) throws -> [DetectionAnswers] {
        let (count, height, width) = (images.shape[0], images.shape[2], images.shape[3])
        let results = Mutex([Result<DetectionAnswers, DetectorError>?](repeating: nil, count: count))
        parallelFor(count, threads: threads) { index in
            let worker = workers.withLock { $0.popLast() } ?? detector.makeWorker(threads: 1, networkLimit: 8)
            defer { workers.withLock { $0.append(worker) } }
            let result = Result { () throws(DetectorError) in
                try answers(worker, to: picture(images, index, width: width, height: height))
            }
            results.withLock { $0[index] = result }
        }
        return try results.withLock { try $0.compactMap { try $0?.get() } }
    }

    private func answers(
        _ worker: YOLODetector.Worker, to image: LetterboxedImage
    ) throws(DetectorError) -> DetectionAnswers {
        var (scores, boxes) = ([Float](), [Float]())
        try worker.answers(in: image, scores: &scores, boxes: &boxes)
        let cells = boxes.count / 4
        let known = scores.count / max(cells, 1)
        var own = [Float](repeating: 0, count: cells * classes.count)
        for (place, index) in classes.enumerated() {
            guard let index else { continue }
            for cell in 0..<cells {
                let score = scores[cell * known + index]
                own[cell * classes.count + place] = score.isFinite ? score : 0
            }
        }
        for place in boxes.indices where !boxes[place].isFinite { boxes[place] = 0 }
        return DetectionAnswers(scores: own, boxes: boxes)
    }

    /// A picture of the batch as the teacher's canvas has it.
    private func picture(_ images: Tensor, _ index: Int, width: Int, height: Int) -> LetterboxedImage {
        let plane = width * height
        let order = detector.input.channelOrder == .bgr ? [2, 1, 0] : [0, 1, 2]
        var pixels = [UInt8](repeating: 0, count: 3 * plane)
        images.withElements(as: Float.self) { values in
            for (place, channel) in order.enumerated() {
                let start = (3 * index + channel) * plane
                for pixel in 0..<plane { pixels[3 * pixel + place] = UInt8(values[start + pixel] * 255 + 0.5) }
            }
        }
        return LetterboxedImage(
            letterbox: Letterbox(sourceWidth: width, sourceHeight: height, canvasWidth: width, canvasHeight: height),
            pixels: pixels)
    }
}
