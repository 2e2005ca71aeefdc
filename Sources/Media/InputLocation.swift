import Glibc

/// What a user means by an input argument, decided before libav* sees a byte of it.
///
/// The argument is a path, a glob, a folder, "-", or a live source (`LiveInput`), perhaps by the name of the variable
/// that holds its URL (`env:NAME`). Other URLs and the pseudo-protocols of
/// libav* (`concat:a|b`, `subfile,,…`, `data:`) are refused, except when a file of exactly that name exists, which is
/// then read as a file.
package enum InputLocation: Equatable, Sendable {
    case standardInput
    /// A file or a FIFO.
    case file(String)
    /// Pictures that are read as a sequence.
    case images([String])
    /// A camera or a stream.
    case live(LiveInput)

    package init(_ argument: String) throws(MediaError) {
        let shown = "'\(LogCapture.readable(LogCapture.redacted(argument)))'"
        guard argument != "-" else {
            self = .standardInput
            return
        }
        guard !argument.isEmpty, !argument.utf8.contains(0) else {
            throw MediaError(
                .notFound, "The input's name is empty: give a video file, a folder of images, or - for stdin")
        }
        var status = stat()
        guard stat(argument, &status) == 0 else {
            let code = errno
            if let input = try LiveInput(argument) {
                self = .live(input)
                return
            }
            if InputLocation.isURL(argument) {
                throw MediaError(
                    .unsupported,
                    "\(shown) is neither a file nor a stream that is read (rtsp, http, https, udp, tcp, lavfi, env)")
            }
            if code == ENOENT, argument.contains(where: { "*?[".contains($0) }) {
                self = try .images(InputLocation.matches(of: argument))
                return
            }
            throw MediaError(errno: code, "Cannot open \(shown)", fallback: .notFound)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            guard status.st_size > 0 else { throw MediaError(.unsupported, "\(shown) is empty") }
            self = .file(argument)
        case S_IFIFO:
            self = .file(argument)
        case S_IFDIR:
            let images = try InputLocation.images(inFolder: argument)
            guard !images.isEmpty else {
                throw MediaError(.noVideo, "The folder \(shown) has no image files (jpg, png, bmp, webp, tif…)")
            }
            self = .images(images)
        case S_IFCHR where LiveInput.isCamera(argument):
            self = .live(.device(argument))
        case S_IFCHR, S_IFBLK:
            throw MediaError(.unsupported, "\(shown) is a device, but no camera (/dev/video0)")
        default:
            throw MediaError(.unsupported, "\(shown) is neither a file nor a folder")
        }
    }

    /// Whether the text begins as a URL or a protocol of libav* does: `name:` or `name,`.
    private static func isURL(_ text: String) -> Bool {
        guard let mark = text.firstIndex(where: { $0 == ":" || $0 == "," }), mark > text.startIndex else {
            return false
        }
        return text[..<mark].allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || "+-.".contains($0) }
    }

    static let imageExtensions: Set<String> = [
        "jpg", "jpeg", "png", "bmp", "webp", "tif", "tiff", "ppm", "pgm", "pbm", "gif", "jp2", "j2k", "avif", "jxl",
        "dpx", "exr", "sgi", "qoi", "hdr", "pcx",
    ]

    /// Whether a file's name says that it is a picture.
    package static func hasImageExtension(_ name: String) -> Bool {
        let name = name.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), name.first != "." else { return false }
        return imageExtensions.contains(name[name.index(after: dot)...].lowercased())
    }

    private static func images(inFolder folder: String) throws(MediaError) -> [String] {
        guard let directory = opendir(folder) else {
            throw MediaError(errno: errno, "Cannot read the folder '\(LogCapture.readable(folder))'", fallback: .io)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if hasImageExtension(name) { names.append(name) }
        }
        names.sort(by: numericallyAscending)
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        // What cannot be looked at (a link to nowhere, a name that is no text) stays, so that reading it tells why.
        return names.map { prefix + $0 }.filter { isRegularFile($0) || access($0, F_OK) != 0 }
    }

    private static func matches(of pattern: String) throws(MediaError) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        var paths: [String] = []
        if glob(pattern, 0, nil, &found) == 0 {
            for index in 0..<Int(found.gl_pathc) {
                if let path = found.gl_pathv[index] { paths.append(String(cString: path)) }
            }
        }
        paths = paths.filter(isRegularFile)
        guard !paths.isEmpty else {
            throw MediaError(.notFound, "No file matches '\(LogCapture.readable(pattern))'")
        }
        return paths.sorted(by: numericallyAscending)
    }

    private static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// The order of people: runs of digits compare as numbers, so that `2.jpg` comes before `10.jpg`.
    package static func numericallyAscending(_ left: String, _ right: String) -> Bool {
        let a = Array(left.utf8)
        let b = Array(right.utf8)
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            if isDigit(a[i]), isDigit(b[j]) {
                let first = digits(of: a, at: &i)
                let second = digits(of: b, at: &j)
                if first.count != second.count { return first.count < second.count }
                if first != second { return first.lexicographicallyPrecedes(second) }
            } else {
                if a[i] != b[j] { return a[i] < b[j] }
                i += 1
                j += 1
            }
        }
        if a.count - i != b.count - j { return a.count - i < b.count - j }
        return a.lexicographicallyPrecedes(b)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    /// The run of digits at `index` without leading zeros; moves `index` behind it.
    private static func digits(of bytes: [UInt8], at index: inout Int) -> [UInt8] {
        let start = index
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        return Array(bytes[start..<index].drop { $0 == 48 })
    }
}
