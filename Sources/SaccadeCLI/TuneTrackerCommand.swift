import ArgumentParser
import Foundation
import Saccade
import Tracking

struct TuneTrackerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tracker",
        abstract: "Search the tracker's parameters on sequences with a ground truth.",
        discussion: """
            The tracker runs over detections, as with saccade track --detections, and is measured as saccade eval mot \
            does. The objective is the mean of --metric over the numbers of --detect-every, of all sequences together. \
            The search starts at the defaults, or at --tracker, and never ends below them. The result is the same for a \
            seed, whatever the number of threads.

            What fits some sequences need not fit others. --cross-validate leaves out each sequence once, searches on the \
            others, and measures what was found on the one that was left out: compare that with the defaults before you \
            use the file.

              saccade tune tracker --gt mot15/ --detections mot15/ --detect-every 1,3,6 --cross-validate -o tracker.yaml
              saccade track street.mp4 --tracker tracker.yaml -o street-tracked.mp4
            """)

    @Option(help: ArgumentHelp("The ground truth, as for saccade eval mot.", valueName: "folder"))
    var gt: String

    @Option(help: ArgumentHelp("The detections, as for saccade track --detections.", valueName: "file|folder"))
    var detections: String

    @OptionGroup(title: "Sequences") var chosen: BenchmarkSequenceArguments

    @Option(help: ArgumentHelp("In every how many frames the detector looks.", valueName: "n,n,…"))
    var detectEvery = IntervalList([1, 3, 6])

    @Flag(help: "Tune for boxes that are given at once, as with a camera. Default: as with files.")
    var online = false

    @Option(help: ArgumentHelp("What is to be high: hota+idf1 (their mean), hota, idf1 or mota.", valueName: "name"))
    var metric = TrackerTuner.Metric.hotaAndIDF1

    @Option(help: ArgumentHelp("The parameters that are searched, by their keys. Default: all.", valueName: "a,b,…"))
    var parameters: String?

    @Option(
        help: ArgumentHelp(
            "How many configurations are tried; with --cross-validate half as many more for each sequence.",
            valueName: "n"))
    var trials = 400

    @Option(help: ArgumentHelp("What the search depends on.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Threads. Default: one a core.", valueName: "n"))
    var threads: Int?

    @Flag(help: "Leave out each sequence once, and measure on it.")
    var crossValidate = false

    @Option(help: ArgumentHelp("Start at this file's parameters.", valueName: "file"))
    var tracker: String?

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Write the parameters (YAML); - is standard output.", valueName: "file"))
    var output: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard (1...1_000_000).contains(trials) else {
            throw ValidationError("--trials must be between 1 and 1000000")
        }
        guard (1...128).contains(threads ?? 1) else { throw ValidationError("--threads must be between 1 and 128") }
        guard !json || output != "-" else {
            throw ValidationError("--json writes to standard output: give the parameters a file's name")
        }
    }

    func run() throws {
        try runReporting(json: json) {
            let tuner = try makeTuner()
            // Opened first, so that a wrong path is known before the work begins.
            if let output, output != "-" { _ = try OutputFile(path: output) }
            let progress = LabProgress(isQuiet: quiet)
            try progress.observing {
                let tuning = try tuner.run(crossValidates: crossValidate) { state in
                    progress.show(
                        String(
                            format: "%d of %d trials, best %.2f", state.done, state.total, state.best * 100))
                    return progress.goesOn
                }
                let report = TuneReport(tuner: tuner, tuning: tuning)
                if let output {
                    try OutputFile.write(
                        TrackerParameterFile(tuning.configuration).text(notes: report.notes), to: output)
                }
                if json { return try StandardOutput.write(report.json()) }
                if output != "-" { try StandardOutput.write(report.text) }
            }
        }
    }

    private func makeTuner() throws -> TrackerTuner {
        let sequences = try DetectionSequence.all(at: detections, frameRate: chosen.fps)
        let benchmark = try ReplayBenchmark(
            truth: gt, detections: sequences, sequences: chosen.sequences, rules: chosen.benchmark)
        var tuner = TrackerTuner(benchmark)
        tuner.detectEvery = detectEvery.intervals
        (tuner.isOnline, tuner.metric, tuner.trials, tuner.seed) = (online, metric, trials, seed)
        tuner.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        if let tracker { tuner.start = try TrackerParameterFile(contentsOf: tracker).configuration }
        if let parameters {
            tuner.parameters = try parameters.split(separator: ",").map { name in
                guard let parameter = tuner.parameters.first(where: { $0.name == name }) else {
                    let names = tuner.parameters.map(\.name).joined(separator: ", ")
                    throw SaccadeError.usage("no parameter \(name) is searched: there are \(names)")
                }
                return parameter
            }
        }
        guard !crossValidate || benchmark.sequences.count > 1 else {
            throw SaccadeError.usage("--cross-validate needs at least two sequences")
        }
        return tuner
    }
}

extension TrackerTuner.Metric: ExpressibleByArgument {}
