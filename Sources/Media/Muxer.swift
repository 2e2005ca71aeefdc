import CFFmpeg
import Glibc

/// Puts the packets of an encoder and of copied streams into a container.
///
/// Every return value counts: of the header, of each packet, of the trailer, and what the sink remembers.
final class Muxer {
    /// Streams that were asked for and that the container cannot hold.
    private(set) var droppedStreams: [StreamInfo] = []
    let formatName: String
    /// Whether the container is of the MP4 family, whose fragments can be rewritten into one file with its index.
    let isMP4: Bool

    private let sink: ByteSink
    private let context: UnsafeMutablePointer<AVFormatContext>
    private let scratch: UnsafeMutablePointer<AVPacket>
    private let videoTimeBase: AVRational
    /// Index in the output and the source's time base, by index in the source.
    private var copies: [Int: (index: Int32, timeBase: AVRational)] = [:]
    /// Filters that give AAC from MPEG-TS the form of MP4, by index in the output.
    private var filters: [Int32: UnsafeMutablePointer<AVBSFContext>] = [:]
    private var lastDecodingTime: [Int32: Int64] = [:]
    private let isStrict: Bool
    /// Packets of copied streams that were too damaged to copy.
    private(set) var damagedCopies = 0

    /// The container for a file name (by its extension) or, for "-", Matroska.
    static func format(for path: String, named name: String?) throws(MediaError) -> UnsafePointer<AVOutputFormat> {
        try FFmpegLibraries.load()
        let guessed = av_guess_format(name ?? (path == "-" ? "matroska" : nil), path == "-" ? nil : path, nil)
        let isSpecial = name == nil && !(path.split(separator: "/").last ?? "").contains(".")
        let chosen = guessed ?? (isSpecial ? av_guess_format("matroska", nil, nil) : nil)
        guard let chosen, chosen.pointee.flags & AVFMT_NOFILE == 0, chosen.pointee.video_codec != AV_CODEC_ID_NONE
        else {
            throw MediaError(
                .cannotCreate,
                "No video container is known for '\(LogCapture.readable(name ?? path))': use .mp4, .mkv, .mov, .webm or .ts"
            )
        }
        return UnsafePointer(chosen)
    }

    /// Writes the header. In the MP4 family the file is a chain of fragments that each begin with a key frame; of a live
    /// source they are half a second long, and so are the clusters of Matroska.
    init(
        sink: ByteSink, format: UnsafePointer<AVOutputFormat>, encoder: VideoEncoder, copying streams: [StreamInfo],
        metadata: [(key: String, value: String)], frameRate: Rational
    ) throws(MediaError) {
        self.sink = sink
        formatName = String(cString: format.pointee.name)
        isMP4 = ["mp4", "mov", "ipod", "ismv", "3gp", "3g2"].contains(formatName)
        isStrict = format.pointee.flags & AVFMT_TS_NONSTRICT == 0
        videoTimeBase = encoder.context.pointee.time_base
        LogCapture.clear()
        var made: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_alloc_output_context2(&made, format, nil, nil) >= 0, let made, let packet = av_packet_alloc()
        else { throw MediaError(.internalError, "Out of memory") }
        context = made
        scratch = packet
        made.pointee.pb = sink.context
        made.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS
        // Copied streams in newer mappings (FLAC, TrueHD in MP4), which all current players know.
        made.pointee.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL

        guard let video = avformat_new_stream(made, nil),
            avcodec_parameters_from_context(video.pointee.codecpar, encoder.context) >= 0
        else { throw MediaError(.internalError, "Out of memory") }
        guard avformat_query_codec(format, encoder.context.pointee.codec_id, FF_COMPLIANCE_NORMAL) != 0 else {
            throw MediaError(
                .unsupported,
                "The container '\(formatName)' cannot hold video of '\(encoder.codecName)': use .mp4 or .mkv")
        }
        video.pointee.time_base = videoTimeBase
        video.pointee.avg_frame_rate = frameRate.av
        video.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
        video.pointee.disposition = AV_DISPOSITION_DEFAULT
        for stream in streams { try add(stream) }
        for entry in metadata where Muxer.isKept(entry.key) {
            av_dict_set(&made.pointee.metadata, entry.key, entry.value, 0)
        }
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        if isMP4 { av_dict_set(&settings, "movflags", "frag_keyframe+delay_moov+default_base_moof", 0) }
        if encoder.isLive {
            // A recording that is killed loses what has not left: half a second at the most.
            av_dict_set(&settings, isMP4 ? "frag_duration" : "cluster_time_limit", isMP4 ? "500000" : "500", 0)
        }
        let code = avformat_write_header(made, &settings)
        try check(code, "The header of '\(LogCapture.readable(sink.path))' cannot be written", fallback: .unsupported)
    }

    deinit {
        var freedPacket: UnsafeMutablePointer<AVPacket>? = scratch
        av_packet_free(&freedPacket)
        avformat_free_context(context)
        for filter in filters.values {
            var freed: UnsafeMutablePointer<AVBSFContext>? = filter
            av_bsf_free(&freed)
        }
    }

    /// Adds a stream to be copied, or notes that the container cannot hold it.
    private func add(_ stream: StreamInfo) throws(MediaError) {
        let id = stream.parameters.pointee.codec_id
        guard stream.kind == .audio || stream.kind == .subtitle || stream.kind == .data, holds(id) else {
            droppedStreams.append(stream)
            return
        }
        guard let copy = avformat_new_stream(context, nil),
            avcodec_parameters_copy(copy.pointee.codecpar, stream.parameters) >= 0
        else { throw MediaError(.internalError, "Out of memory") }
        copy.pointee.codecpar.pointee.codec_tag = 0
        copy.pointee.time_base = stream.timeBase.av
        copy.pointee.disposition = stream.disposition
        for entry in stream.metadata where entry.key == "language" || entry.key == "title" {
            av_dict_set(&copy.pointee.metadata, entry.key, entry.value, 0)
        }
        // AAC without a description of itself carries ADTS headers, which only MPEG-TS and raw files keep.
        if id == AV_CODEC_ID_AAC, stream.parameters.pointee.extradata_size == 0, isMP4 {
            filters[copy.pointee.index] = try Muxer.filterFromADTS(for: stream)
        }
        copies[stream.index] = (copy.pointee.index, stream.timeBase.av)
    }

    /// The filter that takes ADTS headers off; the caller frees it.
    private static func filterFromADTS(
        for stream: StreamInfo
    ) throws(MediaError) -> UnsafeMutablePointer<AVBSFContext> {
        let message = "The \(stream.label) cannot be given the form of MP4"
        guard let kind = av_bsf_get_by_name("aac_adtstoasc") else { throw MediaError(.unsupported, message) }
        var made: UnsafeMutablePointer<AVBSFContext>?
        var code = av_bsf_alloc(kind, &made)
        guard code >= 0, let filter = made else { throw MediaError(.internalError, "Out of memory") }
        filter.pointee.time_base_in = stream.timeBase.av
        code = avcodec_parameters_copy(filter.pointee.par_in, stream.parameters)
        if code >= 0 { code = av_bsf_init(filter) }
        guard code >= 0 else {
            av_bsf_free(&made)
            throw MediaError(code: code, message, fallback: .unsupported)
        }
        return filter
    }

    /// What MPEG-TS has a stream type for; its muxer would take anything and write what nobody can read.
    private static let transportStreamCodecs: [AVCodecID] = [
        AV_CODEC_ID_MP2, AV_CODEC_ID_MP3, AV_CODEC_ID_AAC, AV_CODEC_ID_AAC_LATM, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3,
        AV_CODEC_ID_DTS, AV_CODEC_ID_TRUEHD, AV_CODEC_ID_OPUS, AV_CODEC_ID_DVB_SUBTITLE, AV_CODEC_ID_DVB_TELETEXT,
        AV_CODEC_ID_HDMV_PGS_SUBTITLE, AV_CODEC_ID_SMPTE_KLV, AV_CODEC_ID_TIMED_ID3,
    ]

    private func holds(_ id: AVCodecID) -> Bool {
        guard id != AV_CODEC_ID_NONE else { return false }
        if formatName == "mpegts" { return Muxer.transportStreamCodecs.contains(id) }
        return avformat_query_codec(context.pointee.oformat, id, FF_COMPLIANCE_EXPERIMENTAL) != 0
    }

    /// Descriptions of the content stay; facts about the old file (its brand, its encoder) do not.
    private static func isKept(_ key: String) -> Bool {
        !["major_brand", "minor_version", "compatible_brands", "encoder", "duration", "creation_time"]
            .contains(key.lowercased())
    }

    /// Writes a packet of the encoder, whose times are in the encoder's time base less `origin`.
    func write(video packet: UnsafeMutablePointer<AVPacket>) throws(MediaError) {
        packet.pointee.stream_index = 0
        av_packet_rescale_ts(packet, videoTimeBase, sk_stream(context, 0).pointee.time_base)
        try write(packet)
    }

    /// Whether packets of this stream of the source are copied.
    func copies(_ packet: Packet) -> Bool { copies[packet.streamIndex] != nil }

    /// Writes a copy of a packet of the source, `origin` earlier than its own clock says.
    func write(copyOf packet: Packet, origin: Timestamp) throws(MediaError) {
        guard let (index, timeBase) = copies[packet.streamIndex] else { return }
        guard av_packet_ref(scratch, packet.av) >= 0 else { throw MediaError(.internalError, "Out of memory") }
        defer { av_packet_unref(scratch) }
        if let filter = filters[index] {
            let code = av_bsf_send_packet(filter, scratch)
            guard code >= 0, av_bsf_receive_packet(filter, scratch) >= 0 else {
                damagedCopies += 1
                return
            }
        }
        let shift = av_rescale_q(origin.value, origin.timeBase.av, timeBase)
        if scratch.pointee.pts != sk_nopts { scratch.pointee.pts &-= shift }
        if scratch.pointee.dts != sk_nopts { scratch.pointee.dts &-= shift }
        scratch.pointee.stream_index = index
        scratch.pointee.pos = -1
        av_packet_rescale_ts(scratch, timeBase, sk_stream(context, index).pointee.time_base)
        do throws(MediaError) {
            try write(scratch)
        } catch {
            // A packet that the container refuses is the source's damage; a file that takes no more is an error.
            if let failure = sink.failure { throw failure }
            damagedCopies += 1
        }
    }

    /// Makes decoding times ascend, as containers demand, and writes.
    private func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(MediaError) {
        let index = packet.pointee.stream_index
        let last = lastDecodingTime[index]
        if packet.pointee.dts == sk_nopts { packet.pointee.dts = packet.pointee.pts }
        if packet.pointee.dts == sk_nopts { packet.pointee.dts = last.map { $0 &+ 1 } ?? 0 }
        if let last, packet.pointee.dts < last || (isStrict && packet.pointee.dts == last) {
            packet.pointee.dts = isStrict ? last &+ 1 : last
        }
        if packet.pointee.pts == sk_nopts || packet.pointee.pts < packet.pointee.dts {
            packet.pointee.pts = packet.pointee.dts
        }
        lastDecodingTime[index] = packet.pointee.dts
        let code = av_write_frame(context, packet)
        try check(code, "Writing '\(LogCapture.readable(sink.path))' failed", fallback: .internalError)
    }

    /// Completes the container; the sink is closed by its owner.
    func finish() throws(MediaError) {
        let code = av_write_trailer(context)
        try check(code, "The end of '\(LogCapture.readable(sink.path))' cannot be written", fallback: .internalError)
    }

    private func check(_ code: Int32, _ message: String, fallback: MediaError.Reason) throws(MediaError) {
        if let failure = sink.failure { throw failure }
        if code < 0 { throw MediaError(code: code, message, fallback: fallback) }
        if let pb = context.pointee.pb, pb.pointee.error < 0 {
            throw MediaError(code: pb.pointee.error, message, fallback: .io)
        }
    }
}
