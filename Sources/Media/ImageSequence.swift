import CFFmpeg

/// Reads image files one after the other as the frames of a video; each may have its own size and format.
///
/// A file that cannot be read is counted in `damage` with its error, and the frames after it keep their positions.
final class ImageSequence: FrameReader {
    private let paths: [String]
    private let options: MediaOptions
    private let deadline: Deadline
    private let range: Range<Int>
    let timeBase: Rational
    private var position: Int
    private var failures: [(path: String, error: MediaError)] = []
    private var decoder: (id: AVCodecID, decoder: VideoDecoder)?

    init(paths: [String], options: MediaOptions, deadline: Deadline) {
        self.paths = paths
        self.options = options
        self.deadline = deadline
        let rate = options.imageRate.isPositive ? options.imageRate : Rational(25, 1)
        timeBase = rate.inverse
        func position(at seconds: Double) -> Int {
            let exact = (seconds * rate.value - 1e-6).rounded(.up)
            return exact >= Double(paths.count) ? paths.count : max(0, Int(exactly: exact) ?? 0)
        }
        let start = options.startTime.map(position) ?? 0
        let ends = [options.endTime, options.duration.map { (options.startTime ?? 0) + $0 }].compactMap { $0 }
        range = start..<max(start, ends.min().map(position) ?? paths.count)
        self.position = start
    }

    func next() throws(MediaError) -> RawFrame? {
        while position < range.upperBound {
            if deadline.isCancelled { throw MediaError(.cancelled, "Reading was cancelled") }
            let path = paths[position]
            let current = position
            position += 1
            do throws(MediaError) {
                let buffer = try read(path)
                let orientation = options.autorotates ? Orientation(of: buffer.av) ?? .upright : .upright
                return RawFrame(
                    buffer: buffer, time: Int64(current), duration: 1, position: current, orientation: orientation,
                    path: path)
            } catch {
                if error.reason == .cancelled || error.reason == .internalError { throw error }
                failures.append((path, error))
            }
        }
        if let failure = failures.first, failures.count == range.count {
            throw MediaError(
                failure.error.reason,
                "None of \(failures.count) images can be read; the first: \(failure.error.message)",
                detail: failure.error.detail)
        }
        return nil
    }

    /// The picture in a file.
    private func read(_ path: String) throws(MediaError) -> FrameBuffer {
        try FFmpegLibraries.load()
        LogCapture.clear()
        guard let codec = try ImageSequence.codec(of: path, deadline: deadline) else {
            // A container that holds a picture: GIF, AVIF…
            var single = MediaOptions()
            single.maximumPixels = options.maximumPixels
            single.deliversOtherStreams = false
            guard let frame = try ContainerReader(path: path, options: single, deadline: deadline).next() else {
                throw MediaError(.corrupt, "'\(LogCapture.readable(path))' holds no picture")
            }
            return frame.buffer
        }
        if decoder.map({ $0.id != codec }) ?? true {
            var single = options
            single.decoderThreads = 1
            decoder = (
                codec, try VideoDecoder(parameters: nil, id: codec, timeBase: timeBase, options: single)
            )
        }
        guard let decoder = decoder?.decoder else { throw MediaError(.internalError, "Out of memory") }
        let packet = try ImageSequence.contents(of: path, deadline: deadline)
        decoder.flush()
        try decoder.send(packet)
        decoder.sendEnd()
        guard case .frame(let buffer) = try decoder.receive() else {
            throw MediaError.undecodable("The image '\(LogCapture.readable(path))' is damaged")
        }
        try VideoDecoder.check(width: buffer.av.pointee.width, height: buffer.av.pointee.height, against: options)
        decoder.flush()
        return buffer
    }

    /// The codec of a file whose bytes are one picture; `nil` if it is a container.
    private static func codec(of path: String, deadline: Deadline) throws(MediaError) -> AVCodecID? {
        let bytes = try ByteSource(path: path, deadline: deadline, stallTimeout: 5)
        var format: UnsafePointer<AVInputFormat>?
        guard av_probe_input_buffer2(bytes.context, &format, nil, nil, 0, 0) >= 0, let format else {
            throw MediaError(.unsupported, "'\(LogCapture.readable(path))' is not an image that FFmpeg recognises")
        }
        let id = AVCodecID(rawValue: UInt32(bitPattern: format.pointee.raw_codec_id))
        guard ContainerFormats.isImage(String(cString: format.pointee.name)), id != AV_CODEC_ID_NONE else { return nil }
        return id
    }

    private static let maximumFileSize: Int64 = 512 << 20

    /// A whole file as one packet.
    private static func contents(of path: String, deadline: Deadline) throws(MediaError) -> Packet {
        let bytes = try ByteSource(path: path, deadline: deadline, stallTimeout: 5)
        guard let size = bytes.size, size <= maximumFileSize else {
            throw MediaError(.tooLarge, "The image '\(LogCapture.readable(path))' is larger than 512 MB")
        }
        guard let scratch = av_packet_alloc() else { throw MediaError(.internalError, "Out of memory") }
        var freed: UnsafeMutablePointer<AVPacket>? = scratch
        defer { av_packet_free(&freed) }
        let code = av_get_packet(bytes.context, scratch, Int32(size))
        guard code >= 0 else {
            throw bytes.failure
                ?? MediaError(code: code, "Cannot read '\(LogCapture.readable(path))'", fallback: .corrupt)
        }
        scratch.pointee.flags |= AV_PKT_FLAG_KEY
        guard let packet = Packet(moving: scratch) else { throw MediaError(.internalError, "Out of memory") }
        return packet
    }

    func takePackets() -> [Packet] { [] }

    var damage: MediaSource.Damage { MediaSource.Damage(files: failures) }

    func describe(first: RawFrame) -> VideoInfo {
        let frame = first.buffer.av.pointee
        let turned = first.orientation.transposes
        return VideoInfo(
            width: Int(turned ? frame.height : frame.width), height: Int(turned ? frame.width : frame.height),
            frameRate: timeBase.inverse, estimatedFrameCount: range.count,
            duration: Double(paths.count) * timeBase.value, startSeconds: 0, timeBase: timeBase,
            orientation: first.orientation, color: ImageConverter.color(of: frame), colorTags: ColorTags(of: frame),
            sampleAspectRatio: Rational(1, 1), pixelFormat: Scaler.name(of: AVPixelFormat(frame.format)),
            codecName: decoder?.decoder.codecName ?? "image", containerName: "images", isInterlaced: false,
            isSeekable: true, isImageSequence: true, isLive: false, streams: [], videoStreamIndex: 0,
            deliversOtherStreams: false,
            metadata: [],
            origin: Timestamp(Int64(range.lowerBound), timeBase: timeBase),
            identities: paths.compactMap(FileIdentity.init))
    }
}
