import Glibc

/// Why a data set cannot be used: which file, where in it, and what is wrong.
package struct DataSetError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// There is no such file or folder.
        case missing
        /// The system does not allow it.
        case denied
        /// A system call failed.
        case readFailed
        /// A file does not hold what it should.
        case corrupt
        /// The files are whole, but there is nothing to learn from them: no samples, one class only.
        case unusable
    }

    package let kind: Kind
    /// The file or folder as it was found.
    package let file: String
    /// The place in it: a line, a sample. Nil when the trouble is the whole file's.
    package let place: String?
    package let reason: String

    package init(_ kind: Kind, file: String, place: String? = nil, reason: String) {
        self.kind = kind
        self.file = file
        self.place = place
        self.reason = reason
    }

    /// The error of a system call that was to read.
    init(file: String, code: Int32) {
        let kind: Kind =
            switch code {
            case ENOENT, ENOTDIR: .missing
            case EACCES, EPERM: .denied
            default: .readFailed
            }
        self.init(kind, file: file, reason: "it cannot be read: \(String(cString: strerror(code)))")
    }

    package var description: String { place.map { "\(file), \($0): \(reason)" } ?? "\(file): \(reason)" }
}
