/// The container formats that are read, by the names of libavformat's demuxers.
///
/// Formats that open further files or hosts (concat, HLS, DASH, SDP, image patterns) are not among them. Formats that
/// only hold sound are, so that a sound file gets the answer "no video" and not "unknown".
enum ContainerFormats {
    static let video: Set<String> = [
        "mov", "matroska", "avi", "mpegts", "mpeg", "flv", "live_flv", "asf", "asf_o", "ogg", "mxf", "nut", "ivf",
        "h264", "hevc", "vvc", "av1", "obu", "m4v", "mpegvideo", "mjpeg", "mjpeg_2000", "h263", "h261", "vc1",
        "vc1test",
        "dv", "gif", "apng", "yuv4mpegpipe", "rm", "wtv", "gxf", "cavsvideo", "avs2", "avs3", "dirac", "swf", "nsv",
        "nuv", "smjpeg", "mpjpeg", "ipmovie", "flic", "roq", "ea", "smk", "bink", "rpl", "thp", "lvf", "mtv", "mvi",
        "pva", "dhav", "kux", "xmv", "4xm", "filmstrip", "ivr", "image2pipe", "webm", "jv", "ico",
    ]

    static let sound: Set<String> = [
        "mp3", "wav", "flac", "aac", "ac3", "eac3", "aiff", "au", "caf", "w64", "amr", "ape", "wv", "tta", "dts", "mp2",
        "opus", "tak", "mpc", "mpc8", "voc", "truehd",
    ]

    /// Whether a demuxer, whose `name` may list several formats, is read.
    static func isAllowed(_ name: String) -> Bool {
        name.split(separator: ",").contains { part in
            video.contains(String(part)) || sound.contains(String(part)) || isImage(String(part))
        }
    }

    /// Whether a demuxer reads the bytes of one picture.
    static func isImage(_ name: String) -> Bool { name.hasSuffix("_pipe") }
}
