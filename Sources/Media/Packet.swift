import CFFmpeg
import Glibc

/// A piece of a stream as the container holds it: compressed video, audio, a subtitle.
package final class Packet: @unchecked Sendable {
    // Sendable: the packet is never written to after it was made, except by the one owner that a muxer is.
    let av: UnsafeMutablePointer<AVPacket>

    /// Index of the stream in the source.
    package var streamIndex: Int { Int(av.pointee.stream_index) }
    package var byteCount: Int { Int(av.pointee.size) }

    /// Takes what `packet` holds and leaves it empty; `nil` when there is no memory.
    init?(moving packet: UnsafeMutablePointer<AVPacket>) {
        guard let own = av_packet_alloc() else { return nil }
        av = own
        av_packet_move_ref(own, packet)
    }

    /// Copies what `packet` holds and leaves it empty, so that its memory goes back to whom it belongs; `nil` when there
    /// is no memory.
    init?(copying packet: UnsafeMutablePointer<AVPacket>) {
        defer { av_packet_unref(packet) }
        guard let own = av_packet_alloc() else { return nil }
        av = own
        guard av_new_packet(own, packet.pointee.size) >= 0, av_packet_copy_props(own, packet) >= 0 else { return nil }
        if packet.pointee.size > 0 { memcpy(own.pointee.data, packet.pointee.data, Int(packet.pointee.size)) }
    }

    deinit {
        var freed: UnsafeMutablePointer<AVPacket>? = av
        av_packet_free(&freed)
    }
}
