import CFFmpeg
import Glibc

/// The file, FIFO or standard output that a muxer writes to.
///
/// The first failure of a write or seek stays in `failure`: libav* can lose it on the way to its caller, so whoever
/// writes asks for it after every call. Bytes go to the kernel as soon as libav* flushes.
final class ByteSink {
    private static let bufferSize: Int32 = 1 << 17

    let path: String
    /// Whether this is a regular file, which can be written anew and renamed.
    let isRegularFile: Bool
    private(set) var failure: MediaError?
    private(set) var byteCount: Int64 = 0
    private(set) var context: UnsafeMutablePointer<AVIOContext>?

    private var descriptor: Int32
    private let deadline: Deadline

    /// Creates `path`, or takes standard output for "-". An existing file is replaced only if `overwrites`.
    init(path: String, overwrites: Bool, deadline: Deadline) throws(MediaError) {
        self.path = path
        self.deadline = deadline
        let shown = path == "-" ? "standard output" : "'\(LogCapture.readable(path))'"
        if path == "-" {
            descriptor = dup(STDOUT_FILENO)
        } else {
            var existing = stat()
            let isSpecial = stat(path, &existing) == 0 && existing.st_mode & S_IFMT != S_IFREG
            let flags = isSpecial ? O_WRONLY : O_RDWR | O_CREAT | (overwrites ? O_TRUNC : O_EXCL)
            descriptor = open(path, flags | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else {
            let code = errno
            if code == EEXIST {
                throw MediaError(.cannotCreate, "\(shown) exists already: choose another name or allow overwriting")
            }
            let denied = code == EACCES || code == EPERM
            throw MediaError(
                denied ? .denied : code == ENOSPC ? .diskFull : .cannotCreate,
                "Cannot create \(shown): \(String(cString: strerror(code)))")
        }
        var status = stat()
        isRegularFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && path != "-"
        guard let buffer = av_malloc(Int(ByteSink.bufferSize)) else {
            throw MediaError(.internalError, "Out of memory")
        }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), ByteSink.bufferSize, 1,
            Unmanaged.passUnretained(self).toOpaque(), nil,
            { opaque, bytes, count in
                guard let opaque, let bytes else { return -EINVAL }
                return Unmanaged<ByteSink>.fromOpaque(opaque).takeUnretainedValue().write(bytes, count: count)
            },
            isRegularFile
                ? { opaque, offset, whence in
                    guard let opaque else { return Int64(-EINVAL) }
                    return Unmanaged<ByteSink>.fromOpaque(opaque).takeUnretainedValue().seek(to: offset, whence)
                } : nil)
        guard context != nil else {
            av_free(buffer)
            throw MediaError(.internalError, "Out of memory")
        }
    }

    deinit {
        if let context {
            av_free(context.pointee.buffer)
            var freed: UnsafeMutablePointer<AVIOContext>? = context
            avio_context_free(&freed)
        }
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    private func write(_ bytes: UnsafeMutablePointer<UInt8>, count: Int32) -> Int32 {
        if let failure { return failure.reason == .diskFull ? -ENOSPC : -EIO }
        var written = 0
        while written < Int(count) {
            if !isRegularFile {
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if deadline.isCancelled { return fail(ECANCELED) }
                if poll(&request, 1, 50) == 0 { continue }
            }
            let result = Glibc.write(descriptor, bytes + written, Int(count) - written)
            if result >= 0 {
                written += result
            } else if errno != EINTR && errno != EAGAIN {
                return fail(errno)
            }
        }
        byteCount += Int64(count)
        return count
    }

    private func fail(_ code: Int32) -> Int32 {
        let shown = path == "-" ? "standard output" : "'\(LogCapture.readable(path))'"
        if failure == nil {
            let reason: MediaError.Reason =
                switch code {
                case ENOSPC, EDQUOT, EFBIG: .diskFull
                case EPIPE: .reset
                case ECANCELED: .cancelled
                default: .io
                }
            failure =
                MediaError(
                    reason,
                    code == EPIPE
                        ? "\(shown.prefix(1).uppercased())\(shown.dropFirst()) was closed by its reader"
                        : "Writing \(shown) failed: \(String(cString: strerror(code)))"
                ).ofOutput
        }
        return -code
    }

    private func seek(to offset: Int64, _ whence: Int32) -> Int64 {
        if whence & sk_avseek_size != 0 {
            var status = stat()
            return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : Int64(-errno)
        }
        let position = lseek(descriptor, Int(offset), whence & ~sk_avseek_force)
        return position < 0 ? Int64(-errno) : Int64(position)
    }

    /// Hands everything to the kernel (to the disk if `synchronizes`) and closes. Throws what went wrong until now.
    func close(synchronizes: Bool) throws(MediaError) {
        if let context {
            avio_flush(context)
            if failure == nil, context.pointee.error < 0 {
                failure = MediaError(
                    code: context.pointee.error, "Writing '\(LogCapture.readable(path))' failed", fallback: .io)
            }
        }
        if failure == nil, synchronizes, isRegularFile, fsync(descriptor) != 0 { _ = fail(errno) }
        if Glibc.close(descriptor) != 0, failure == nil { _ = fail(errno) }
        descriptor = -1
        if let failure { throw failure }
    }
}
