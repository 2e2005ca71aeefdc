import ArgumentParser
import Saccade

struct TrackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track",
        abstract: "Track the objects in a video.",
        discussion: """
            SOURCE is a video file, a folder of images, or - for standard input. Without any output option the track \
            log is written to standard output as JSON Lines.

            With --detect-every 3 the detector looks at every third frame; the frames between are tracked, drawn and \
            logged all the same, with interpolated boxes.

              saccade track street.mp4 -o street-tracked.mp4
              saccade track street.mp4 --detect-every 3 --save-mot street.txt
              ffmpeg -i rtsp://… -f matroska - | saccade track - -o - > tracked.mkv
            """)

    @Argument(help: "The video, folder of images, or - for standard input.")
    var source: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Write the annotated video; the extension names the container.", valueName: "file"))
    var output: String?

    @OptionGroup(title: "Tracking") var tracking: TrackingArguments
    @OptionGroup var options: PipelineArguments
    @OptionGroup(title: "Report") var report: ReportArguments

    func run() throws {
        try report.reporting { reporter throws(SaccadeError) in
            var configuration = try options.configuration()
            tracking.apply(to: &configuration)
            let outputs = try report.checked(RunOutputs(video: output, results: options.results.outputs))
            let pipeline = try VideoPipeline(configuration)
            return try reporter.observe(stop: pipeline.stop) { observer throws(SaccadeError) in
                try pipeline.run(source, to: outputs, onFrame: observer.onFrame, started: observer.started)
            }
        }
    }
}
