import Detections
import Detectors
import Execution
import Imaging

/// The time of two models on the same pictures, in turns, so that what else the machine does meets both.
enum LatencyComparison {
    private static let warmUps = 3
    private static let fewestRounds = 7
    private static let mostRounds = 31
    /// What one comparison may take, in seconds, unless its fewest rounds take more.
    private static let budget = 4.0

    /// - Parameter images: of one canvas; at least one.
    static func measured(
        float: YOLODetector, quantized: YOLODetector, on images: [LetterboxedImage], threads: Int,
        tick: (Int, Int) throws(SaccadeError) -> Void
    ) throws -> QuantizationSummary.Latency {
        let size = (images[0].letterbox.sourceWidth, images[0].letterbox.sourceHeight)
        let workers = [
            try float.makeWorker(threads: threads, pictureSize: size),
            try quantized.makeWorker(threads: threads, pictureSize: size),
        ]
        var times: [[Double]] = [[], []]
        var detections: [Detection] = []
        func round(_ index: Int) throws -> [Double] {
            try workers.map { worker in
                let start = ContinuousClock.now
                try worker.detect(images[index % images.count], into: &detections)
                return (ContinuousClock.now - start) / .seconds(1)
            }
        }
        var last = 1.0
        for index in 0..<warmUps { last = try round(index).reduce(0, +) }
        let rounds = min(max(Int(budget / max(last, 1e-3)), fewestRounds), mostRounds)
        for index in 0..<rounds {
            for (model, time) in try round(index).enumerated() { times[model].append(time) }
            try tick(index + 1, rounds)
        }
        let medians = times.map { 1000 * $0.sorted()[$0.count / 2] }
        return .init(
            threads: threads, width: images[0].width, height: images[0].height, floatMilliseconds: medians[0],
            quantizedMilliseconds: medians[1])
    }

    /// The time of each operator, the slowest first.
    static func layers(
        _ detector: YOLODetector, width: Int, height: Int, threads: Int
    ) throws -> [QuantizationSummary.Layer] {
        let plan = try detector.plan(width: width, height: height)
        let session = try Session(plan, threads: threads)
        var samples: [[Duration]] = []
        for _ in 0..<fewestRounds + 1 { samples.append(try session.runTimed()) }
        samples.removeFirst()
        return plan.operations.enumerated().map { index, operation in
            let time = samples.map { $0[index] }.sorted()[samples.count / 2]
            return QuantizationSummary.Layer(
                node: operation.node, op: operation.op, kernel: operation.kernel,
                milliseconds: time / .milliseconds(1), multiplyAdds: operation.multiplyAdds)
        }.sorted { $0.milliseconds > $1.milliseconds }
    }
}
