import ArgumentParser
import Saccade

/// The options that say what is read of the source. The names are FFmpeg's.
struct SourceArguments: ParsableArguments {
    @Option(
        name: [.customLong("ss"), .customLong("ss", withSingleDash: true)],
        help: ArgumentHelp("Begin at this time: seconds or hh:mm:ss.", valueName: "time"))
    var start: TimeOfSource?

    @Option(
        name: [.customLong("to"), .customLong("to", withSingleDash: true)],
        help: ArgumentHelp("End at this time.", valueName: "time"))
    var end: TimeOfSource?

    @Option(name: [.customShort("t")], help: ArgumentHelp("Read this much.", valueName: "time"))
    var duration: TimeOfSource?

    @Option(
        help: ArgumentHelp(
            "The rate of a folder of images (default: 25), or of --detections without seqinfo.ini.",
            valueName: "frames/s"))
    var fps: Double?

    func options() -> SourceOptions {
        var options = SourceOptions()
        options.start = start?.seconds
        options.end = end?.seconds
        options.duration = duration?.seconds
        if let fps { options.imageRate = fps }
        return options
    }
}

/// A time as FFmpeg writes it: `90`, `1:30`, `00:01:30.5`.
struct TimeOfSource: ExpressibleByArgument {
    let seconds: Double

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count) else { return nil }
        var seconds = 0.0
        for (place, part) in parts.enumerated() {
            guard let value = Double(part), value >= 0, value.isFinite, place == 0 || value < 60 else { return nil }
            seconds = seconds * 60 + value
        }
        self.seconds = seconds
    }
}
