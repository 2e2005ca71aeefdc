import Media

/// What a run writes and shows.
public struct RunOutputs: Hashable, Sendable {
    /// The annotated video: a path whose extension names the container, `-`, or the URL of a stream (`rtsp`, `rtsps`,
    /// `udp`, `tcp`, `srt`, `rtmp`, `rtmps`).
    public var video: String?
    /// The folder for annotated copies of images.
    public var imageFolder: String?
    /// Files of results.
    public var results: [ResultOutput]
    /// Whether the annotated pictures are shown in a window. The user ends the run by closing it.
    public var showsWindow: Bool

    /// What a run writes.
    public init(
        video: String? = nil, imageFolder: String? = nil, results: [ResultOutput] = [], showsWindow: Bool = false
    ) {
        self.video = video
        self.imageFolder = imageFolder
        self.results = results
        self.showsWindow = showsWindow
    }

    /// Whether the annotated video is a stream and not a file.
    var publishes: Bool { video.map(StreamAddress.isURL) ?? false }

    /// The files among the outputs.
    var files: [String] { paths.filter { !StreamAddress.isURL($0) } }

    var paths: [String] { [video, imageFolder].compactMap { $0 } + results.map(\.path) }
}
