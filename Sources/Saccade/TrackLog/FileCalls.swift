import Glibc

/// The system calls that write files, replaceable so that a test can fail the Nth of them for every N.
///
/// Each returns a value of at least 0, or the negated `errno`. `write` may take fewer bytes than it is given.
package struct FileCalls: Sendable {
    package var open: @Sendable (_ path: String, _ flags: Int32) -> Int32
    package var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
    package var synchronize: @Sendable (_ descriptor: Int32) -> Int32
    package var close: @Sendable (_ descriptor: Int32) -> Int32
    package var rename: @Sendable (_ from: String, _ to: String) -> Int32
    package var remove: @Sendable (_ path: String) -> Int32
    package var makeFolder: @Sendable (_ path: String) -> Int32

    package init(
        open: @escaping @Sendable (String, Int32) -> Int32,
        write: @escaping @Sendable (Int32, UnsafeRawBufferPointer) -> Int,
        synchronize: @escaping @Sendable (Int32) -> Int32,
        close: @escaping @Sendable (Int32) -> Int32,
        rename: @escaping @Sendable (String, String) -> Int32,
        remove: @escaping @Sendable (String) -> Int32,
        makeFolder: @escaping @Sendable (String) -> Int32
    ) {
        self.open = open
        self.write = write
        self.synchronize = synchronize
        self.close = close
        self.rename = rename
        self.remove = remove
        self.makeFolder = makeFolder
    }

    /// The calls of the operating system.
    package static let system = FileCalls(
        open: { path, flags in
            let descriptor = Glibc.open(path, flags, 0o666)
            return descriptor >= 0 ? descriptor : -errno
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
}
