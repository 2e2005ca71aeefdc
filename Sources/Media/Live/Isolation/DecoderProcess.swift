import CFFmpeg
import CIsolation
import Dispatch
import Glibc

/// The process that decodes one connection of a live source for another (`IsolatedFeed`), which started it.
///
///     descriptor 3   the socket: a request comes, then pictures, packets' times and the end go
///     descriptor 4   the memory for the pictures
///
/// Before it reads a byte of the source it gives up the right to write, make or run files. It ends with the source, with
/// the first fault, and when the other process goes away; when it hangs, that ends it.
package enum DecoderProcess {
    /// The program's argument that asks for it.
    package static let command = "decode-for"

    /// Never returns an error: what there is to say goes through the socket. The result is the exit code.
    package static func run() -> Int32 {
        let socket = MessageSocket(descriptor: 3)
        guard case .message(let message) = socket.receive(milliseconds: 10_000), let request = DecoderRequest(message)
        else { return 64 }
        do throws(MediaError) {
            try serve(request, socket)
            return 0
        } catch {
            let text = "\(error.reason.rawValue)\n\(error.message)\n\(error.detail ?? "")"
            return socket.send(DecoderMessage(.failed, text: text)) ? 0 : 1
        }
    }

    private static func serve(_ request: DecoderRequest, _ socket: MessageSocket) throws(MediaError) {
        let frames = try SharedFrames(descriptor: 4, maximumPixels: request.options.maximumPixels)
        // Libraries first: they are files that are run.
        try FFmpegLibraries.load()
        if case .stream = request.input {} else { try FFmpegLibraries.loadDevices() }
        guard sk_confine() == 0 else {
            throw MediaError(errno: errno, "The decoder cannot be confined", fallback: .internalError)
        }
        let link = Link(socket)
        let feed = try LiveConnection(request.input, options: request.options, deadline: Deadline())
        link.send(
            DecoderMessage(
                .opened,
                numbers(feed.frameRate ?? Rational(0, 1)) + numbers(feed.sampleAspectRatio)
                    + [feed.isPaced ? 1 : 0, feed.longestSilence.wire],
                text: "\(feed.formatName)\n\(feed.codecName)"))
        var slot = 0
        while let picture = try feed.next(arrived: { link.send(DecoderMessage(.arrived, [$0.wire])) }) {
            link.awaitSlot()
            let frame = picture.buffer.av
            try frames.write(frame, to: slot)
            link.send(message(picture, in: slot, of: feed))
            slot = (slot + 1) % SharedFrames.slots
        }
        link.send(DecoderMessage(.ended, [feed.isComplete ? 1 : 0]))
        // Not gone before the last picture was copied.
        link.awaitEnd()
    }

    private static func message(_ picture: LivePicture, in slot: Int, of feed: LiveConnection) -> DecoderMessage {
        let frame = picture.buffer.av.pointee
        let turn = picture.orientation
        let isCorrupt = frame.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.decode_error_flags != 0
        var numbers = [slot, Int(frame.format), Int(frame.width), Int(frame.height)].map(Int64.init)
        numbers += self.numbers(Rational(frame.sample_aspect_ratio))
        numbers += [
            frame.color_range.rawValue, frame.colorspace.rawValue, frame.color_primaries.rawValue,
            frame.color_trc.rawValue, frame.chroma_location.rawValue,
        ].map(Int64.init)
        numbers += [Int64(frame.interlaced_frame), isCorrupt ? 1 : 0]
        numbers.append((turn.transposes ? 1 : 0) | (turn.flipsHorizontally ? 2 : 0) | (turn.flipsVertically ? 4 : 0))
        numbers += [Int64(feed.damagedPackets), Int64(feed.damagedReads)]
        numbers += [picture.seconds == nil ? 0 : 1, (picture.seconds ?? 0).wire]
        return DecoderMessage(.picture, numbers)
    }

    private static func numbers(_ rational: Rational) -> [Int64] {
        [Int64(rational.numerator), Int64(rational.denominator)]
    }

    /// The way to the other process. A thread of its own listens, so that this process ends with that one whatever it is
    /// doing.
    private final class Link {
        private let socket: MessageSocket
        private let free = DispatchSemaphore(value: SharedFrames.slots)

        init(_ socket: MessageSocket) {
            self.socket = socket
            let (descriptor, free) = (socket.descriptor, self.free)
            DispatchQueue(label: "saccade.release").async {
                let socket = MessageSocket(descriptor: descriptor)
                while true {
                    switch socket.receive(milliseconds: 1000) {
                    case .message: free.signal()
                    case .nothing: continue
                    case .closed, .nonsense: _exit(0)
                    }
                }
            }
        }

        func send(_ message: DecoderMessage) { if !socket.send(message) { _exit(0) } }

        func awaitSlot() { free.wait() }

        func awaitEnd() -> Never {
            while true { pause() }
        }
    }
}
