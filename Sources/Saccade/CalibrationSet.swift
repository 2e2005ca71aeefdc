import Detectors
import Media

/// The pictures on which a network is watched, as it will see them.
struct CalibrationSet {
    /// Those of one canvas stand together.
    let images: [LetterboxedImage]
    /// The same pictures in the order of the source, each on the network's whole square, for which one plan is enough.
    let squares: [LetterboxedImage]
    let leftOut: [QuantizationSummary.LeftOut]

    /// Between two pictures of a video at most so many frames are passed over: all of them are decoded.
    private static let longestStep = 30

    /// Reads at most `limit` pictures, evenly spread over the source. Pictures that cannot be read are left out.
    ///
    /// - Parameters:
    ///   - square: the detector that fills a whole square.
    ///   - read: called after each picture with the number so far and the number that is expected; it throws to end the
    ///     reading.
    init(
        _ path: String, limit: Int, detector: YOLODetector, square: YOLODetector,
        read: (Int, Int) throws(SaccadeError) -> Void
    ) throws(SaccadeError) {
        var images: [LetterboxedImage] = []
        var squares: [LetterboxedImage] = []
        let source: MediaSource
        var step = 1
        do {
            var location = try InputLocation(path)
            if case .images(let paths) = location, paths.count > limit {
                location = .images((0..<limit).map { paths[$0 * paths.count / limit] })
            }
            var options = MediaOptions()
            options.deliversOtherStreams = false
            source = try MediaSource(location, options: options)
            if !source.info.isImageSequence, let count = source.info.estimatedFrameCount {
                step = min(max(count / limit, 1), Self.longestStep)
            }
            let expected = min(source.info.estimatedFrameCount.map { ($0 + step - 1) / step } ?? limit, limit)
            var index = 0
            reading: while images.count < limit {
                switch try source.next() {
                case .frame(let frame):
                    if index % step == 0, !frame.info.isCorrupt {
                        images.append(detector.letterboxed(frame.image))
                        squares.append(square.letterboxed(frame.image))
                        try read(images.count, max(expected, images.count))
                    }
                    index += 1
                case .end: break reading
                }
            }
        } catch {
            throw Self.noInput(path, error)
        }
        leftOut = source.damage.files.map { .init(path: $0.path, reason: $0.error.message) }
        guard !images.isEmpty else {
            throw SaccadeError(
                reason: "not_found", message: "\(path) has no picture that can be read for calibration", exitCode: 66)
        }
        self.squares = squares
        self.images = images.enumerated().sorted {
            ($0.element.height, $0.element.width, $0.offset) < ($1.element.height, $1.element.width, $1.offset)
        }.map(\.element)
    }

    /// A source without pictures is a missing input, whatever is wrong with it.
    private static func noInput(_ path: String, _ error: any Error) -> SaccadeError {
        let error = SaccadeError(error)
        guard error.exitCode == 65 else { return error }
        return SaccadeError(
            reason: error.reason, message: "no calibration pictures: \(error.message)", exitCode: 66)
    }

    /// At most `limit` of the squares, evenly.
    func squares(_ limit: Int) -> [LetterboxedImage] {
        guard squares.count > limit else { return squares }
        return (0..<limit).map { squares[$0 * squares.count / limit] }
    }

    /// The pictures of the canvas that most of them have; of equally many, the larger one.
    var mostCommon: [LetterboxedImage] {
        let groups = Dictionary(grouping: images) { [$0.width, $0.height] }
        let largest = groups.max {
            ($0.value.count, $0.key[0] * $0.key[1], $0.key[0]) < ($1.value.count, $1.key[0] * $1.key[1], $1.key[0])
        }
        return largest?.value ?? []
    }
}
