import ArgumentParser
import Evaluation
import Saccade

/// The options that name the sequences of a benchmark and its rules.
struct BenchmarkSequenceArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The sequences, by name; without it all of the ground truth.", valueName: "name"))
    var sequences: [String] = []

    @Option(
        help: ArgumentHelp("The rules: mot15, mot16, mot17 or mot20; see saccade eval mot.", valueName: "benchmark"))
    var benchmark = MOTBenchmark.mot15

    @Option(help: ArgumentHelp("The rate of detections without seqinfo.ini.", valueName: "frames/s"))
    var fps: Double?
}

/// The options that say how a tracker that runs alone follows objects.
struct TrackerArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("The least score of a detection that continues a track. Default: 0.1.", valueName: "score"))
    var trackLow: Float?

    @Option(
        help: ArgumentHelp(
            "The tracker's parameters, as saccade tune tracker writes them (YAML).", valueName: "file"))
    var tracker: String?

    /// - Parameter confidence: what --conf says.
    func apply(to replay: inout DetectionReplay, confidence: Float?) throws(SaccadeError) {
        if let tracker {
            replay.tracker = try TrackerOptions(contentsOf: tracker)
            replay.confidence = replay.tracker.confidence
        }
        if let confidence { replay.confidence = confidence }
        if let trackLow { replay.tracker.lowConfidence = trackLow }
    }
}
