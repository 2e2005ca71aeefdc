import Glibc

/// Why a file of an evaluation could not be taken: which file, where in it, and what is wrong.
package struct EvaluationFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    package enum Kind: Hashable, Sendable {
        /// There is no such file.
        case missing
        /// The system does not allow it to be read.
        case denied
        /// Reading it failed.
        case readFailed
        /// It does not hold what it should.
        case corrupt
    }

    /// What went wrong.
    package let kind: Kind
    /// The file as the user named it.
    package let file: String
    /// The place in it, such as `annotations[17].bbox` or `line 12`; `nil` when the trouble is the whole file's.
    package let entry: String?
    /// What is wrong there.
    package let reason: String

    /// An error about a file, or about a place in it.
    package init(kind: Kind, file: String, entry: String?, reason: String) {
        self.kind = kind
        self.file = file
        self.entry = entry
        self.reason = reason
    }

    /// The error of a system call.
    init(file: String, code: Int32) {
        switch code {
        case ENOENT, ENOTDIR: self.init(kind: .missing, file: file, entry: nil, reason: "there is no such file")
        case EISDIR: self.init(kind: .missing, file: file, entry: nil, reason: "a folder, not a file")
        case EACCES, EPERM: self.init(kind: .denied, file: file, entry: nil, reason: "not allowed to read it")
        default:
            let words = String(cString: strerror(code))
            self.init(kind: .readFailed, file: file, entry: nil, reason: "it cannot be read: \(words)")
        }
    }

    /// A sentence for people.
    package var description: String {
        entry.map { "\(file): \($0): \(reason)" } ?? "\(file): \(reason)"
    }
}
