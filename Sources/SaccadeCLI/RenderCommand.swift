import ArgumentParser
import Saccade

struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Draw a track log into its video, without a detector.",
        discussion: """
            The log is what --save-jsonl wrote. Style and classes can differ from the first run.

              saccade track street.mp4 --save-jsonl tracks.jsonl
              saccade render street.mp4 --tracks tracks.jsonl -o street-tracked.mp4 --trace 2
            """)

    @Argument(help: "The video that the log belongs to.")
    var source: String

    @Option(help: ArgumentHelp("The track log (JSON Lines).", valueName: "file"))
    var tracks: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The annotated video; the extension names the container.", valueName: "file"))
    var output: String

    @OptionGroup(title: "Source") var sourceOptions: SourceArguments
    @OptionGroup(title: "Drawing") var annotation: AnnotationArguments
    @OptionGroup(title: "Encoding") var encoder: EncoderArguments
    @OptionGroup(title: "Report") var report: ReportArguments

    func run() throws {
        try report.reporting { reporter throws(SaccadeError) in
            _ = try report.checked(RunOutputs(video: output))
            let renderer = TrackRenderer(
                source: sourceOptions.options(), annotation: annotation.options(), encoder: encoder.options())
            return try reporter.observe(stop: renderer.stop) { observer throws(SaccadeError) in
                try renderer.run(
                    source, tracks: tracks, to: output, onFrame: observer.onFrame, started: observer.started)
            }
        }
    }
}
