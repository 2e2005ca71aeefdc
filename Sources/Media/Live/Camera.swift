import CVideo4Linux
import Glibc

/// A camera of Video4Linux, and what it can give.
package struct Camera: Hashable, Sendable {
    /// What a camera can give in one format and size.
    package struct Mode: Hashable, Sendable {
        /// The driver's words: "Motion-JPEG", "YUYV 4:2:2".
        package let format: String
        /// The four letters of the format: `MJPG`, `YUYV`; with `-BE` behind them for big-endian order.
        package let code: String
        /// Width and height; of a range of sizes, the largest.
        package let width: Int
        package let height: Int
        /// Frames a second, as far as the driver lists them.
        package let rates: [Double]
    }

    package let path: String
    package let name: String
    package let modes: [Mode]

    /// The cameras that there are, by number. Devices that give no pictures (metadata, encoders) are not among them.
    package static func all() -> [Camera] { devices().compactMap { Camera($0) } }

    /// The devices among which there may be cameras, but which this user may not open.
    package static func denied() -> [String] { devices().filter { access($0, R_OK | W_OK) != 0 && errno == EACCES } }

    /// The devices of Video4Linux that carry pictures, by number.
    private static func devices(folder: String = "/dev") -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix("video"), name.utf8.dropFirst(5).allSatisfy({ (48...57).contains($0) }) {
                names.append(name)
            }
        }
        return names.sorted(by: InputLocation.numericallyAscending).map { "\(folder)/\($0)" }.filter(
            LiveInput.isCamera)
    }

    /// `nil` for what is no camera, or may not be opened.
    init?(_ path: String) {
        let descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var capability = v4l2_capability()
        guard sk_v4l2_capability(descriptor, &capability) == 0 else { return nil }
        let hasOwn = capability.capabilities & UInt32(V4L2_CAP_DEVICE_CAPS) != 0
        let abilities = hasOwn ? capability.device_caps : capability.capabilities
        guard abilities & UInt32(V4L2_CAP_VIDEO_CAPTURE) != 0 else { return nil }
        self.path = path
        name = text(of: capability.card)
        modes = Camera.modes(of: descriptor)
    }

    private static let mostAnswers: UInt32 = 256

    private static func modes(of descriptor: Int32) -> [Mode] {
        var modes: [Mode] = []
        for index in 0..<mostAnswers {
            var format = v4l2_fmtdesc()
            format.index = index
            format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
            guard sk_v4l2_format(descriptor, &format) == 0 else { break }
            let code = letters(of: format.pixelformat)
            for size in sizes(of: descriptor, format: format.pixelformat) {
                modes.append(
                    Mode(
                        format: text(of: format.description), code: code, width: Int(size.width),
                        height: Int(size.height), rates: rates(of: descriptor, format: format.pixelformat, size: size)))
            }
        }
        return modes
    }

    /// A format's four letters; the highest bit says that bytes are in big-endian order.
    private static func letters(of format: UInt32) -> String {
        let letters = withUnsafeBytes(of: (format & 0x7FFF_FFFF).littleEndian) {
            LogCapture.readable(String(decoding: $0, as: UTF8.self))
        }
        return format >> 31 == 0 ? letters : letters + "-BE"
    }

    private static func sizes(of descriptor: Int32, format: UInt32) -> [(width: UInt32, height: UInt32)] {
        var sizes: [(UInt32, UInt32)] = []
        for index in 0..<mostAnswers {
            var size = v4l2_frmsizeenum()
            size.index = index
            size.pixel_format = format
            guard sk_v4l2_size(descriptor, &size) == 0 else { break }
            guard size.type == V4L2_FRMSIZE_TYPE_DISCRETE.rawValue else {
                return [(size.stepwise.max_width, size.stepwise.max_height)]
            }
            sizes.append((size.discrete.width, size.discrete.height))
        }
        return sizes
    }

    private static func rates(
        of descriptor: Int32, format: UInt32, size: (width: UInt32, height: UInt32)
    ) -> [Double] {
        var rates: [Double] = []
        for index in 0..<mostAnswers {
            var interval = v4l2_frmivalenum()
            interval.index = index
            interval.pixel_format = format
            interval.width = size.width
            interval.height = size.height
            guard sk_v4l2_interval(descriptor, &interval) == 0 else { break }
            let isList = interval.type == V4L2_FRMIVAL_TYPE_DISCRETE.rawValue
            let shortest = isList ? interval.discrete : interval.stepwise.min
            if shortest.numerator > 0 { rates.append(Double(shortest.denominator) / Double(shortest.numerator)) }
            guard isList else { break }
        }
        return rates
    }
}

/// The text in an array of bytes that ends with 0 or is full.
private func text<Bytes>(of bytes: Bytes) -> String {
    withUnsafeBytes(of: bytes) { LogCapture.readable(String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)) }
}
