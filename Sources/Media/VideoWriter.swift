import CFFmpeg
import Glibc
package import Imaging

/// Writes pictures as a video file together with the other streams of their source.
///
///     let writer = try VideoWriter(path: "out.mp4", source: source.info)
///     try writer.write(frame.packets)
///     try writer.write(frame.image, at: frame.info.timestamp, duration: frame.info.duration)
///     let summary = try writer.finish()
///
/// While an MP4 is being written it is a chain of flushed fragments: what a killed process leaves plays up to the last
/// second; of a live source (`EncoderOptions.isLive`), in every container, up to the last half second. `finish` rewrites
/// an MP4 with the index in front. Timestamps are the source's, less `origin`. One thread at a time uses a writer.
package final class VideoWriter: @unchecked Sendable {
    // Sendable: used by one thread at a time, as the contract says; `cancel` only reaches the atomic deadline.
    package struct Options: Sendable {
        package var encoder = EncoderOptions()
        package var overwrites = false
        /// FFmpeg's name of a container; chosen by the extension otherwise ("-" is Matroska).
        package var format: String?

        package init() {}
    }

    /// What was written.
    package struct Summary: Sendable {
        package var frameCount: Int
        /// Size of the file.
        package var byteCount: Int64
        /// Streams that the container could not hold, for people: "subtitle stream 2 (subrip)".
        package var droppedStreams: [String]
        /// Packets of copied streams that were too damaged to copy.
        package var damagedCopies: Int
        /// Why an MP4 stayed fragmented (it plays everywhere, but its index is not in front); `nil` if all went well.
        package var faststartFailure: MediaError?
    }

    package let path: String
    /// Streams of the source that the container cannot hold; known from the start.
    package var droppedStreams: [String] { (muxer.droppedStreams + refusedStreams).map(\.label) }

    private let sink: ByteSink
    private let encoder: VideoEncoder
    private let muxer: Muxer
    private let refusedStreams: [StreamInfo]
    private let deadline = Deadline()
    private let origin: Timestamp
    private var waiting: [Packet] = []
    private var waitingHead = 0
    private let timeBases: [Int: Rational]
    private var frameCount = 0
    private var isClosed = false

    /// A writer for the frames of a source and its sound, subtitles and data.
    package convenience init(path: String, source info: VideoInfo, options: Options = Options()) throws(MediaError) {
        try VideoWriter.refuse(path, among: info.identities)
        try self.init(
            path: path, video: VideoParameters(info),
            copying: info.deliversOtherStreams ? info.streams.filter { $0.index != info.videoStreamIndex } : [],
            metadata: info.metadata, origin: info.origin, options: options)
    }

    /// Throws `cannot_create` or `denied` for the file, `unsupported` for the encoder or the container.
    package init(
        path: String, video: VideoParameters, copying streams: [StreamInfo] = [],
        metadata: [(key: String, value: String)] = [], origin: Timestamp? = nil, options: Options = Options()
    ) throws(MediaError) {
        self.path = path
        self.origin = origin ?? Timestamp(0, timeBase: video.timeBase)
        timeBases = Dictionary(streams.map { ($0.index, $0.timeBase) }, uniquingKeysWith: { first, _ in first })
        let format = try Muxer.format(for: path, named: options.format)
        // The encoder first: a setting that it refuses must not cost an existing file.
        encoder = try VideoEncoder(
            video, options: options.encoder, hasGlobalHeader: format.pointee.flags & AVFMT_GLOBALHEADER != 0)
        var existing = stat()
        let existed = path != "-" && stat(path, &existing) == 0
        var output = try ByteSink(path: path, overwrites: options.overwrites, deadline: deadline)
        var refused: [StreamInfo] = []
        do throws(MediaError) {
            do throws(MediaError) {
                muxer = try Muxer(
                    sink: output, format: format, encoder: encoder, copying: streams, metadata: metadata,
                    frameRate: video.frameRate)
            } catch {
                // A stream whose description is damaged or unusual must not cost the video.
                guard !streams.isEmpty, error.reason != .diskFull, error.reason != .io, path != "-" else { throw error }
                output = try ByteSink(path: path, overwrites: true, deadline: deadline)
                refused = streams
                muxer = try Muxer(
                    sink: output, format: format, encoder: encoder, copying: [], metadata: metadata,
                    frameRate: video.frameRate)
            }
        } catch {
            if !existed, path != "-" { unlink(path) }
            throw error
        }
        sink = output
        refusedStreams = refused
    }

    /// Whether the extension of `path` is that of a container for video.
    package static func namesContainer(_ path: String) -> Bool {
        guard (path.split(separator: "/").last ?? "").contains(".") else { return false }
        return (try? Muxer.format(for: path, named: nil)) != nil
    }

    private static func refuse(_ path: String, among sources: [FileIdentity]) throws(MediaError) {
        if path != "-", let existing = FileIdentity(path: path), sources.contains(existing) {
            throw MediaError(.cannotCreate, "'\(LogCapture.readable(path))' is the input itself: choose another output")
        }
    }

    /// Encodes a picture that is shown at `timestamp` for `duration` ticks of its time base.
    package func write(_ image: borrowing Image, at timestamp: Timestamp, duration: Int64) throws(MediaError) {
        let timeBase = encoder.timeBase
        let time = timestamp.rescaled(to: timeBase).value &- origin.rescaled(to: timeBase).value
        let length = Timestamp(duration, timeBase: timestamp.timeBase).rescaled(to: timeBase).value
        try encoder.encode(image, at: time, duration: length, output: emit)
        frameCount += 1
    }

    /// Takes packets of other streams; they are written when the video has come as far.
    package func write(_ packets: [Packet]) {
        for packet in packets where muxer.copies(packet) { waiting.append(packet) }
    }

    /// Writes a packet of the encoder, and before it what belongs before it.
    private func emit(_ packet: UnsafeMutablePointer<AVPacket>) throws(MediaError) {
        let timeBase = encoder.timeBase
        let videoTime = Timestamp(packet.pointee.dts &+ origin.rescaled(to: timeBase).value, timeBase: timeBase)
        while waitingHead < waiting.count {
            let next = waiting[waitingHead]
            let time = next.av.pointee.dts != sk_nopts ? next.av.pointee.dts : next.av.pointee.pts
            if time != sk_nopts, let base = timeBases[next.streamIndex], Timestamp(time, timeBase: base) > videoTime {
                break
            }
            try muxer.write(copyOf: next, origin: origin)
            waitingHead += 1
        }
        if waitingHead > 256 {
            waiting.removeFirst(waitingHead)
            waitingHead = 0
        }
        try muxer.write(video: packet)
    }

    /// Completes the file. After an error what was written so far stays, and plays if it is an MP4 or Matroska file.
    package func finish() throws(MediaError) -> Summary {
        guard !isClosed else { throw MediaError(.internalError, "The writer is closed") }
        isClosed = true
        try encoder.drain(output: emit)
        while waitingHead < waiting.count {
            try muxer.write(copyOf: waiting[waitingHead], origin: origin)
            waitingHead += 1
        }
        try muxer.finish()
        let rewrites = muxer.isMP4 && sink.isRegularFile
        try sink.close(synchronizes: !rewrites)
        var summary = Summary(
            frameCount: frameCount, byteCount: sink.byteCount, droppedStreams: droppedStreams,
            damagedCopies: muxer.damagedCopies, faststartFailure: nil)
        if rewrites {
            do throws(MediaError) {
                try Faststart.rewrite(path, formatName: muxer.formatName)
                var status = stat()
                if stat(path, &status) == 0 { summary.byteCount = Int64(status.st_size) }
            } catch {
                summary.faststartFailure = error
            }
        }
        return summary
    }

    /// Stops at once: the file keeps what was flushed so far.
    package func abandon() {
        guard !isClosed else { return }
        isClosed = true
        do throws(MediaError) { try sink.close(synchronizes: false) } catch {}
    }

    /// Makes a write that waits for a reader (a FIFO, standard output) fail soon; may be called from any thread.
    package func cancel() { deadline.cancel() }
}
