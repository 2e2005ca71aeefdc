import ArgumentParser
import Saccade

/// A time as `80ms`, `0.08s` or `80`, in seconds.
struct Milliseconds: ExpressibleByArgument {
    let seconds: Double

    init?(argument: String) {
        let (text, unit) =
            argument.hasSuffix("ms")
            ? (argument.dropLast(2), 1e-3) : argument.hasSuffix("s") ? (argument.dropLast(), 1) : (argument[...], 1e-3)
        guard let value = Double(text), value.isFinite else { return nil }
        seconds = value * unit
    }
}

/// The options that say how a camera or a stream is read.
struct LiveArguments: ParsableArguments {
    @Flag(help: "Read a file as if it were a camera: frames come in their time, and the newest wins.")
    var realtime = false

    @Flag(
        help: "End at the first loss of a live source, with the exit code of its reason. Default: try again, for ever.")
    var exitOnSourceLoss = false

    @Option(help: ArgumentHelp("How RTSP carries pictures: tcp or udp.", valueName: "tcp|udp"))
    var rtspTransport = "tcp"

    @Option(help: ArgumentHelp("The size that a camera is asked for.", valueName: "1280x720"))
    var videoSize: String?

    @Option(help: ArgumentHelp("The rate that a camera is asked for.", valueName: "frames/s"))
    var framerate: Double?

    @Option(help: ArgumentHelp("The format that a camera is asked for: mjpeg, yuyv422, …", valueName: "name"))
    var inputFormat: String?

    @Option(
        help: ArgumentHelp(
            """
            The age that 95 of 100 frames of a live source may have at their output. Where they are older the detector \
            looks at fewer frames, then at smaller ones.
            """, valueName: "80ms"))
    var latencyBudget: Milliseconds?

    @Flag(
        help: """
            Decode each camera or stream in a process of its own, which can neither write nor run files: what a hostile \
            stream does to a decoder costs that source some seconds.
            """)
    var isolate = false

    func apply(to options: inout SourceOptions) {
        options.isRealTime = realtime
        options.endsOnLoss = exitOnSourceLoss
        options.rtspTransport = rtspTransport
        options.deviceSize = videoSize
        options.deviceRate = framerate
        options.deviceFormat = inputFormat
        if isolate { options.decoder = "/proc/self/exe" }
    }
}
