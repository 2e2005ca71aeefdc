import CFFmpeg
import Glibc

/// Rewrites a finished, fragmented MP4 as a plain one whose index comes first, beside it, and puts it in its place.
///
/// The packets and their times stay what they are. Until the rename the fragmented file is untouched, so a failure
/// costs nothing but the index at the front.
enum Faststart {
    static func rewrite(_ name: String, formatName: String) throws(MediaError) {
        // The file that a symbolic link leads to is replaced, not the link.
        let path = target(of: name)
        let temporary = "\(path).\(getpid()).part"
        do throws(MediaError) {
            try remux(path, to: temporary, formatName: formatName)
            var status = stat()
            if stat(path, &status) == 0 { chmod(temporary, status.st_mode & 0o7777) }
            guard rename(temporary, path) == 0 else {
                throw MediaError(errno: errno, "Cannot replace '\(LogCapture.readable(path))'", fallback: .cannotCreate)
            }
            synchronizeFolder(of: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func target(of path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func remux(_ path: String, to target: String, formatName: String) throws(MediaError) {
        let deadline = Deadline()
        let bytes = try ByteSource(path: path, deadline: deadline, stallTimeout: 60)
        var input = avformat_alloc_context()
        input?.pointee.pb = bytes.context
        defer {
            avformat_close_input(&input)
            withExtendedLifetime(bytes) {}
        }
        // Edit lists move times but may not cut packets away: this is a copy.
        var reading: OpaquePointer?
        defer { av_dict_free(&reading) }
        av_dict_set(&reading, "advanced_editlist", "0", 0)
        var code = avformat_open_input(&input, nil, av_find_input_format("mov"), &reading)
        guard code >= 0, let source = input else {
            throw MediaError(code: code, "The fragmented file cannot be read again", fallback: .internalError)
        }
        code = avformat_find_stream_info(source, nil)

        let sink = try ByteSink(path: target, overwrites: true, deadline: deadline)
        var output: UnsafeMutablePointer<AVFormatContext>?
        // The muxer opens the file a second time, by name, to move its content behind the index.
        code = avformat_alloc_output_context2(&output, nil, formatName, "file:" + target)
        guard code >= 0, let result = output, let packet = av_packet_alloc() else {
            throw MediaError(.internalError, "Out of memory")
        }
        var freedPacket: UnsafeMutablePointer<AVPacket>? = packet
        defer {
            av_packet_free(&freedPacket)
            avformat_free_context(result)
        }
        result.pointee.pb = sink.context
        result.pointee.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL
        for index in 0..<Int32(clamping: source.pointee.nb_streams) {
            let from = sk_stream(source, index)
            guard let to = avformat_new_stream(result, nil),
                avcodec_parameters_copy(to.pointee.codecpar, from.pointee.codecpar) >= 0
            else { throw MediaError(.internalError, "Out of memory") }
            to.pointee.time_base = from.pointee.time_base
            to.pointee.avg_frame_rate = from.pointee.avg_frame_rate
            to.pointee.sample_aspect_ratio = from.pointee.sample_aspect_ratio
            to.pointee.disposition = from.pointee.disposition
            av_dict_copy(&to.pointee.metadata, from.pointee.metadata, 0)
        }
        av_dict_copy(&result.pointee.metadata, source.pointee.metadata, 0)
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        av_dict_set(&settings, "movflags", "faststart", 0)
        try check(avformat_write_header(result, &settings), sink)
        while true {
            code = av_read_frame(source, packet)
            if let failure = bytes.failure { throw failure }
            if code == sk_averror_eof { break }
            try check(code, sink)
            let index = packet.pointee.stream_index
            av_packet_rescale_ts(
                packet, sk_stream(source, index).pointee.time_base, sk_stream(result, index).pointee.time_base)
            packet.pointee.pos = -1
            try check(av_interleaved_write_frame(result, packet), sink)
        }
        try check(av_write_trailer(result), sink)
        try sink.close(synchronizes: true)
    }

    private static func check(_ code: Int32, _ sink: ByteSink) throws(MediaError) {
        if let failure = sink.failure { throw failure }
        if code < 0 {
            throw MediaError(code: code, "The file with its index in front cannot be written", fallback: .io)
        }
    }

    /// Makes the new name durable.
    private static func synchronizeFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
