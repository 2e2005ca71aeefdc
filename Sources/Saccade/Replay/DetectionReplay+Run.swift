import Detections
import Foundation
import Pipelines

extension DetectionReplay {
    /// Follows the objects of a sequence and writes what is asked for.
    ///
    /// - Parameters:
    ///   - results: the files of results; `-` is standard output.
    ///   - onFrame: called for every frame, in order, after it was written.
    ///   - shouldStop: asked before each frame; when it says so, what was read is finished and the outputs completed.
    public func run(
        _ sequence: DetectionSequence, to results: [ResultOutput] = [], onFrame: ((FrameResult) -> Void)? = nil,
        shouldStop: () -> Bool = { false }
    ) throws(SaccadeError) -> RunSummary {
        try validate()
        do {
            try OutputConflicts.check(outputs: results.map(\.path), inputs: [sequence.path].compactMap { $0 })
            return try write(sequence, to: results, onFrame: onFrame, shouldStop: shouldStop)
        } catch {
            throw SaccadeError(error)
        }
    }

    /// Follows the objects of several sequences, one after the other, each with result files of its own: an output that is
    /// a folder (`tracks/`) gets `SEQ.txt`, one that is a file (`tracks.txt`) becomes `tracks-SEQ.txt`.
    public func run(
        _ sequences: [DetectionSequence], to results: [ResultOutput] = [], onFrame: ((FrameResult) -> Void)? = nil,
        shouldStop: () -> Bool = { false }
    ) throws(SaccadeError) -> ListSummary {
        try validate()
        guard sequences.count == 1 || !results.contains(where: { $0.path == "-" && $0.format != .jsonLines }) else {
            throw .usage(
                "several sequences can share standard output as JSON Lines alone: name a file, and each gets its own")
        }
        do {
            let start = ContinuousClock.now
            for output in results where output.isFolder || output.format == .yolo {
                try PictureOutput.makeFolder(output.path)
            }
            let named = sequences.map { sequence in results.map { $0.of(sequence.name, among: sequences.count) } }
            try OutputConflicts.check(
                outputs: named.joined().map(\.path).filter { $0 != "-" }, inputs: sequences.compactMap(\.path))
            var summary = ListSummary(sources: [])
            for (sequence, outputs) in zip(sequences, named) where !shouldStop() {
                summary.sources.append(
                    try write(sequence, to: outputs, onFrame: onFrame, shouldStop: shouldStop))
            }
            summary.wallTime = (ContinuousClock.now - start) / .seconds(1)
            return summary
        } catch {
            throw SaccadeError(error)
        }
    }

    private func write(
        _ sequence: DetectionSequence, to results: [ResultOutput], onFrame: ((FrameResult) -> Void)?,
        shouldStop: () -> Bool
    ) throws -> RunSummary {
        guard !results.contains(where: { $0.format == .yolo }) || sequence.width > 0 && sequence.height > 0 else {
            throw SaccadeError.usage(
                "labels need the size of the frames (imWidth, imHeight in seqinfo.ini), and that of \(sequence.name) "
                    + "is not known")
        }
        let start = ContinuousClock.now
        let source = ResultSource(name: sequence.name, medium: .video, labels: Self.labels)
        let outputs = try ResultOutputs(results, source: source)
        var failure: OutputError?
        let logTime = StageMetrics("log")
        let outcome = follow(sequence, shouldStop: shouldStop) { frame in
            do throws(OutputError) {
                if !outputs.isEmpty { try logTime.measure { () throws(OutputError) in try outputs.write(frame) } }
            } catch {
                failure = error
                return false
            }
            onFrame?(frame)
            return true
        }
        if let failure { throw failure }
        try outputs.finish()
        var summary = RunSummary(source: sequence.path ?? sequence.name)
        summary.name = sequence.name
        summary.frames = outcome.frames
        summary.detections = outcome.detections
        summary.tracks = outcome.tracks
        if outcome.frames.read < sequence.frames.count { summary.reason = "interrupted" }
        summary.outputs = results.map(\.path).filter { $0 != "-" }
        summary.stages = [RunSummary.Stage(logTime.snapshot)].filter { $0.count > 0 }
        summary.wallTime = (ContinuousClock.now - start) / .seconds(1)
        return summary
    }

    /// What is tracked has no class in MOTChallenge text.
    static let labels = ClassLabels(["object"])

    /// Throws a usage error for the first option that makes no sense.
    package func validate() throws(SaccadeError) {
        var configuration = PipelineConfiguration(model: "")
        configuration.detector.confidence = confidence
        configuration.tracker = tracker
        configuration.schedule = schedule
        try configuration.validate()
    }
}

extension ResultOutput {
    /// Whether the path names a folder in which each sequence gets a file of its own.
    fileprivate var isFolder: Bool {
        var isFolder: ObjCBool = false
        return path.hasSuffix("/")
            || FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The output for one of several sequences.
    fileprivate func of(_ sequence: String, among count: Int) -> ResultOutput {
        guard format != .yolo, isFolder else {
            return count == 1 ? self : RunOutputs(results: [self]).named(sequence).results.first ?? self
        }
        let ending =
            switch format {
            case .jsonLines: "jsonl"
            case .mot, .yolo: "txt"
            case .csv: "csv"
            case .coco: "json"
            }
        return ResultOutput(format, to: (path as NSString).appendingPathComponent("\(sequence).\(ending)"))
    }
}
