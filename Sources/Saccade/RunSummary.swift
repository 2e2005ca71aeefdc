import Foundation
import Pipelines

/// What a run did: every frame by its fate, the time of each stage, and the latency.
public struct RunSummary: Hashable, Sendable, Codable {
    /// The frames of a run by what became of them; `read` is the sum of the others.
    public struct Frames: Hashable, Sendable, Codable {
        /// Frames that the decoder delivered.
        public var read = 0
        /// Frames that the detector looked at.
        public var detected = 0
        /// Frames that the schedule kept from the detector.
        public var skipped = 0
        /// Frames with decoding errors: drawn and tracked, but not shown to the detector.
        public var corrupt = 0
        /// Frames that were left out, by reason in `dropReasons`: of live sources, or when a run was ended.
        public var dropped = 0
        /// Why frames were left out: `overtaken`, by a newer one while they waited for the detector.
        public var dropReasons: [String: Int] = [:]
        /// Skipped frames whose boxes were predicted: of live sources, which do not wait for the next detection, and for
        /// want of room to hold them until then.
        public var predicted = 0
        /// Packets that could not be decoded at all.
        public var undecodablePackets = 0

        /// Images of a folder that could not be read; they are not among `read`.
        public var unreadableImages = 0

        /// Frames in = detected + skipped + corrupt + dropped.
        public var isConserved: Bool { read == detected + skipped + corrupt + dropped }
    }

    /// How a live source came and went.
    public struct Connections: Hashable, Sendable, Codable {
        /// How often frames began to come.
        public var made = 0
        /// How often the source was lost while frames came, by reason.
        public var losses: [String: Int] = [:]
        /// Seconds without frames after the first one.
        public var downtime = 0.0
    }

    /// How a latency budget was kept.
    public struct Budget: Hashable, Sendable, Codable {
        /// What 95 of 100 frames should keep.
        public let seconds: Double
        /// The share of the frames that did, 0 to 1.
        public let kept: Double
        /// At the end the detector looked at every so many frames,
        public let detectEvery: Int
        /// with so much of the sides of its input.
        public let share: Double
    }

    /// What became of the pictures of a stream that was published.
    public struct Publication: Hashable, Sendable, Codable {
        /// Where it was published, without a password.
        public var address = ""
        /// Pictures that were sent.
        public var sent = 0
        /// Pictures that were left out; they are in all other outputs.
        public var dropped = 0
        /// Why pictures were left out: `unreachable`, when the stream was down; `overtaken`, by newer ones while they
        /// waited for the network.
        public var dropReasons: [String: Int] = [:]
        /// How often the stream came up.
        public var connections = 0
        /// How often it broke, by reason.
        public var losses: [String: Int] = [:]
    }

    /// The time that one stage took for a frame, in seconds.
    public struct Stage: Hashable, Sendable, Codable {
        /// The stage's name: `decode`, `detect`, `track`, `draw`, `encode`, `log`; or `wait`, which is no work but the
        /// time that a frame lay between the decoder and the detector.
        public let name: String
        /// Frames that passed.
        public let count: Int
        /// All frames together.
        public let total: Double
        /// The median.
        public let p50: Double
        /// The 95th percentile.
        public let p95: Double
        /// The 99th percentile.
        public let p99: Double

        init(_ snapshot: StageMetrics.Snapshot) {
            (name, count, total) = (snapshot.name, snapshot.count, snapshot.total)
            (p50, p95, p99) = (snapshot.p50, snapshot.p95, snapshot.p99)
        }
    }

    /// The source as the user named it.
    public var source: String
    /// Its name in a list of sources; `nil` for a run of its own.
    public var name: String?
    /// The model as the user named it; `nil` when no detector ran.
    public var model: String?
    /// Why the run ended: `eof`, `interrupted`, or the reason of the fault that cut the source short.
    public var reason = "eof"
    /// The fault in words, when there was one.
    public var message: String?
    /// The exit code of a command that ends with this summary: 0, or that of the fault.
    public var exitCode: Int32 = 0
    /// The frames by fate.
    public var frames = Frames()
    /// The objects that were found, summed over the detected frames.
    public var detections = 0
    /// The tracks that were confirmed.
    public var tracks = 0
    /// From start to end of the run in seconds.
    public var wallTime = 0.0
    /// The stages in the order of the way.
    public var stages: [Stage] = []
    /// From a frame's arrival (decoded) to its output written, in seconds. Frames that wait for the next detection
    /// wait here too.
    public var latency: Stage?
    /// From a live source's frame's capture to its output written, in seconds: its age at output. `nil` for files.
    public var age: Stage?
    /// How its latency budget was kept; `nil` without one.
    public var budget: Budget?
    /// How a live source came and went; `nil` for files.
    public var connections: Connections?
    /// What became of the stream that was published; `nil` when none was asked for.
    public var publication: Publication?
    /// The files that were written.
    public var outputs: [String] = []
    /// What the user should know of the outputs: streams that were left out, a file that could not be finished.
    public var notes: [String] = []

    /// Frames a second over the whole run.
    public var frameRate: Double { wallTime > 0 ? Double(frames.read) / wallTime : 0 }
}
