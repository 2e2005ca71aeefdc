import Glibc

/// Why a checkpoint or a log could not be read or written: which file, where in it, and what is wrong.
package struct TrainingFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// There is no such file.
        case missing
        /// The system does not allow it.
        case denied
        /// A system call failed while reading.
        case readFailed
        /// A system call failed while writing; the disk may be full.
        case writeFailed
        /// It does not hold what it should, or not what was written.
        case corrupt
        /// It is of a kind that is not read, or larger than is allowed.
        case unsupported
        /// It is whole, but does not belong to this model, optimizer or run.
        case mismatch
    }

    package let kind: Kind
    /// The file as the caller named it.
    package let file: String
    /// The place in it: a tensor's name, a byte of the header, a line. Nil when the trouble is the whole file's.
    package let entry: String?
    package let reason: String
    /// The `errno` of a failed system call.
    package let code: Int32?

    package init(kind: Kind, file: String, entry: String? = nil, reason: String, code: Int32? = nil) {
        self.kind = kind
        self.file = file
        self.entry = entry
        self.reason = reason
        self.code = code
    }

    /// The error of a system call.
    init(file: String, code: Int32, writing: Bool) {
        let kind: Kind =
            switch code {
            case ENOENT, ENOTDIR: .missing
            case EACCES, EPERM, EROFS: .denied
            default: writing ? .writeFailed : .readFailed
            }
        let words = String(cString: strerror(code))
        self.init(
            kind: kind, file: file, reason: "it cannot be \(writing ? "written" : "read"): \(words)", code: code)
    }

    package var description: String { entry.map { "\(file): \($0): \(reason)" } ?? "\(file): \(reason)" }
}
