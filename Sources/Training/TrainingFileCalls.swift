import Glibc

/// The system calls that read and write checkpoints and logs, replaceable so that a test can fail the Nth of them for every N.
///
/// Each returns a value of at least 0, or the negated `errno`. `read` and `write` may take fewer bytes than they are
/// asked for.
package struct TrainingFileCalls: Sendable {
    package var open: @Sendable (_ path: String, _ flags: Int32) -> Int32
    /// The size of a regular file; `-EINVAL` for anything else.
    package var size: @Sendable (_ descriptor: Int32) -> Int
    package var read: @Sendable (_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int
    package var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
    package var synchronize: @Sendable (_ descriptor: Int32) -> Int32
    package var close: @Sendable (_ descriptor: Int32) -> Int32
    package var rename: @Sendable (_ from: String, _ to: String) -> Int32
    package var remove: @Sendable (_ path: String) -> Int32
    package var makeFolder: @Sendable (_ path: String) -> Int32

    package init(
        open: @escaping @Sendable (String, Int32) -> Int32,
        size: @escaping @Sendable (Int32) -> Int,
        read: @escaping @Sendable (Int32, UnsafeMutableRawBufferPointer) -> Int,
        write: @escaping @Sendable (Int32, UnsafeRawBufferPointer) -> Int,
        synchronize: @escaping @Sendable (Int32) -> Int32,
        close: @escaping @Sendable (Int32) -> Int32,
        rename: @escaping @Sendable (String, String) -> Int32,
        remove: @escaping @Sendable (String) -> Int32,
        makeFolder: @escaping @Sendable (String) -> Int32
    ) {
        self.open = open
        self.size = size
        self.read = read
        self.write = write
        self.synchronize = synchronize
        self.close = close
        self.rename = rename
        self.remove = remove
        self.makeFolder = makeFolder
    }

    /// The calls of the operating system.
    package static let system = TrainingFileCalls(
        open: { path, flags in
            let descriptor = Glibc.open(path, flags, 0o666)
            return descriptor >= 0 ? descriptor : -errno
        },
        size: { descriptor in
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return -Int(errno) }
            return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : -Int(EINVAL)
        },
        read: { descriptor, bytes in
            let count = Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            return count >= 0 ? count : -Int(errno)
        },
        write: { descriptor, bytes in
            let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            return count >= 0 ? count : -Int(errno)
        },
        synchronize: { fsync($0) == 0 ? 0 : -errno },
        close: { Glibc.close($0) == 0 ? 0 : -errno },
        rename: { Glibc.rename($0, $1) == 0 ? 0 : -errno },
        remove: { unlink($0) == 0 ? 0 : -errno },
        makeFolder: { mkdir($0, 0o777) == 0 ? 0 : -errno })

    /// Fills `bytes` from the file.
    func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, file: String) throws(TrainingFileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = read(descriptor, UnsafeMutableRawBufferPointer(rebasing: rest.prefix(1 << 30)))
            if count == -Int(EINTR) { continue }
            guard count >= 0 else { throw TrainingFileError(file: file, code: Int32(-count), writing: false) }
            guard count > 0 else {
                throw TrainingFileError(kind: .corrupt, file: file, reason: "it has become shorter")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all of `bytes`.
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, file: String) throws(TrainingFileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30)))
            if count == -Int(EINTR) { continue }
            guard count != 0 else { throw TrainingFileError(file: file, code: EIO, writing: true) }
            guard count > 0 else { throw TrainingFileError(file: file, code: Int32(-count), writing: true) }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits until the entries of a folder are on the device.
    func synchronizeFolder(_ path: String) throws(TrainingFileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TrainingFileError(file: path, code: -descriptor, writing: true) }
        let code = -synchronize(descriptor)
        _ = close(descriptor)
        // A file system that cannot synchronize a folder says EINVAL; it has done all it can.
        guard code == 0 || code == EINVAL else { throw TrainingFileError(file: path, code: code, writing: true) }
    }
}
