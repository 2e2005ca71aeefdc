import Glibc

/// Why a result could not be written, and which output it was.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The file or folder could not be made.
        case cannotCreate
        /// The system does not allow it.
        case denied
        /// No room is left on the device, or the quota is used up.
        case diskFull
        /// The program at the other end of the pipe has gone.
        case closed
        /// The device failed.
        case writeFailed
        /// Two outputs, or an output and an input, are the same file.
        case conflict
    }

    /// What went wrong.
    public let kind: Kind
    /// The output's path as the user gave it.
    public let path: String
    /// The system's or our own words for it.
    public let detail: String

    /// An output error.
    public init(kind: Kind, path: String, detail: String) {
        self.kind = kind
        self.path = path
        self.detail = detail
    }

    /// The error for a failed system call; `creating` tells whether it was to make the file or to fill it.
    package init(path: String, code: Int32, creating: Bool) {
        let kind: Kind =
            switch code {
            case EACCES, EPERM, EROFS: .denied
            case ENOSPC, EDQUOT, EFBIG: .diskFull
            case EPIPE: .closed
            default: creating ? .cannotCreate : .writeFailed
            }
        self.init(kind: kind, path: path, detail: String(cString: strerror(code)))
    }

    /// The exit code of a command that ends with this error.
    public var exitCode: Int32 {
        switch kind {
        case .conflict: 64
        case .cannotCreate: 73
        case .diskFull, .closed, .writeFailed: 74
        case .denied: 77
        }
    }

    /// The word for it in the closed vocabulary of reasons, the same as for media.
    public var reason: String {
        switch kind {
        case .cannotCreate, .conflict: "cannot_create"
        case .denied: "denied"
        case .diskFull: "disk_full"
        case .closed: "reset"
        case .writeFailed: "io"
        }
    }

    /// A sentence for people.
    public var description: String {
        let name = path == "-" ? "standard output" : path
        return switch kind {
        case .cannotCreate: "cannot create \(name): \(detail)"
        case .denied: "not allowed to write \(name): \(detail)"
        case .diskFull: "no room left to write \(name): \(detail)"
        case .closed: "\(name) was closed by its reader: \(detail)"
        case .writeFailed: "cannot write \(name): \(detail)"
        case .conflict: "cannot write \(name): \(detail)"
        }
    }
}
