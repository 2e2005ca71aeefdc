import CFFmpeg

/// Reads the frames of the main video stream of a container within the chosen range of time.
final class ContainerReader: FrameReader {
    private let demuxer: Demuxer
    private let decoder: VideoDecoder
    private let stream: StreamInfo
    var timeBase: Rational { stream.timeBase }
    private let options: MediaOptions
    private let frameRate: Rational
    private let streamOrientation: Orientation
    private var timing: FrameTiming
    /// Range of delivered frames in ticks: `start..<end`.
    private let startTicks: Int64?
    private let endTicks: Int64?
    private let copied: Set<Int>
    /// The file, if it is a picture.
    private let imagePath: String?

    private var packets: [Packet] = []
    private var held: RawFrame?
    private var position = 0
    private var damagedReads = 0
    private var consecutiveDamagedReads = 0
    private var isFinished = false

    init(path: String, options: MediaOptions, deadline: Deadline) throws(MediaError) {
        self.options = options
        demuxer = try Demuxer(path: path, options: options, deadline: deadline)
        stream = try demuxer.mainVideoStream()
        imagePath = ContainerFormats.isImage(demuxer.formatName) ? path : nil
        let guess = demuxer.guessedFrameRate(of: stream.index)
        frameRate = guess.isPositive && guess.value <= 1000 && guess.value >= 0.001 ? guess : Rational(25, 1)
        streamOrientation = demuxer.withStream(stream.index) { Orientation(of: $0) } ?? .upright
        decoder = try VideoDecoder(stream: stream, options: options)
        timing = FrameTiming(frameRate: frameRate, timeBase: stream.timeBase)

        let origin = demuxer.startSeconds
        let timeBase = stream.timeBase
        let start = options.startTime.flatMap { $0 > 0 ? $0 : nil }
        startTicks = start.map { Timestamp(seconds: $0 + origin, timeBase: timeBase).value }
        let ends = [options.endTime, options.duration.map { (start ?? 0) + $0 }].compactMap { $0 }
        endTicks = ends.min().map { Timestamp(seconds: $0 + origin, timeBase: timeBase).value }

        let others: [StreamInfo.Kind] = options.deliversOtherStreams ? [.audio, .subtitle, .data] : []
        let main = stream.index
        copied = Set(demuxer.streams.filter { others.contains($0.kind) && $0.index != main }.map(\.index))
        demuxer.select(copied.union([stream.index]))
        if let startTicks { try seek(to: startTicks) }
    }

    /// Moves to a place from which the frame at `target` can be decoded: some containers land behind it at first.
    private func seek(to target: Int64) throws(MediaError) {
        for reserve in [0.0, 5, 30, .infinity] {
            let beginning = demuxer.withStream(stream.index) { max($0.pointee.start_time, 0) }
            let distance = Timestamp(seconds: min(reserve, 1e6), timeBase: stream.timeBase).value
            guard demuxer.seek(stream: stream.index, to: reserve.isFinite ? max(target &- distance, 0) : beginning)
            else {
                return
            }
            decoder.flush()
            packets.removeAll()
            timing = FrameTiming(frameRate: frameRate, timeBase: stream.timeBase)
            held = try decode()
            if let held, held.time <= target { return }
        }
    }

    func next() throws(MediaError) -> RawFrame? {
        while !isFinished {
            guard let frame = try takeHeld() else {
                if position == 0, demuxer.bytes?.isSeekable != true, demuxer.formatName.contains("mp4") {
                    throw MediaError(
                        .unsupported,
                        "The MP4's index stands behind its pictures, which a pipe cannot reach: give the file itself, or "
                            + "pipe it as Matroska (ffmpeg -i FILE -c copy -f matroska -)")
                }
                break
            }
            if let startTicks, frame.time < startTicks { continue }
            if let endTicks, frame.time >= endTicks {
                isFinished = true
                try collectRest(until: endTicks)
                return nil
            }
            let numbered = RawFrame(
                buffer: frame.buffer, time: frame.time, duration: frame.duration, position: position,
                orientation: frame.orientation, path: imagePath)
            position += 1
            return numbered
        }
        isFinished = true
        return nil
    }

    private func takeHeld() throws(MediaError) -> RawFrame? {
        if let frame = held.take() { return frame }
        return try decode()
    }

    /// The next frame of the stream, in or out of the range.
    private func decode() throws(MediaError) -> RawFrame? {
        while true {
            switch try decoder.receive() {
            case .frame(let buffer):
                try VideoDecoder.check(
                    width: buffer.av.pointee.width, height: buffer.av.pointee.height, against: options)
                let (time, duration) = timing.stamp(buffer.av)
                let orientation =
                    options.autorotates ? Orientation(of: buffer.av) ?? streamOrientation : .upright
                return RawFrame(
                    buffer: buffer, time: time, duration: duration, position: 0, orientation: orientation, path: nil)
            case .endOfStream:
                return nil
            case .needsInput:
                switch try demuxer.read() {
                case .packet(let packet) where packet.streamIndex == stream.index:
                    consecutiveDamagedReads = 0
                    try decoder.send(packet)
                case .packet(let packet):
                    if isInRange(packet) { packets.append(packet) }
                case .damaged:
                    damagedReads += 1
                    consecutiveDamagedReads += 1
                    if consecutiveDamagedReads > 1000 { decoder.sendEnd() }
                case .end:
                    decoder.sendEnd()
                }
            }
        }
    }

    /// Reads the sound that belongs to the range but lies behind its last video packet in the file.
    private func collectRest(until end: Int64) throws(MediaError) {
        var unfinished = Set(demuxer.streams.filter { copied.contains($0.index) && $0.kind == .audio }.map(\.index))
        var budget = 5000
        while !unfinished.isEmpty, budget > 0 {
            budget -= 1
            switch try demuxer.read() {
            case .end: return
            case .damaged: continue
            case .packet(let packet):
                guard packet.streamIndex != stream.index else { continue }
                if isInRange(packet) {
                    packets.append(packet)
                } else {
                    unfinished.remove(packet.streamIndex)
                }
            }
        }
    }

    /// Whether a packet of another stream belongs to the chosen range and can be copied.
    private func isInRange(_ packet: Packet) -> Bool {
        guard copied.contains(packet.streamIndex) else { return false }
        let time = packet.av.pointee.pts != sk_nopts ? packet.av.pointee.pts : packet.av.pointee.dts
        guard time != sk_nopts,
            let timeBase = demuxer.streams.first(where: { $0.index == packet.streamIndex })?.timeBase
        else { return true }
        let stamp = Timestamp(time, timeBase: timeBase)
        if let startTicks, stamp < Timestamp(startTicks, timeBase: stream.timeBase) { return false }
        if let endTicks, stamp >= Timestamp(endTicks, timeBase: stream.timeBase) { return false }
        return true
    }

    func takePackets() -> [Packet] {
        defer { packets = [] }
        return packets
    }

    var damage: MediaSource.Damage {
        MediaSource.Damage(
            packets: decoder.damagedPackets, reads: damagedReads, repairedTimestamps: timing.repairs)
    }

    func describe(first: RawFrame) -> VideoInfo {
        let frame = first.buffer.av.pointee
        let aspect = demuxer.withStream(stream.index) { Rational($0.pointee.sample_aspect_ratio) }
        let ownAspect = Rational(frame.sample_aspect_ratio)
        var sampleAspect = ownAspect.isPositive ? ownAspect : aspect.isPositive ? aspect : Rational(1, 1)
        if first.orientation.transposes { sampleAspect = sampleAspect.inverse }
        let isFarClock = demuxer.startSeconds > 10
        let isLate = Double(first.time) * stream.timeBase.value - demuxer.startSeconds > 3600
        let clockStart = Timestamp(seconds: demuxer.startSeconds, timeBase: stream.timeBase).value
        // No frame of a copy may come before 0, which not all containers can say.
        let origin = min(first.time, startTicks ?? (isLate ? first.time : isFarClock ? clockStart : 0))
        return VideoInfo(
            width: Int(first.orientation.transposes ? frame.height : frame.width),
            height: Int(first.orientation.transposes ? frame.width : frame.height),
            frameRate: frameRate, estimatedFrameCount: estimatedFrameCount, duration: demuxer.duration,
            startSeconds: demuxer.startSeconds, timeBase: stream.timeBase, orientation: first.orientation,
            color: ImageConverter.color(of: frame), colorTags: ColorTags(of: frame), sampleAspectRatio: sampleAspect,
            pixelFormat: Scaler.name(of: AVPixelFormat(frame.format)), codecName: stream.codecName,
            containerName: demuxer.formatName, isInterlaced: frame.interlaced_frame != 0,
            isSeekable: demuxer.bytes?.isSeekable == true, isImageSequence: imagePath != nil, isLive: false,
            streams: demuxer.streams, videoStreamIndex: stream.index,
            deliversOtherStreams: options.deliversOtherStreams,
            metadata: demuxer.metadata, origin: Timestamp(origin, timeBase: stream.timeBase),
            identities: [demuxer.bytes?.identity].compactMap { $0 })
    }

    private var estimatedFrameCount: Int? {
        let stated = demuxer.withStream(stream.index) { Int($0.pointee.nb_frames) }
        if stated > 0, startTicks == nil, endTicks == nil { return stated }
        guard let duration = demuxer.duration, duration.isFinite else { return nil }
        let timeBase = stream.timeBase.value
        let start = startTicks.map { Double($0) * timeBase - demuxer.startSeconds } ?? 0
        let end = min(duration, endTicks.map { Double($0) * timeBase - demuxer.startSeconds } ?? .infinity)
        return Int(exactly: (max(0, end - start) * frameRate.value).rounded())
    }
}
