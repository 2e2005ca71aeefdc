import CFFmpeg

/// A file, a folder of images, standard input, a camera or a stream as a sequence of pictures with their times.
///
///     let source = try MediaSource("street.mp4", options: options)
///     loop: while true {
///         switch try source.next() {
///         case .frame(let frame): ...        // frame.image, frame.info, frame.packets
///         case .end(let packets): ...        // sound after the last frame
///             break loop
///         }
///     }
///
/// The initializer decodes the first frame, so that `info` states what frames really are. One thread at a time reads;
/// `cancel` may be called from any thread.
package final class MediaSource: @unchecked Sendable {
    // Sendable: `next` and the counters are used by one thread at a time; `cancel` only reaches the atomic deadline.
    package let info: VideoInfo

    private let reader: any FrameReader
    private let deadline: Deadline
    private let converter = ImageConverter()
    private var first: RawFrame?
    private var corruptFrames = 0

    /// Damage that was met and passed over.
    package struct Damage: Sendable {
        /// Packets that the decoder refused.
        package var packets = 0
        /// Places in the file that the demuxer could not read.
        package var reads = 0
        /// Frames that were delivered with `isCorrupt`.
        package var frames = 0
        /// Timestamps that were missing or not ascending.
        package var repairedTimestamps = 0
        /// Images of a sequence that could not be read.
        package var files: [(path: String, error: MediaError)] = []
    }

    /// How often a live source came and went.
    package struct History: Sendable {
        /// How often frames began to come.
        package var connections = 0
        /// How often it was lost, by reason.
        package var losses: [MediaError.Reason: Int] = [:]
        /// Seconds without frames after the first one.
        package var downtime = 0.0
    }

    package enum Next: ~Copyable {
        case frame(DecodedFrame)
        /// No frame follows; the packets of other streams that come after the last one. After `cancel` this comes early.
        case end([Packet])
    }

    /// Opens `input`: a path, a glob, a folder of images, or "-" (see `InputLocation`).
    /// Once `shouldCancel` says so, every wait ends: here with an error, later as after `cancel`.
    package convenience init(
        _ input: String, options: MediaOptions = MediaOptions(),
        shouldCancel: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) {
        try self.init(InputLocation(input), options: options, shouldCancel: shouldCancel)
    }

    package init(
        _ location: InputLocation, options: MediaOptions = MediaOptions(),
        shouldCancel: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) {
        deadline = Deadline(shouldCancel: shouldCancel)
        let opened: any FrameReader
        switch location {
        case .standardInput: opened = try ContainerReader(path: "-", options: options, deadline: deadline)
        case .file(let path): opened = try ContainerReader(path: path, options: options, deadline: deadline)
        case .images(let paths): opened = ImageSequence(paths: paths, options: options, deadline: deadline)
        case .live(let input): opened = try LiveReader(input, options: options, deadline: deadline)
        }
        reader =
            options.live.isRealTime && !(opened is LiveReader) ? PacedReader(opened, deadline: deadline) : opened
        guard let frame = try reader.next() else {
            let damage = reader.damage
            if let start = options.startTime, start > 0, damage.packets == 0 {
                throw MediaError(.eof, "The source has no frame at or after \(start) s: choose an earlier start")
            }
            if options.endTime != nil || options.duration != nil {
                throw MediaError(.eof, "The source has no frame in the chosen range of time")
            }
            throw MediaError.undecodable("No frame could be decoded: the source is damaged or incomplete")
        }
        first = frame
        info = reader.describe(first: frame)
    }

    /// The next frame, or the end.
    ///
    /// Throws when the source can be read no further for another reason than its end (`timeout`, `io`), or when a frame
    /// cannot be used (`too_large`, `unsupported` pixel format).
    package func next() throws(MediaError) -> Next {
        guard let raw = try nextRaw() else { return .end(reader.takePackets()) }
        let frame = raw.buffer.av.pointee
        let isCorrupt = frame.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.decode_error_flags != 0
        if isCorrupt { corruptFrames += 1 }
        let image = try converter.image(of: raw.buffer, orientation: raw.orientation)
        let timestamp = Timestamp(raw.time, timeBase: info.timeBase)
        return .frame(
            DecodedFrame(
                image: image,
                info: FrameInfo(
                    index: raw.position, timestamp: timestamp, duration: raw.duration,
                    seconds: timestamp.seconds - info.startSeconds, isCorrupt: isCorrupt, path: raw.path,
                    captured: raw.captured),
                packets: reader.takePackets()))
    }

    private func nextRaw() throws(MediaError) -> RawFrame? {
        if let frame = first.take() { return frame }
        guard !deadline.isCancelled else { return nil }
        do throws(MediaError) {
            return try reader.next()
        } catch {
            guard error.reason == .cancelled else { throw error }
            return nil
        }
    }

    package var damage: Damage {
        var damage = reader.damage
        damage.frames = corruptFrames
        return damage
    }

    /// How often a live source came and went so far; `nil` for files.
    package var history: History? { reader.history }

    /// Makes `next` return soon, also while it waits for input; it returns `.end` from then on.
    package func cancel() { deadline.cancel() }

    package var isCancelled: Bool { deadline.isCancelled }

    /// Whether the same source can be opened a second time.
    package var isSeekable: Bool { info.isSeekable }
}
