import ArgumentParser
import Foundation

struct BenchmarkTrackerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tracker",
        abstract: "Measure how long the tracker takes for a frame, without detector and video.",
        discussion: """
            People walk about in a picture of 1920×1080, 25 frames a second; each is missed in one frame of twenty, a \
            tenth of them has a low score, and their boxes tremble. The walk is the same every time.

              saccade benchmark tracker --objects 20 200
            """)

    @Option(parsing: .upToNextOption, help: ArgumentHelp("How many people.", valueName: "n"))
    var objects = [20, 200]

    @Option(help: "Frames that are measured, after a tenth as many that are not.")
    var frames = 2000

    @Flag(help: "Print JSON. Times are in seconds.")
    var json = false

    func validate() throws {
        guard !objects.isEmpty, objects.allSatisfy((1...1000).contains), (10...1_000_000).contains(frames) else {
            throw ValidationError("--objects must be 1 to 1000, --frames 10 to 1000000")
        }
    }

    func run() throws {
        try runReporting(json: json) {
            let figures = objects.map { TrackerBenchmark(objects: $0, frames: frames).measure() }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try StandardOutput.write(
                json ? String(decoding: encoder.encode(figures), as: UTF8.self) + "\n" : Self.text(figures))
        }
    }

    private static func text(_ figures: [TrackerBenchmark.Figures]) -> String {
        var text = "ms a frame\nobjects   tracks      p50      p95      p99   first tenth   last tenth\n"
        for row in figures {
            let times = [row.p50, row.p95, row.p99].map { String(format: "%9.4f", $0 * 1000) }.joined()
            text += String(format: "%7d  %7d", row.objects, row.tracks) + times
            text += String(format: "%14.4f%13.4f\n", row.firstTenth * 1000, row.lastTenth * 1000)
        }
        return text
    }
}
