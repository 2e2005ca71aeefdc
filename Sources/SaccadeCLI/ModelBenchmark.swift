import Detections
import Detectors
import Dispatch
import Execution
import Imaging
import Pipelines
import Saccade
import Synchronization
import Tensors

/// Measures a detector on one picture, again and again.
struct ModelBenchmark {
    /// A picture that several workers look at.
    final class Picture: Sendable {
        let image: Image

        init(_ image: consuming Image) { self.image = image }
    }

    /// One operator of the network.
    struct Layer {
        let operation: ExecutionPlan.Operation
        /// The median in seconds.
        let seconds: Double
    }

    /// What was measured. All times are of one picture.
    struct Figures {
        let threads: Int
        let frames: Int
        let runs: Int
        let width: Int
        let height: Int
        let input: ExecutionPlan.Port
        let network: StageMetrics.Snapshot
        let networkAndDecoding: StageMetrics.Snapshot
        let detector: StageMetrics.Snapshot
        let letterbox: StageMetrics.Snapshot
        let decoding: StageMetrics.Snapshot
        let suppression: StageMetrics.Snapshot
        let picturesPerSecond: Double
        let detections: Int
        /// In the order in which they run, with the threads of the first worker.
        let layers: [Layer]
        /// Threads of a worker.
        let layerThreads: Int
    }

    private let detector: YOLODetector
    private let picture: Picture
    private let threads: Int
    private let frames: Int
    private let runs: Int

    private static let warmUps = 3

    /// - Parameter frames: pictures that are looked at at a time.
    init(_ detector: YOLODetector, picture: Picture, threads: Int, frames: Int, runs: Int) {
        (self.detector, self.picture, self.threads, self.frames, self.runs) = (detector, picture, threads, frames, runs)
    }

    func measure() throws -> Figures {
        let shares = PipelineConfiguration.workers(threads: threads, frames: frames)
        let size = (picture.image.width, picture.image.height)
        let workers = try shares.map { try detector.makeWorker(threads: $0, pictureSize: size) }
        let names = ["network", "network + decoding", "detector", "letterbox", "decoding", "suppression"]
        let parts: [@Sendable (YOLODetector.Worker.Times) -> Duration] = [
            { $0.network }, { $0.networkAndDecoding }, { $0.total }, { $0.letterbox }, { $0.decoding },
            { $0.suppression },
        ]
        let metrics = names.map(StageMetrics.init)
        let failure = Mutex<(any Error)?>(nil)
        let count = Atomic<Int>(0)
        /// One batch: the workers take pictures until there are no more.
        func look(records: Bool) {
            let next = Atomic<Int>(0)
            DispatchQueue.concurrentPerform(iterations: workers.count) { place in
                var detections: [Detection] = []
                while next.add(1, ordering: .relaxed).oldValue < frames {
                    do {
                        try workers[place].detect(picture.image, into: &detections)
                    } catch {
                        return failure.withLock { $0 = error }
                    }
                    guard records else { continue }
                    for (metric, part) in zip(metrics, parts) { metric.record(part(workers[place].times)) }
                }
                count.store(detections.count, ordering: .relaxed)
            }
        }
        for _ in 0..<Self.warmUps { look(records: false) }
        let start = ContinuousClock.now
        for _ in 0..<runs { look(records: true) }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if let error = failure.withLock({ $0 }) { throw error }

        let canvas = detector.input.canvas(forWidth: size.0, height: size.1)
        let plan = try detector.plan(width: canvas.width, height: canvas.height)
        let snapshots = metrics.map(\.snapshot)
        return Figures(
            threads: threads, frames: frames, runs: runs, width: canvas.width, height: canvas.height,
            input: plan.inputs[0], network: snapshots[0], networkAndDecoding: snapshots[1], detector: snapshots[2],
            letterbox: snapshots[3], decoding: snapshots[4], suppression: snapshots[5],
            picturesPerSecond: Double(runs * frames) / max(seconds, 1e-9),
            detections: count.load(ordering: .relaxed), layers: try layers(plan, threads: shares[0]),
            layerThreads: shares[0])
    }

    /// The median times of a network's operators, on gray: the time of a network does not depend on what it sees.
    private func layers(_ plan: ExecutionPlan, threads: Int) throws -> [Layer] {
        let session = try Session(plan, threads: threads)
        try session.withInput(0) { bytes in
            switch plan.inputs[0].dtype {
            case .float32: bytes.bindMemory(to: Float.self).update(repeating: 0.447)
            default: bytes.bindMemory(to: UInt8.self).update(repeating: 114)
            }
        }
        for _ in 0..<Self.warmUps { try session.run() }
        var samples: [[Duration]] = []
        for _ in 0..<min(max(runs, 5), 25) { samples.append(try session.runTimed()) }
        return plan.operations.enumerated().map { index, operation in
            let times = samples.map { $0[index] }.sorted()
            return Layer(operation: operation, seconds: times[times.count / 2] / .seconds(1))
        }
    }
}
