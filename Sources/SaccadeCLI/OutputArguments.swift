import ArgumentParser
import Saccade

/// The options that name files of results.
struct ResultArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Write one JSON object a frame (JSON Lines); - is standard output.", valueName: "file"))
    var saveJsonl: String?

    @Option(help: ArgumentHelp("Write MOTChallenge text, 10 columns.", valueName: "file"))
    var saveMot: String?

    @Option(help: ArgumentHelp("Write a row an object (CSV).", valueName: "file"))
    var saveCsv: String?

    @Option(help: ArgumentHelp("Write YOLO label files.", valueName: "folder"))
    var saveTxt: String?

    @Option(help: ArgumentHelp("Write COCO results (JSON).", valueName: "file"))
    var saveCoco: String?

    var outputs: [ResultOutput] {
        let paths: [(ResultFormat, String?)] = [
            (.jsonLines, saveJsonl), (.mot, saveMot), (.csv, saveCsv), (.yolo, saveTxt), (.coco, saveCoco),
        ]
        return paths.compactMap { format, path in path.map { ResultOutput(format, to: $0) } }
    }
}

/// The option that opens a window.
struct WindowArguments: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Show the annotated pictures in a window.",
            discussion: """
                Of a live source the newest, of a file every one, as fast as they are done (--realtime: in their time). \
                q, Esc or closing the window ends the run with complete outputs; space pauses, f fills the screen, \
                s saves a PNG. Needs SDL 2 (Debian: libsdl2-2.0-0) and a screen.
                """))
    var show = false
}

/// The options that say how boxes are drawn.
struct AnnotationArguments: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Draw labels.")
    var labels = true

    @Flag(inversion: .prefixedNo, help: "Draw scores in the labels.")
    var scores = true

    @Option(help: ArgumentHelp("The thickness of lines. Default: by the size of the frame.", valueName: "pixels"))
    var lineWidth: Int?

    @Option(help: ArgumentHelp("Draw where each track was in the last seconds.", valueName: "seconds"))
    var trace: Double?

    @Option(help: ArgumentHelp("Blur the objects of these classes.", valueName: "person,car"))
    var blur: String?

    @Flag(help: "Draw the rate of processing into the picture.")
    var showFps = false

    @Flag(
        help: "Draw the age of a live source's frame into the picture: from its capture to its drawing. Files: ignored."
    )
    var showAge = false

    func options() -> AnnotationOptions {
        var options = AnnotationOptions()
        options.showsLabels = labels
        options.showsScores = scores
        options.lineWidth = lineWidth
        options.trace = trace
        options.blurredClasses = blur.map { [$0] } ?? []
        options.showsRate = showFps
        options.showsAge = showAge
        return options
    }
}

/// The options that say how video is encoded. The names are FFmpeg's.
struct EncoderArguments: ParsableArguments {
    @Option(
        name: [.customLong("codec"), .customLong("c:v", withSingleDash: true)],
        help: ArgumentHelp("The video encoder of libavcodec.", valueName: "name"))
    var codec = "libx264"

    @Option(
        name: [.customLong("crf"), .customLong("crf", withSingleDash: true)],
        help: ArgumentHelp("The quality: 0 is best, 51 smallest.", valueName: "0-51"))
    var crf = 23

    @Option(
        name: [.customLong("preset"), .customLong("preset", withSingleDash: true)],
        help: ArgumentHelp("The encoder's preset, ultrafast to veryslow.", valueName: "name"))
    var preset = "veryfast"

    func options() -> EncoderOptions {
        var options = EncoderOptions()
        options.codec = codec
        options.crf = crf
        options.preset = preset
        return options
    }
}
