import Glibc
import Synchronization

/// A file that is being written: aside, under its name and `.part`, and renamed by `finish`.
///
/// - An earlier file of that name stays whole until the new one is complete. A run that is killed leaves the `.part`
///   file, in which at most the last line is torn, because each line or group of lines is one `write(2)`.
/// - A file that is given up before anything was written to it leaves no trace.
/// - `-` is standard output. It, FIFOs and devices are written in place.
/// - After a failed write every further write and `finish` throw the same error, so that nothing is written behind a
///   torn line and no incomplete file takes the name of a complete one.
package struct OutputFile: ~Copyable {
    /// What stands behind the name of a file that is still being written.
    package static let asideSuffix = ".part"

    /// The path as the user gave it.
    package let path: String
    /// The name that the finished file gets; `nil` when it is written in place.
    private let target: String?
    private let suffix: String
    private let isDurable: Bool
    private let calls: FileCalls
    private var descriptor: Int32
    private var failure: OutputError?
    private var isEmpty = true

    /// Creates the file, so that a wrong path is known before the work begins. `isDurable` makes `finish` wait for the
    /// device, so that a power cut cannot leave the name without its content. `suffix` stands behind the name until
    /// then: one of its own keeps apart processes that may write the same file.
    package init(
        path: String, isDurable: Bool = true, suffix: String = OutputFile.asideSuffix, calls: FileCalls = .system
    ) throws(OutputError) {
        let place = try Self.place(of: path, suffix: suffix)
        let opened = place.flags.map { calls.open(place.name, $0) } ?? STDOUT_FILENO
        if opened < 0 { throw OutputError(path: path, code: -opened, creating: true) }
        self.path = path
        self.isDurable = isDurable
        self.suffix = suffix
        self.calls = calls
        target = place.target
        descriptor = opened
    }

    /// The name to open and with which flags (none for standard output), and the name that the finished file gets.
    private static func place(
        of path: String, suffix: String
    ) throws(OutputError) -> (name: String, flags: Int32?, target: String?) {
        if path == "-" { return (path, nil, nil) }
        var status = stat()
        let exists = stat(path, &status) == 0
        switch status.st_mode & S_IFMT {
        case S_IFDIR where exists: throw OutputError(path: path, code: EISDIR, creating: true)
        case S_IFREG where exists:
            let target = resolvedPath(path) ?? path
            return (target + suffix, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, target)
        case _ where exists: return (path, O_WRONLY | O_CLOEXEC, nil)
        default: return (path + suffix, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, path)
        }
    }

    deinit {
        guard descriptor >= 0, descriptor != STDOUT_FILENO else { return }
        _ = calls.close(descriptor)
        if isEmpty, let target { _ = calls.remove(target + suffix) }
    }

    /// The name under which it is being written; `nil` when it is written in place.
    package var asidePath: String? { target.map { $0 + suffix } }

    /// Whether `finish` has ended the file.
    package var isFinished: Bool { descriptor < 0 }

    /// Several runs may write to standard output: a line of one does not stand inside a line of another.
    private static let standardOutput = Mutex<Void>(())

    /// Writes all the bytes, in one `write(2)` as far as the system takes them.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(OutputError) {
        guard descriptor == STDOUT_FILENO else { return try writeAlone(bytes) }
        let result = Self.standardOutput.withLock { _ in Result { () throws(OutputError) in try writeAlone(bytes) } }
        try result.get()
    }

    private mutating func writeAlone(_ bytes: UnsafeRawBufferPointer) throws(OutputError) {
        if let failure { throw failure }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = calls.write(descriptor, UnsafeRawBufferPointer(rebasing: rest))
            if count > 0 {
                isEmpty = false
                rest = rest.dropFirst(count)
            } else if count == 0 {
                throw fail(EIO)
            } else if count == -Int(EAGAIN) {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, 1000)
            } else if count != -Int(EINTR) {
                throw fail(Int32(truncatingIfNeeded: -count))
            }
        }
    }

    /// Ends the file: it is complete, and takes its name. Calling it again does nothing.
    package mutating func finish() throws(OutputError) {
        if let failure { throw failure }
        guard descriptor >= 0 else { return }
        if descriptor == STDOUT_FILENO {
            descriptor = -1
            return
        }
        if isDurable, target != nil {
            let code = -calls.synchronize(descriptor)
            // A file system that cannot synchronize says EINVAL; it has done all it can.
            if code != 0 && code != EINVAL { throw fail(code) }
        }
        let code = -calls.close(descriptor)
        descriptor = -1
        if code != 0 && code != EINTR { throw fail(code) }
        if let target {
            let code = -calls.rename(target + suffix, target)
            if code != 0 { throw fail(code) }
        }
    }

    /// Gives the file up: nothing of it stays behind, and what had its name keeps it.
    package mutating func discard() {
        if descriptor >= 0, descriptor != STDOUT_FILENO { _ = calls.close(descriptor) }
        descriptor = -1
        if let target { _ = calls.remove(target + suffix) }
    }

    private mutating func fail(_ code: Int32) -> OutputError {
        let error = OutputError(path: path, code: code, creating: false)
        failure = error
        return error
    }
}

/// The absolute path without symbolic links; `nil` when there is no such file.
func resolvedPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}
