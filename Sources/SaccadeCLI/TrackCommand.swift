import ArgumentParser
import Saccade

struct TrackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track",
        abstract: "Track the objects in a video, or before a camera.",
        discussion: """
            SOURCE is a video file, a folder of images, - for standard input, a camera (0 or /dev/video0), a stream \
            (rtsp, rtsps, http, https, udp, tcp), env:NAME for a stream whose URL the environment's variable NAME holds, \
            a test picture (lavfi:testsrc2), or a list of these in a text file (cameras.streams, one a line). Without \
            any output option the track log is written to standard output as JSON Lines.

            With --detect-every 3 the detector looks at every third frame; the frames between are tracked, drawn and \
            logged all the same, with interpolated boxes.

              saccade track street.mp4 -o street-tracked.mp4
              saccade track street.mp4 --detect-every 3 --save-mot street.txt
              saccade track 0 -o camera.mp4
              saccade track rtsp://user:password@camera/stream --save-jsonl tracks.jsonl
              CAMERA=rtsp://user:password@camera/stream saccade track env:CAMERA -o camera.mp4
              saccade track 0 --show -o rtsp://server:8554/tracked
              saccade track cameras.streams -o recordings/ --save-jsonl tracks.jsonl

            A live source is read until Ctrl-C, which completes the outputs. When it stalls or goes away it is tried \
            again, for ever; of its frames the newest is looked at, and those that it overtook are counted. So is a \
            published stream of a live source: while it cannot be reached its frames are left out, and counted; the \
            run goes on. A file is published as fast as it is done, in its own time with --realtime, and a stream that \
            fails ends its run.

            The sources of a list share the model and the processor in turns; none waits for another. A line is a \
            source, or NAME = SOURCE; each gets its own outputs: recordings/NAME.mp4, tracks-NAME.jsonl.
            """)

    @Argument(help: "The video, folder of images, - for standard input, camera or stream.")
    var source: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "Write the annotated video; the extension names the container. A URL publishes it: rtsp, rtsps, udp, tcp, srt, rtmp, rtmps.",
            valueName: "file|url"))
    var output: String?

    @OptionGroup(title: "Tracking") var tracking: TrackingArguments
    @OptionGroup var options: PipelineArguments
    @OptionGroup(title: "Report") var report: ReportArguments

    func run() throws {
        try report.reporting { reporter throws(SaccadeError) in
            var configuration = try options.configuration()
            tracking.apply(to: &configuration)
            let outputs = try report.checked(
                RunOutputs(video: output, results: options.results.outputs, showsWindow: options.window.show))
            let pipeline = try VideoPipeline(configuration)
            return try reporter.run(pipeline, source, to: outputs)
        }
    }
}
