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

            With --detections there is no SOURCE and no picture: the tracker runs alone over detections in MOTChallenge \
            text (frame from 1, id, left, top, width, height, score). The frame rate and the length come from seqinfo.ini \
            beside the file or in the folder above, the rate else from --fps. Of a folder, each sequence \
            (SEQ/det/det.txt, or SEQ.txt) is followed.

              saccade track --detections mot15/PETS09-S2L1/det/det.txt --save-mot tracks/PETS09-S2L1.txt
              saccade track --detections mot15/ --detect-every 3 --online --save-mot tracks/

            The sources of a list share the model and the processor in turns; none waits for another. A line is a \
            source, or NAME = SOURCE; each gets its own outputs: recordings/NAME.mp4, tracks-NAME.jsonl.
            """)

    @Argument(help: "The video, folder of images, - for standard input, camera or stream.")
    var source: String?

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "Write the annotated video; the extension names the container. A URL publishes it: rtsp, rtsps, udp, tcp, srt, rtmp, rtmps.",
            valueName: "file|url"))
    var output: String?

    @OptionGroup(title: "Tracking") var tracking: TrackingArguments
    @OptionGroup(title: "Tracking without pictures") var replay: ReplayArguments
    @OptionGroup var options: PipelineArguments
    @OptionGroup(title: "Report") var report: ReportArguments

    func run() throws {
        try report.reporting { reporter throws(SaccadeError) in
            if let detections = replay.detections { return try follow(detections, reporter) }
            guard let source else { throw .usage("there is nothing to track: name a SOURCE, or --detections") }
            if let option = replay.needingDetections.first {
                throw .usage("\(option) belongs to --detections: it cannot be used with a video")
            }
            var configuration = try options.configuration()
            try tracking.apply(to: &configuration, confidence: options.detector.conf)
            let outputs = try report.checked(
                RunOutputs(video: output, results: options.results.outputs, showsWindow: options.window.show))
            let pipeline = try VideoPipeline(configuration)
            return try reporter.run(pipeline, source, to: outputs)
        }
    }

    /// Runs the tracker alone over the detections of a file or folder.
    private func follow(
        _ detections: String, _ reporter: RunReporter
    ) throws(SaccadeError) -> any CommandSummary {
        guard source == nil else { throw .usage("--detections takes the place of SOURCE: leave one of them out") }
        let refused =
            (output == nil ? [] : ["--output"]) + (tracking.followCamera ? ["--follow-camera"] : [])
            + options.needingPictures
        if let option = refused.first {
            throw .usage("\(option) needs pictures: with --detections the tracker runs alone, and there are none")
        }
        var configuration = PipelineConfiguration(model: "")
        if let conf = options.detector.conf { configuration.detector.confidence = conf }
        try tracking.apply(to: &configuration, confidence: options.detector.conf)
        let outputs = try report.checked(RunOutputs(results: options.results.outputs))
        let replay = self.replay.replay(configuration)
        try replay.validate()
        let sequences = try DetectionSequence.all(
            at: detections, names: self.replay.sequences, frameRate: options.source.fps)
        return try reporter.observe(stop: {}) { observer throws(SaccadeError) -> any CommandSummary in
            observer.started(sequences.reduce(0) { $0 + $1.frames.count })
            let summary = try replay.run(
                sequences, to: outputs.results, onFrame: observer.onFrame, shouldStop: { reporter.signal != nil })
            if sequences.count == 1, let only = summary.sources.first { return only }
            return ReplaySummary(list: summary)
        }
    }
}
