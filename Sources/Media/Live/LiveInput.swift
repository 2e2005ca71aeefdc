import Glibc

/// A source that goes on by itself: a camera, a stream, a test picture.
package enum LiveInput: Equatable, Sendable, CustomStringConvertible {
    /// A V4L2 device, by its path.
    case device(String)
    case stream(SecretURL)
    /// A graph of libavfilter: `testsrc2=size=1280x720:rate=25`.
    case testSource(String)

    /// The schemes of streams that are read.
    package static let schemes: Set<String> = ["rtsp", "rtsps", "http", "https", "udp", "tcp"]
    private static let testPrefix = "lavfi:"
    private static let environmentPrefix = "env:"

    /// What an argument that names no file means: a camera's number, `lavfi:…`, a URL of a known scheme, or `env:NAME`
    /// for one of these in the environment's variable `NAME`, where no list of processes shows it; else `nil`.
    package init?(_ argument: String) throws(MediaError) {
        if argument.hasPrefix(Self.environmentPrefix) {
            self = try LiveInput.named(by: String(argument.dropFirst(Self.environmentPrefix.count)))
        } else if argument.hasPrefix(Self.testPrefix) {
            let graph = String(argument.dropFirst(Self.testPrefix.count))
            guard !graph.isEmpty else {
                throw MediaError(.unsupported, "'lavfi:' needs a source behind it: lavfi:testsrc2=size=640x480:rate=25")
            }
            self = .testSource(graph)
        } else if let url = SecretURL(argument), Self.schemes.contains(url.scheme) {
            self = .stream(url)
        } else if !argument.isEmpty, argument.utf8.count <= 3, argument.utf8.allSatisfy({ (48...57).contains($0) }) {
            let path = "/dev/video\(argument)"
            guard Self.isCamera(path) else {
                throw MediaError(
                    .notFound, "There is no camera \(argument) (\(path)): saccade sources lists those that there are")
            }
            self = .device(path)
        } else {
            return nil
        }
    }

    private static func named(by variable: String) throws(MediaError) -> LiveInput {
        let shown = "the environment's variable '\(LogCapture.readable(variable))'"
        guard !variable.isEmpty, let value = getenv(variable).map({ String(cString: $0) }), !value.isEmpty else {
            throw MediaError(.notFound, "There is no source in \(shown): set it to a stream's URL")
        }
        // What it holds is not shown: it may be anything.
        guard !value.hasPrefix(Self.environmentPrefix), let input = try LiveInput(value) else {
            throw MediaError(
                .unsupported,
                "What \(shown) holds is no stream (rtsp, http, https, udp, tcp), camera's number or lavfi:")
        }
        return input
    }

    /// Whether a path is a device of Video4Linux, whose major number is 81.
    static func isCamera(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else { return false }
        return (status.st_rdev >> 8 & 0xFFF) | (status.st_rdev >> 32 & ~0xFFF) == 81
    }

    /// The name for people and logs, without a password.
    package var description: String {
        switch self {
        case .device(let path): LogCapture.readable(path)
        case .stream(let url): url.description
        case .testSource(let graph): LogCapture.readable(Self.testPrefix + graph)
        }
    }
}

/// How a live source is read.
package struct LiveOptions: Sendable {
    /// `tcp` or `udp`, for RTSP.
    package var rtspTransport = "tcp"
    /// Whether the first loss ends the source, with its reason.
    package var endsOnLoss = false
    /// Whether a file is read as if it were a camera: each frame when its time has come.
    package var isRealTime = false
    /// What a camera is asked for; it gives the nearest that it can.
    package var deviceSize: String?
    package var deviceRate: Double?
    /// A pixel format or codec of a camera by FFmpeg's name: `mjpeg`, `yuyv422`.
    package var deviceFormat: String?
    /// The program that decodes in a process of its own, `saccade`; `nil` = this process does.
    package var decoder: String?
    package var policy = SourceLifecycle.Policy()
    /// Called at each change of a live source's state, by the thread that reads it.
    package var onEvent: @Sendable (LiveEvent) -> Void = { _ in }

    package init() {}
}

/// A change in a source's life.
package struct LiveEvent: Sendable {
    /// The source's name, without a password.
    package let source: String
    package let state: SourceLifecycle.State
    /// Seconds since the source was first opened.
    package let seconds: Double
    /// Why it was lost.
    package var error: MediaError?
    /// What it gives, once it is live: "1280×720 h264, 25 frames/s".
    package var content: String?
}
