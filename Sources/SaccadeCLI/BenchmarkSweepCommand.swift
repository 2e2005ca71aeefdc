import ArgumentParser
import Evaluation
import Saccade

struct BenchmarkSweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Measure tracking by how often the detector looks.",
        discussion: """
            The tracker runs over detections for each number of --detect-every: as with files, where frames wait for the \
            next detection and skipped ones get boxes from both sides, and online, where they are predicted at once. Each \
            is done by the time that passed, and by updates: the tracker is told that one frame's duration lies between \
            two detections, which is what trackers believe that count updates.

              saccade benchmark sweep --gt mot15/ --detections mot15/ --plot sweep.svg
              saccade benchmark sweep --gt mot15/PETS09-S2L1 --video vtest.avi --model yolov8n.onnx --fps-runs

            With --video the detector looks at every frame once, at the lowest score that the tracker uses, and what it \
            found is tracked again for each number: the figures are those of saccade track --detect-every N. --fps-runs \
            adds the frames a second of whole runs, decoding, detection and tracking, without an annotated copy.

            The figures are those of saccade eval mot over all sequences; detections/frame is the share of the frames in \
            which the detector looks.
            """)

    @Option(help: ArgumentHelp("The ground truth, as for saccade eval mot.", valueName: "folder"))
    var gt: String

    @Option(
        help: ArgumentHelp(
            "The detections, as for saccade track --detections; each has the name of its sequence.",
            valueName: "file|folder"))
    var detections: String?

    @Option(help: ArgumentHelp("A video in place of detections: the ground truth has one sequence.", valueName: "file"))
    var video: String?

    @OptionGroup(title: "Sequences") var chosen: BenchmarkSequenceArguments

    @Option(help: ArgumentHelp("In every how many frames the detector looks.", valueName: "n,n,…"))
    var detectEvery = IntervalList([1, 2, 3, 6, 12])

    @Flag(help: "Measure the frames a second by whole runs over the video.")
    var fpsRuns = false

    @OptionGroup(title: "Tracking") var parameters: TrackerArguments
    @OptionGroup(title: "Detection") var detector: DetectorArguments

    @Option(help: ArgumentHelp("Write the table as CSV; - is standard output.", valueName: "file"))
    var csv: String?

    @Option(help: ArgumentHelp("Draw HOTA and IDF1 over the interval (SVG).", valueName: "file"))
    var plot: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: ArgumentHelp("Show progress: auto, bar, plain, json or none.", valueName: "style"))
    var progress = ProgressStyle.auto

    func run() throws {
        try runReporting(json: json) {
            let sweep = try makeSweep()
            var report = try SweepReport(groundTruth: gt, detections: detections ?? video ?? "", sweep: sweep)
            if fpsRuns, let video {
                let sweepVideo = SweepVideo(path: video, detector: try detector.options(), arguments: detector)
                for interval in sweep.intervals {
                    let rate = try sweepVideo.frameRate(interval, tracker: sweep.replay, progress: progress)
                    report.setFrameRate(rate, of: interval)
                }
            }
            if let csv { try OutputFile.write(report.csv, to: csv) }
            if let plot { try OutputFile.write(report.svg, to: plot) }
            if json { return try StandardOutput.write(report.json()) }
            if csv != "-", plot != "-" { try StandardOutput.write(report.text) }
        }
    }

    private func makeSweep() throws -> ReplaySweep {
        guard (detections == nil) != (video == nil) else {
            throw SaccadeError.usage("name either --detections or --video")
        }
        guard video != nil || !fpsRuns else { throw SaccadeError.usage("--fps-runs needs a --video") }
        guard !json || csv != "-" && plot != "-" else {
            throw SaccadeError.usage("--json writes to standard output: give the other output a file's name")
        }
        var replay = DetectionReplay()
        try parameters.apply(to: &replay, confidence: detector.conf)
        try replay.validate()
        let sequences: [DetectionSequence]
        if let video {
            let truths = try MOTTruth.all(in: gt, sequences: chosen.sequences, benchmark: chosen.benchmark)
            guard let truth = truths.first, truths.count == 1 else {
                throw SaccadeError.usage("\(gt) has \(truths.count) sequences: choose the video's with --sequences")
            }
            let sweepVideo = SweepVideo(path: video, detector: try detector.options(), arguments: detector)
            sequences = [try sweepVideo.detections(named: truth.name, tracker: replay, progress: progress)]
        } else {
            if let option = detector.needingPictures.first {
                throw SaccadeError.usage("\(option) needs a --video")
            }
            sequences = try DetectionSequence.all(at: detections ?? "", frameRate: chosen.fps)
        }
        let benchmark = try ReplayBenchmark(
            truth: gt, detections: sequences, sequences: chosen.sequences, rules: chosen.benchmark)
        return ReplaySweep(benchmark, intervals: detectEvery.intervals, replay: replay)
    }
}

/// Numbers of frames between commas.
struct IntervalList: ExpressibleByArgument {
    let intervals: [Int]

    init(_ intervals: [Int]) { self.intervals = intervals }

    init?(argument: String) {
        var intervals: [Int] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let interval = Int(part), interval > 0 else { return nil }
            if !intervals.contains(interval) { intervals.append(interval) }
        }
        self.intervals = intervals
    }

    var defaultValueDescription: String { intervals.map(String.init).joined(separator: ",") }
}
