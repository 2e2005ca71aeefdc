import ArgumentParser
import Foundation
import Saccade
import Synchronization

struct BenchmarkTrackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track",
        abstract: "Measure where the time goes when a video is tracked and its annotated copy written.",
        discussion: """
            Runs what saccade track VIDEO -o COPY runs; the copy goes to a temporary file and is removed. A stage's \
            share says for how much of the run it was busy: the stage near 100 % (of each of its workers) is the one \
            that the others wait for. Waiting is the time that frames lie between the decoder and the detector.

              saccade benchmark track street.mp4 --model yolov8n-int8.onnx
              saccade benchmark track street.mp4 --detect-every 3 --no-write --json
            """)

    @Argument(help: "The video or folder of images.")
    var source: String

    @Flag(inversion: .prefixedNo, help: "Draw and encode the annotated copy.")
    var write = true

    @Option(help: ArgumentHelp("The file that the copy becomes until it is removed.", valueName: "file"))
    var copy: String?

    @OptionGroup(title: "Detection") var detector: DetectorArguments
    @OptionGroup(title: "Tracking") var tracking: TrackingArguments
    @OptionGroup(title: "Source") var range: SourceArguments
    @OptionGroup(title: "Encoding") var encoder: EncoderArguments

    @Flag(help: "Print JSON. Times are in seconds.")
    var json = false

    @Option(help: ArgumentHelp("Show progress: auto, bar, plain, json or none.", valueName: "style"))
    var progress = ProgressStyle.auto

    func validate() throws {
        if copy != nil, !write { throw ValidationError("--copy names what --no-write does not write") }
    }

    func run() throws {
        try runReporting(json: json) {
            let detector = try self.detector.options()
            var configuration = PipelineConfiguration(model: detector.model)
            configuration.detector = detector
            configuration.source = range.options()
            configuration.encoder = encoder.options()
            configuration.threads = self.detector.threads ?? 0
            configuration.mode = self.detector.mode
            configuration.batch = self.detector.batch
            try tracking.apply(to: &configuration, confidence: self.detector.conf)

            let copy = try write ? self.copy ?? Self.temporaryCopy() : nil
            defer {
                if let copy {
                    let folder = self.copy == nil ? (copy as NSString).deletingLastPathComponent : copy
                    try? FileManager.default.removeItem(atPath: folder)
                }
            }
            let reporter = RunReporter(progress: progress)
            let before = ProcessUsage.now
            let pipeline = try VideoPipeline(configuration)
            let firstResult = Mutex<Double?>(nil)
            let summary = try reporter.observe(stop: pipeline.stop) { observer throws(SaccadeError) in
                try pipeline.run(
                    source, to: RunOutputs(video: copy),
                    onFrame: { frame in
                        firstResult.withLock { age in if age == nil { age = ProcessUsage.age } }
                        observer.onFrame(frame)
                    }, started: observer.started)
            }
            let bytes = copy.flatMap { try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int }
            let report = TrackBenchmarkReport(
                summary, configuration: configuration, used: ProcessUsage.now.since(before),
                firstResult: firstResult.withLock { $0 }, copyBytes: bytes)
            try StandardOutput.write(json ? report.json() : report.text)
            if let signal = reporter.signal { throw ExitCode(128 + signal) }
            if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
        }
    }

    /// A file in a folder of its own, which is removed with all that was left in it.
    private static func temporaryCopy() throws(SaccadeError) -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-benchmark-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw SaccadeError(
                reason: "cannot_create", message: "cannot make a folder for the copy: \(error.localizedDescription)",
                exitCode: 73)
        }
        return folder.appending(path: "copy.mp4").path
    }
}
