import Glibc

/// One end of a pair of sockets that carries messages whole and in order.
final class MessageSocket {
    enum Received {
        case message(DecoderMessage)
        /// Within the time.
        case nothing
        /// The other end is gone.
        case closed
        /// It sent what is no message.
        case nonsense
    }

    private(set) var descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: DecoderMessage.mostBytes)

    init(descriptor: Int32) { self.descriptor = descriptor }

    static func pair() throws(MediaError) -> (MessageSocket, MessageSocket) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(UInt32(SOCK_SEQPACKET.rawValue) | UInt32(SOCK_CLOEXEC.rawValue))
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw MediaError(errno: errno, "No socket for the decoder", fallback: .internalError)
        }
        return (MessageSocket(descriptor: ends[0]), MessageSocket(descriptor: ends[1]))
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Waits until the other end has room. `false` when it is gone.
    func send(_ message: DecoderMessage) -> Bool {
        let bytes = message.bytes
        while true {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return true }
            guard errno == EINTR else { return false }
        }
    }

    func receive(milliseconds: Int32) -> Received {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&waiting, 1, milliseconds)
        guard ready > 0 else { return .nothing }
        let count = buffer.withUnsafeMutableBytes {
            Glibc.recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
        }
        if count < 0 { return errno == EAGAIN || errno == EINTR ? .nothing : .closed }
        guard count > 0 else { return .closed }
        let message = buffer.withUnsafeBytes { DecoderMessage(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        return message.map { .message($0) } ?? .nonsense
    }
}
