import CFFmpeg

/// A connection to a live source that this process reads and decodes. The caller arms the deadline.
final class LiveConnection: LiveFeed {
    private let demuxer: Demuxer
    private let decoder: VideoDecoder
    private let stream: StreamInfo
    private let options: MediaOptions
    private let orientation: Orientation
    private let deadline: Deadline
    private(set) var damagedReads = 0
    private var consecutiveDamagedReads = 0
    private var lastSeconds: Double?

    init(_ input: LiveInput, options: MediaOptions, deadline: Deadline) throws(MediaError) {
        self.options = options
        self.deadline = deadline
        demuxer = try Demuxer(live: input, options: options, deadline: deadline)
        stream = try demuxer.mainVideoStream()
        orientation = demuxer.withStream(stream.index) { Orientation(of: $0) } ?? .upright
        decoder = try VideoDecoder(stream: stream, options: options)
        demuxer.select([stream.index])
    }

    deinit {
        // Closing says goodbye to the server, which may not listen any more.
        deadline.arm(seconds: 0.5)
        withExtendedLifetime(demuxer) {}
    }

    var damagedPackets: Int { decoder.damagedPackets }
    var formatName: String { demuxer.formatName }
    var codecName: String { stream.codecName }

    var frameRate: Rational? {
        let guess = demuxer.guessedFrameRate(of: stream.index)
        return guess.isPositive && guess.value <= 1000 && guess.value >= 0.001 ? guess : nil
    }

    var sampleAspectRatio: Rational {
        let aspect = demuxer.withStream(stream.index) { Rational($0.pointee.sample_aspect_ratio) }
        return aspect.isPositive ? aspect : Rational(1, 1)
    }

    var isPaced: Bool {
        ["lavfi", "hls"].contains(demuxer.formatName) || (demuxer.duration != nil && demuxer.formatName != "rtsp")
    }

    var longestSilence: Double { demuxer.formatName == "hls" ? 20 : 0 }

    func next(arrived: (Double) -> Void) throws(MediaError) -> LivePicture? {
        while true {
            switch try decoder.receive() {
            case .frame(let buffer):
                let frame = buffer.av.pointee
                try VideoDecoder.check(width: frame.width, height: frame.height, against: options)
                let turn = options.autorotates ? Orientation(of: buffer.av) ?? orientation : .upright
                let seconds = seconds(frame.best_effort_timestamp)
                if let seconds { lastSeconds = seconds }
                return LivePicture(buffer: buffer, orientation: turn, seconds: seconds)
            case .endOfStream: return nil
            case .needsInput:
                switch try demuxer.read() {
                case .packet(let packet) where packet.streamIndex == stream.index:
                    consecutiveDamagedReads = 0
                    if let time = seconds(packet.av.pointee.pts) { arrived(time) }
                    try decoder.send(packet)
                case .packet: continue
                case .damaged:
                    damagedReads += 1
                    consecutiveDamagedReads += 1
                    if consecutiveDamagedReads > 1000 {
                        throw MediaError(.corrupt, "The stream holds nothing that can be read")
                    }
                case .end: decoder.sendEnd()
                }
                // Packets without a picture in them keep no source alive.
                if deadline.isExpired { throw MediaError(.timeout, "No picture could be decoded") }
            }
        }
    }

    var isComplete: Bool {
        guard let duration = demuxer.duration else { return demuxer.formatName == "lavfi" }
        return lastSeconds.map { $0 - demuxer.startSeconds > duration - 2 } ?? false
    }

    private func seconds(_ ticks: Int64) -> Double? {
        guard ticks != sk_nopts, demuxer.hasTimestamps else { return nil }
        return Double(ticks) * stream.timeBase.value
    }
}
