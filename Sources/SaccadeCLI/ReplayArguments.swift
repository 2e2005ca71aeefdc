import ArgumentParser
import Saccade

/// The options that put detections in the place of a video.
struct ReplayArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Run the tracker alone over detections in MOTChallenge text: a file, or a folder of sequences. Each sequence "
                + "of a folder gets result files of its own: --save-mot tracks/ writes tracks/SEQ.txt.",
            valueName: "file|folder"))
    var detections: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The sequences of the folder, by name; without it all.", valueName: "name"))
    var sequences: [String] = []

    @Flag(
        help: """
            Give each frame its boxes before the next one is looked at, as with a camera: skipped frames get predicted \
            boxes. Default: boxes of skipped frames come from the detections on both sides.
            """)
    var online = false

    /// The options that were given and that mean something with detections alone.
    var needingDetections: [String] {
        (sequences.isEmpty ? [] : ["--sequences"]) + (online ? ["--online"] : [])
    }

    /// What a pipeline's configuration says of tracking.
    func replay(_ configuration: PipelineConfiguration) -> DetectionReplay {
        var replay = DetectionReplay()
        replay.confidence = configuration.detector.confidence
        replay.tracker = configuration.tracker ?? TrackerOptions()
        replay.schedule = configuration.schedule
        replay.isOnline = online
        return replay
    }
}

extension PipelineArguments {
    /// The options that were given and that a run without pictures cannot follow, by name.
    var needingPictures: [String] {
        guard let plain = try? PipelineArguments.parse([]) else { return [] }
        let options: [(name: String, isGiven: Bool)] = [
            ("--show", window.show), ("--ss", source.start != nil), ("--to", source.end != nil),
            ("-t", source.duration != nil), ("--realtime", live.realtime),
            ("--exit-on-source-loss", live.exitOnSourceLoss),
            ("--rtsp-transport", live.rtspTransport != plain.live.rtspTransport),
            ("--video-size", live.videoSize != nil), ("--framerate", live.framerate != nil),
            ("--input-format", live.inputFormat != nil), ("--latency-budget", live.latencyBudget != nil),
            ("--isolate", live.isolate), ("--no-labels", !annotation.labels), ("--no-scores", !annotation.scores),
            ("--line-width", annotation.lineWidth != nil), ("--trace", annotation.trace != nil),
            ("--blur", annotation.blur != nil), ("--show-fps", annotation.showFps),
            ("--show-age", annotation.showAge), ("--codec", encoder.codec != plain.encoder.codec),
            ("--crf", encoder.crf != plain.encoder.crf), ("--preset", encoder.preset != plain.encoder.preset),
        ]
        return detector.needingPictures + options.filter(\.isGiven).map(\.name)
    }
}

extension DetectorArguments {
    /// The options that were given and that only a detector can follow, by name; `--conf` is the tracker's too.
    var needingPictures: [String] {
        guard let plain = try? DetectorArguments.parse([]) else { return [] }
        let options: [(name: String, isGiven: Bool)] = [
            ("--model", model != nil), ("--iou", iou != nil), ("--max-det", maxDet != plain.maxDet),
            ("--agnostic-nms", agnosticNms), ("--classes", classes != nil), ("--imgsz", imgsz != nil),
            ("--square", square), ("--head", head != nil), ("--threads", threads != nil),
            ("--mode", mode != plain.mode), ("--batch", batch != nil),
        ]
        return options.filter(\.isGiven).map(\.name)
    }
}
