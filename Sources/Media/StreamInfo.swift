import CFFmpeg

/// One stream of a container: what a muxer needs to copy it, and what a person wants to know about it.
package final class StreamInfo: @unchecked Sendable {
    // Sendable: everything is set in the initializer and only read afterwards.
    package enum Kind: String, Sendable {
        case video, audio, subtitle, data, attachment, unknown
    }

    /// Index in the source.
    package let index: Int
    package let kind: Kind
    package let codecName: String
    package let timeBase: Rational
    package let language: String?
    /// Whether the "video" is one picture, such as the cover of an album.
    package let isAttachedPicture: Bool

    let parameters: UnsafeMutablePointer<AVCodecParameters>
    let disposition: Int32
    let metadata: [(key: String, value: String)]

    init?(_ stream: UnsafeMutablePointer<AVStream>) {
        guard let copy = avcodec_parameters_alloc() else { return nil }
        guard let source = stream.pointee.codecpar, avcodec_parameters_copy(copy, source) >= 0 else {
            var freed: UnsafeMutablePointer<AVCodecParameters>? = copy
            avcodec_parameters_free(&freed)
            return nil
        }
        parameters = copy
        index = Int(stream.pointee.index)
        kind =
            switch copy.pointee.codec_type {
            case AVMEDIA_TYPE_VIDEO: .video
            case AVMEDIA_TYPE_AUDIO: .audio
            case AVMEDIA_TYPE_SUBTITLE: .subtitle
            case AVMEDIA_TYPE_DATA: .data
            case AVMEDIA_TYPE_ATTACHMENT: .attachment
            default: .unknown
            }
        codecName = String(cString: avcodec_get_name(copy.pointee.codec_id))
        timeBase = Rational(stream.pointee.time_base)
        disposition = stream.pointee.disposition
        isAttachedPicture = disposition & AV_DISPOSITION_ATTACHED_PIC != 0
        metadata = cleanEntries(of: stream.pointee.metadata)
        language = metadata.first { $0.key == "language" }?.value
    }

    deinit {
        var freed: UnsafeMutablePointer<AVCodecParameters>? = parameters
        avcodec_parameters_free(&freed)
    }

    /// How messages name the stream: "audio stream 1 (aac)".
    package var label: String { "\(kind.rawValue) stream \(index) (\(codecName))" }
}

/// The entries of a dictionary of metadata as one line of readable text each.
func cleanEntries(of dictionary: OpaquePointer?) -> [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = []
    var entry: UnsafeMutablePointer<AVDictionaryEntry>?
    while entries.count < 256, let next = av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX) {
        entry = next
        let key = LogCapture.readable(String(cString: next.pointee.key))
        if !key.isEmpty { entries.append((key, LogCapture.readable(String(cString: next.pointee.value)))) }
    }
    return entries
}
