/// Where a video is published: `rtsp://host:8554/name`, `udp://239.0.0.1:5000`.
package struct StreamAddress: Equatable, Sendable, CustomStringConvertible {
    /// The schemes of streams that are written.
    package static let schemes = ["rtsp", "rtsps", "udp", "tcp", "srt", "rtmp", "rtmps"]

    let url: SecretURL

    /// What `-o` means; `nil` for a text that is no URL, and so names a file.
    ///
    /// Throws `unsupported` for URLs of other schemes.
    package init?(_ argument: String) throws(MediaError) {
        guard let url = SecretURL(argument) else { return nil }
        guard Self.schemes.contains(url.scheme) else {
            throw MediaError(
                .unsupported,
                "'\(url)' is neither a file nor a stream that is written (\(Self.schemes.joined(separator: ", ")))")
        }
        self.url = url
    }

    /// Whether a text is a URL, and no file's name.
    package static func isURL(_ argument: String) -> Bool { SecretURL(argument) != nil }

    /// Without a password.
    package var description: String { url.description }

    /// libavformat's name of the form that pictures have on the way.
    var formatName: String {
        switch url.scheme {
        case "rtsp", "rtsps": "rtsp"
        case "rtmp", "rtmps": "flv"
        default: "mpegts"
        }
    }

    /// What libav* is asked for, and what it may reach.
    var settings: [(String, String)] {
        switch url.scheme {
        case "rtsp", "rtsps": [("protocol_whitelist", "rtp,udp,tcp,tls"), ("rtsp_transport", "tcp")]
        case "rtmp", "rtmps": [("protocol_whitelist", "rtmp,rtmps,tcp,tls"), ("flvflags", "no_duration_filesize")]
        // Seven packets of MPEG-TS, which pass an Ethernet in one piece.
        case "udp": [("protocol_whitelist", "udp"), ("pkt_size", "1316")]
        default: [("protocol_whitelist", url.scheme)]
        }
    }
}
