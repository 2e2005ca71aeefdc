/// What a run writes.
public struct RunOutputs: Hashable, Sendable {
    /// The annotated video: a path whose extension names the container, or `-`.
    public var video: String?
    /// The folder for annotated copies of images.
    public var imageFolder: String?
    /// Files of results.
    public var results: [ResultOutput]

    /// What a run writes.
    public init(video: String? = nil, imageFolder: String? = nil, results: [ResultOutput] = []) {
        self.video = video
        self.imageFolder = imageFolder
        self.results = results
    }

    var paths: [String] { [video, imageFolder].compactMap { $0 } + results.map(\.path) }
}
