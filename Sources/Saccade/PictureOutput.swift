import Detections
import Foundation
import Imaging
import Media

/// The annotated pictures of a run: draws on frames, shows them, and writes them as a video, a stream or images.
final class PictureOutput: @unchecked Sendable {
    // Sendable: `draw` belongs to the drawing stage, with the annotator, the count of frames and the known labels;
    // everything else belongs to the writing stage.
    private enum Target {
        case video(VideoWriter)
        /// Of a file: its faults are the run's.
        case stream(StreamWriter)
        /// Of a live source: it is tried again, and holds up nothing.
        case liveStream(StreamOutput)
        /// Copies under the names of their sources; or the one file, when the path names an image.
        case images(ImageWriter)
    }

    private let path: String
    private let name: ResultSource
    private let target: Target?
    private let viewer: PictureViewer?
    private let pane: ViewerPane?
    private let annotator: Annotator
    private let options: AnnotationOptions
    private let blurred: [String]
    private let start = ContinuousClock.now
    private var drawnFrames = 0
    private var knownLabels = ClassLabels([])
    /// The files that are read: no copy may take the place of one.
    private let inputs: Set<FileIdentity>
    private var usedNames: [String: Int] = [:]

    /// Opens the video, or makes the folder of images, that `outputs` asks for; `nil` when it asks for neither, and
    /// nobody looks.
    init?(
        _ outputs: RunOutputs, source: MediaSource, named name: ResultSource, configuration: PipelineConfiguration,
        viewer: PictureViewer? = nil, onStreamEvent: @escaping @Sendable (LiveEvent) -> Void = { _ in }
    ) throws {
        let path = outputs.video ?? outputs.imageFolder
        guard path != nil || viewer != nil else { return nil }
        self.path = LogCapture.redacted(path ?? "")
        self.viewer = viewer
        let isStill =
            source.info.isImageSequence && (configuration.tracker == nil || source.info.estimatedFrameCount == 1)
        pane = viewer?.open(
            name.name, pace: source.info.isLive ? .newest : isStill ? .slides : .every,
            pixelAspect: source.info.sampleAspectRatio.value)
        self.name = name
        options = configuration.annotation
        blurred = options.blurredClasses.flatMap { $0.split(separator: ",") }
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        var style = AnnotationStyle()
        style.showLabels = options.showsLabels
        style.showScores = options.showsScores
        style.lineWidth = options.lineWidth
        style.trace = options.trace
        annotator = Annotator(style: style, pool: ImagePool(capacity: 8))
        inputs = Set(source.info.identities)
        var encoder = Media.EncoderOptions()
        encoder.codec = configuration.encoder.codec
        encoder.crf = Double(configuration.encoder.crf)
        encoder.preset = configuration.encoder.preset
        guard let path else {
            target = nil
            return
        }
        if outputs.video != nil, let address = try StreamAddress(path) {
            var settings = StreamWriter.Options()
            settings.encoder = encoder
            settings.retries = source.info.isLive
            settings.onEvent = onStreamEvent
            let writer = try StreamWriter(address, source: source.info, options: settings)
            target = settings.retries ? .liveStream(StreamOutput(writer)) : .stream(writer)
        } else if outputs.video != nil {
            var settings = VideoWriter.Options()
            settings.overwrites = true
            settings.encoder = encoder
            // What is recorded of a camera is worth having when the machine stops.
            settings.encoder.isLive = source.info.isLive
            target = .video(try VideoWriter(path: path, source: source.info, options: settings))
        } else {
            if !ImageWriter.canWrite(path) { try Self.makeFolder(path) }
            target = .images(ImageWriter())
        }
    }

    // MARK: The drawing stage

    /// Draws a frame's detections on its pixels.
    func draw(_ frame: inout Frame) {
        guard var image = frame.image.take() else { return }
        if frame.labels != knownLabels {
            knownLabels = frame.labels
            annotator.style.blurClasses = Set(blurred.compactMap { knownLabels.index(of: $0) })
        }
        drawnFrames += 1
        var texts: [String] = []
        if options.showsRate {
            let elapsed = (ContinuousClock.now - start) / .seconds(1)
            let rate = (Double(drawnFrames) / max(elapsed, 1e-3)).rounded(.toNearestOrEven)
            texts.append("\(rate.formatted) frames/s")
        }
        if options.showsAge, let captured = frame.info.captured {
            texts.append("age \(min(captured.age * 1000, 1e6).rounded().formatted) ms")
        }
        annotator.annotate(
            &image, detections: frame.detections, labels: frame.labels, time: frame.info.seconds,
            text: texts.isEmpty ? nil : texts.joined(separator: " · "))
        frame.image = consume image
    }

    // MARK: The writing stage

    /// Shows and writes a frame, and writes the packets of other streams that stand before it; the pixels are gone
    /// afterwards.
    func write(_ frame: inout Frame) throws {
        let info = frame.info
        guard let image = frame.image.take() else { return }
        if let viewer, let pane { viewer.show(image.shared(), frame: info.index, in: pane) }
        switch target {
        case nil: break
        case .video(let writer):
            writer.write(frame.passthrough)
            try writer.write(image, at: info.timestamp, duration: info.duration)
        case .stream(let writer): try writer.write(image, at: info.timestamp, duration: info.duration)
        case .liveStream(let output): try output.write(image, at: info.timestamp, duration: info.duration)
        case .images(let writer):
            let copy = try imagePath(for: frame.result)
            if let existing = FileIdentity(path: copy), inputs.contains(existing) {
                throw OutputError(
                    kind: .conflict, path: copy, detail: "it is one of the inputs: choose another folder")
            }
            try writer.write(image, to: copy)
        }
    }

    /// Completes the output, and adds to the summary what the user should know of it.
    func finish(trailing packets: [Packet], summary: inout RunSummary) throws {
        summary.notes += blurred.filter { knownLabels.index(of: $0) == nil }
            .map { "no \($0) was there to be blurred" }
        switch target {
        case .video(let writer):
            writer.write(packets)
            let written = try writer.finish()
            summary.notes += written.droppedStreams.map { "\(path) cannot hold the \($0): left out" }
            if let failure = written.faststartFailure {
                summary.notes.append(
                    "\(path) stays fragmented (it plays, but does not start before it is loaded): \(failure)")
            }
        case .stream(let writer):
            _ = try writer.finish()
            summary.publication = RunSummary.Publication(writer)
        case .liveStream(let output): summary.publication = try output.finish()
        case .images, nil: break
        }
        if let viewer { summary.notes += try viewer.finish() }
    }

    /// Makes a write that waits for a reader return.
    func cancel() {
        viewer?.close()
        switch target {
        case .video(let writer): writer.cancel()
        case .stream(let writer): writer.cancel()
        case .liveStream(let output): output.cancel()
        case .images, nil: break
        }
    }

    /// Leaves what was written as it is: playable up to the last fragment.
    func abandon() {
        switch target {
        case .video(let writer): writer.abandon()
        case .stream(let writer): writer.abandon()
        case .liveStream(let output): output.cancel()
        case .images, nil: break
        }
    }

    /// A copy keeps its source's name; what cannot be written in the source's format becomes a PNG. A name that was
    /// used before, by an image of another folder or format, gets a number.
    private func imagePath(for frame: FrameResult) throws(OutputError) -> String {
        if ImageWriter.canWrite(path) {
            guard usedNames.isEmpty else {
                throw OutputError(
                    kind: .conflict, path: path, detail: "it holds one image, the source has more: name a folder")
            }
            usedNames[path] = 0
            return path
        }
        let file = frame.imageName ?? "\(name.stem(of: frame))_\(frame.index + 1).jpg"
        var copy = (path as NSString).appendingPathComponent(file)
        let stem = (copy as NSString).deletingPathExtension
        if !ImageWriter.canWrite(copy) { copy = stem + ".png" }
        let kind = (copy as NSString).pathExtension
        var count = usedNames[copy, default: 0]
        let wanted = copy
        while usedNames[copy] != nil {
            count += 1
            copy = "\(stem)-\(count + 1).\(kind)"
        }
        usedNames[wanted] = count
        if copy != wanted { usedNames[copy] = 0 }
        return copy
    }

    /// Makes a folder and those above it; it may be there.
    static func makeFolder(_ path: String) throws(OutputError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code ?? Int(EIO)
            throw OutputError(path: path, code: Int32(clamping: code), creating: true)
        }
    }
}

extension Double {
    /// The number without its fraction.
    fileprivate var formatted: String { String(Int(self)) }
}
