import Detections
import Foundation
import Imaging
import Media

/// The annotated pictures of a run: draws on frames, and writes them as a video or as images.
final class PictureOutput: @unchecked Sendable {
    // Sendable: `draw` belongs to the drawing stage and touches the annotator alone; everything else belongs to the
    // writing stage.
    private enum Target {
        case video(VideoWriter)
        /// Copies under the names of their sources; or the one file, when the path names an image.
        case images(ImageWriter)
    }

    let path: String
    private let target: Target
    private let annotator: Annotator
    private let options: AnnotationOptions
    private let start = ContinuousClock.now
    private var drawnFrames = 0
    private var knownLabels = ClassLabels([])

    /// Opens the video, or makes the folder of images, that `outputs` asks for; `nil` when it asks for neither.
    init?(_ outputs: RunOutputs, source: MediaSource, configuration: PipelineConfiguration, labels: ClassLabels) throws
    {
        guard let path = outputs.video ?? outputs.imageFolder else { return nil }
        self.path = path
        options = configuration.annotation
        var style = AnnotationStyle()
        style.showLabels = options.showsLabels
        style.showScores = options.showsScores
        style.lineWidth = options.lineWidth
        style.trace = options.trace
        annotator = Annotator(style: style, pool: ImagePool(capacity: 8))
        if outputs.video != nil {
            var settings = VideoWriter.Options()
            settings.overwrites = true
            settings.encoder.codec = configuration.encoder.codec
            settings.encoder.crf = Double(configuration.encoder.crf)
            settings.encoder.preset = configuration.encoder.preset
            target = .video(try VideoWriter(path: path, source: source.info, options: settings))
        } else {
            if !ImageWriter.canWrite(path) { try Self.makeFolder(path) }
            target = .images(ImageWriter())
        }
        // A class that the model does not have is a mistake to tell at once; a track log names its classes as it goes.
        if !labels.names.isEmpty { for name in options.blurredClasses { _ = try ClassFilter(name, labels: labels) } }
    }

    // MARK: The drawing stage

    /// Draws a frame's detections on its pixels.
    func draw(_ frame: inout Frame) {
        guard var image = frame.image.take() else { return }
        if frame.labels != knownLabels {
            knownLabels = frame.labels
            annotator.style.blurClasses = Set(options.blurredClasses.compactMap { knownLabels.index(of: $0) })
        }
        drawnFrames += 1
        var text: String?
        if options.showsRate {
            let elapsed = (ContinuousClock.now - start) / .seconds(1)
            text = "\((Double(drawnFrames) / max(elapsed, 1e-3)).rounded(.toNearestOrEven).formatted) frames/s"
        }
        annotator.annotate(
            &image, detections: frame.detections, labels: frame.labels, time: frame.info.seconds, text: text)
        frame.image = consume image
    }

    // MARK: The writing stage

    /// Writes a frame and the packets of other streams that stand before it; the pixels are gone afterwards.
    func write(_ frame: inout Frame) throws(MediaError) {
        let info = frame.info
        guard let image = frame.image.take() else { return }
        switch target {
        case .video(let writer):
            writer.write(frame.passthrough)
            try writer.write(image, at: info.timestamp, duration: info.duration)
        case .images(let writer):
            try writer.write(image, to: imagePath(for: info))
        }
    }

    /// Completes the output; returns what the user should know of it.
    func finish(trailing packets: [Packet]) throws(MediaError) -> [String] {
        guard case .video(let writer) = target else { return [] }
        writer.write(packets)
        let summary = try writer.finish()
        var notes = summary.droppedStreams.map { "\(path) cannot hold the \($0): left out" }
        if let failure = summary.faststartFailure {
            notes.append("\(path) stays fragmented (it plays, but does not start before it is loaded): \(failure)")
        }
        return notes
    }

    /// Leaves what was written as it is: playable up to the last fragment.
    func abandon() {
        if case .video(let writer) = target { writer.abandon() }
    }

    /// A copy keeps its source's name; what cannot be written in the source's format becomes a PNG.
    private func imagePath(for info: FrameInfo) -> String {
        if ImageWriter.canWrite(path) { return path }
        let name = info.path.map { ($0 as NSString).lastPathComponent } ?? "\(info.index).png"
        let copy = (path as NSString).appendingPathComponent(name)
        return ImageWriter.canWrite(copy) ? copy : (copy as NSString).deletingPathExtension + ".png"
    }

    private static func makeFolder(_ path: String) throws(OutputError) {
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
