import Glibc

/// Why a track log could not be read, and where.
public struct TrackLogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// There is no such file.
        case noInput
        /// The system does not allow it.
        case denied
        /// The device failed.
        case readFailed
        /// A line is not what the schema says.
        case corrupt
        /// The log has a version of the schema that this program does not know.
        case unsupported
        /// A line is longer than any frame can be.
        case tooLarge
    }

    /// What went wrong.
    public let kind: Kind
    /// The log's path as the user gave it.
    public let path: String
    /// The line, from 1; `nil` when the trouble is the file's.
    public let line: Int?
    /// What exactly is wrong.
    public let detail: String

    /// A track log error.
    public init(kind: Kind, path: String, line: Int? = nil, detail: String) {
        self.kind = kind
        self.path = path
        self.line = line
        self.detail = detail
    }

    package init(path: String, code: Int32) {
        let kind: Kind =
            switch code {
            case ENOENT, ENOTDIR, EISDIR: .noInput
            case EACCES, EPERM: .denied
            default: .readFailed
            }
        self.init(kind: kind, path: path, detail: String(cString: strerror(code)))
    }

    /// The exit code of a command that ends with this error.
    public var exitCode: Int32 {
        switch kind {
        case .corrupt, .unsupported, .tooLarge: 65
        case .noInput: 66
        case .readFailed: 74
        case .denied: 77
        }
    }

    /// The word for it in the closed vocabulary of reasons, the same as for media.
    public var reason: String {
        switch kind {
        case .noInput: "not_found"
        case .denied: "denied"
        case .readFailed: "io"
        case .corrupt: "corrupt"
        case .unsupported: "unsupported"
        case .tooLarge: "too_large"
        }
    }

    /// A sentence for people.
    public var description: String {
        let name = path == "-" ? "standard input" : path
        return line.map { "track log \(name), line \($0): \(detail)" } ?? "track log \(name): \(detail)"
    }
}
