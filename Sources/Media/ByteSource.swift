import CFFmpeg
import Glibc

/// The bytes of one file, FIFO or standard input, as libav* reads them.
///
/// Nothing else is ever opened for a demuxer, so no protocol of libav* (concat, subfile, http…) can be reached from a
/// path or from the content of a file. Reads of FIFOs and pipes wait with poll(2): at most `stallTimeout` seconds for
/// each piece, and not after the deadline was cancelled. A failure is kept in `failure`, because demuxers tend to
/// report a failed read as the end of the file.
final class ByteSource {
    private static let bufferSize: Int32 = 1 << 16
    private static let pollInterval: Int32 = 50

    let isSeekable: Bool
    let identity: FileIdentity
    /// Bytes of a regular file, else `nil`.
    let size: Int64?
    private(set) var failure: MediaError?
    private(set) var context: UnsafeMutablePointer<AVIOContext>?

    private let descriptor: Int32
    private let deadline: Deadline
    private let stallTimeout: Double
    private let name: String

    /// Opens `path`, or duplicates standard input for "-".
    init(path: String, deadline: Deadline, stallTimeout: Double) throws(MediaError) {
        self.deadline = deadline
        self.stallTimeout = stallTimeout
        name = path == "-" ? "standard input" : "'\(LogCapture.readable(path))'"
        // O_NONBLOCK: opening a FIFO does not wait for its writer.
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw MediaError(errno: errno, "Cannot open \(name)", fallback: .io) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            close(descriptor)
            throw MediaError(errno: errno, "Cannot open \(name)", fallback: .io)
        }
        identity = FileIdentity(status)
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        isSeekable = isRegular
        size = isRegular ? Int64(status.st_size) : nil
        let opaque = Unmanaged.passUnretained(self).toOpaque()
        guard let buffer = av_malloc(Int(ByteSource.bufferSize)) else {
            throw MediaError(.internalError, "Out of memory")
        }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), ByteSource.bufferSize, 0, opaque,
            { opaque, buffer, count in
                guard let opaque, let buffer else { return -EINVAL }
                return Unmanaged<ByteSource>.fromOpaque(opaque).takeUnretainedValue().read(into: buffer, count: count)
            }, nil,
            isRegular
                ? { opaque, offset, whence in
                    guard let opaque else { return Int64(-EINVAL) }
                    return Unmanaged<ByteSource>.fromOpaque(opaque).takeUnretainedValue().seek(to: offset, whence)
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
        close(descriptor)
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>, count: Int32) -> Int32 {
        if deadline.isCancelled { return fail(MediaError(.cancelled, "Reading \(name) was cancelled")) }
        if !isSeekable {
            let code = waitForBytes()
            guard code == 0 else { return code }
        }
        while true {
            let received = Glibc.read(descriptor, buffer, Int(count))
            if received > 0 { return Int32(received) }
            if received == 0 { return sk_averror_eof }
            if errno == EAGAIN {
                let code = waitForBytes()
                guard code == 0 else { return code }
            } else if errno != EINTR {
                let code = errno
                _ = fail(MediaError(errno: code, "Cannot read \(name)", fallback: .io))
                return -code
            }
        }
    }

    /// Waits until there is something to read (or the end); 0 or an error code.
    private func waitForBytes() -> Int32 {
        let limit = stallTimeout > 0 && stallTimeout < 1e9 ? Deadline.now &+ UInt64(stallTimeout * 1e9) : .max
        while true {
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&request, 1, ByteSource.pollInterval)
            if ready > 0 { return 0 }
            if ready < 0, errno != EINTR {
                return fail(MediaError(errno: errno, "Cannot read \(name)", fallback: .io))
            }
            if deadline.isCancelled { return fail(MediaError(.cancelled, "Reading \(name) was cancelled")) }
            if Deadline.now >= limit || deadline.isExpired {
                return fail(
                    MediaError(
                        .timeout, "No data from \(name) for \(stallTimeout) s: the writer has stopped or never started")
                )
            }
        }
    }

    private func fail(_ error: MediaError) -> Int32 {
        if failure == nil { failure = error }
        return error.reason == .timeout ? -ETIMEDOUT : error.reason == .cancelled ? sk_averror_exit : -EIO
    }

    private func seek(to offset: Int64, _ whence: Int32) -> Int64 {
        if whence & sk_avseek_size != 0 { return size ?? Int64(-ENOSYS) }
        let position = lseek(descriptor, Int(offset), whence & ~sk_avseek_force)
        return position < 0 ? Int64(-errno) : Int64(position)
    }
}
