import CFFmpeg
import CIsolation
import Dispatch
import Glibc

/// A connection to a live source that another process reads and decodes: this one only copies pictures out of the memory
/// that both share. What a hostile stream can do to a decoder it does there, where no file can be written and no program
/// run; a decoder that crashes is a connection that is lost, and one that hangs is a source that has stalled.
///
/// Nothing that comes from there is trusted: numbers are checked, and pictures are copied before they are looked at.
final class IsolatedFeed: LiveFeed {
    private let input: LiveInput
    private let options: MediaOptions
    private let deadline: Deadline
    private let socket: MessageSocket
    private let frames: SharedFrames
    private let process: pid_t

    private(set) var formatName = "unknown"
    private(set) var codecName = "unknown"
    private(set) var frameRate: Rational?
    private(set) var sampleAspectRatio = Rational(1, 1)
    private(set) var isPaced = false
    private(set) var longestSilence = 0.0
    private(set) var isComplete = false
    private(set) var damagedPackets = 0
    private(set) var damagedReads = 0

    /// Starts `program` (`saccade`) for the input and waits until it is open. The caller arms the deadline.
    init(_ input: LiveInput, options: MediaOptions, deadline: Deadline, program: String) throws(MediaError) {
        self.input = input
        self.options = options
        self.deadline = deadline
        frames = try SharedFrames(maximumPixels: options.maximumPixels)
        let (own, other) = try MessageSocket.pair()
        socket = own
        // The name is for `ps`; what holds a password goes through the socket.
        let arguments = ["saccade", DecoderProcess.command, input.description]
        let pointers = arguments.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        process = sk_spawn(program, pointers + [nil], other.descriptor, frames.descriptor)
        guard process > 0 else {
            throw MediaError(errno: errno, "'\(LogCapture.readable(program))' cannot be run", fallback: .internalError)
        }
        other.close()
        guard socket.send(DecoderRequest(input, options: options).message) else { throw crash() }
        while formatName == "unknown" { try receive { _ in } }
    }

    deinit {
        let process = process
        guard process > 0 else { return }
        kill(process, SIGKILL)
        // One that waits for a device may take its time to go.
        DispatchQueue.global(qos: .utility).async { waitpid(process, nil, 0) }
    }

    func next(arrived: (Double) -> Void) throws(MediaError) -> LivePicture? {
        while !hasEnded {
            if let picture = try receive(arrived) { return picture }
        }
        return nil
    }

    private var hasEnded = false

    /// Takes one message. Returns the picture if it is one.
    @discardableResult
    private func receive(_ arrived: (Double) -> Void) throws(MediaError) -> LivePicture? {
        guard let message = try nextMessage() else { throw crash() }
        var numbers = NumberReader(message.numbers)
        switch message.kind {
        case .opened:
            let names = message.text.split(separator: "\n", omittingEmptySubsequences: false)
            guard names.count == 2, !names[0].isEmpty else { throw nonsense() }
            let rate = numbers.nextRational()
            frameRate = rate.isPositive && (0.001...1000).contains(rate.value) ? rate : nil
            let aspect = numbers.nextRational()
            if aspect.isPositive { sampleAspectRatio = aspect }
            isPaced = numbers.next() != 0
            longestSilence = min(max(Double(wire: numbers.next()) ?? 0, 0), 60)
            codecName = LogCapture.readable(String(names[1]))
            formatName = LogCapture.readable(String(names[0]))
        case .arrived:
            if let seconds = Double(wire: numbers.next()) { arrived(seconds) }
        case .picture: return try picture(numbers)
        case .ended:
            isComplete = numbers.next() != 0
            hasEnded = true
        case .failed: throw failure(message.text)
        case .request, .release: throw nonsense()
        }
        return nil
    }

    private func nextMessage() throws(MediaError) -> DecoderMessage? {
        while true {
            switch socket.receive(milliseconds: 20) {
            case .message(let message): return message
            case .closed: return nil
            case .nonsense: throw nonsense()
            case .nothing:
                if deadline.isCancelled { throw MediaError(.cancelled, "Reading \(input) was cancelled") }
                if deadline.isExpired { throw MediaError(.timeout, "\(input) gives no picture") }
            }
        }
    }

    private func picture(_ numbers: NumberReader) throws(MediaError) -> LivePicture? {
        var numbers = numbers
        let slot = Int(numbers.next32())
        let (format, width, height) = (numbers.next32(), numbers.next32(), numbers.next32())
        try VideoDecoder.check(width: width, height: height, against: options)
        guard let buffer = frames.read(slot, format: format, width: width, height: height) else { throw nonsense() }
        let frame = buffer.av
        let aspect = numbers.nextRational()
        frame.pointee.sample_aspect_ratio = aspect.isPositive ? aspect.av : AVRational(num: 0, den: 1)
        // What nobody knows stands for "unspecified" there too.
        frame.pointee.color_range = AVColorRange(numbers.small(below: AVCOL_RANGE_NB.rawValue))
        frame.pointee.colorspace = AVColorSpace(numbers.small(below: AVCOL_SPC_NB.rawValue))
        frame.pointee.color_primaries = AVColorPrimaries(numbers.small(below: AVCOL_PRI_NB.rawValue))
        frame.pointee.color_trc = AVColorTransferCharacteristic(numbers.small(below: AVCOL_TRC_NB.rawValue))
        frame.pointee.chroma_location = AVChromaLocation(numbers.small(below: AVCHROMA_LOC_NB.rawValue))
        frame.pointee.interlaced_frame = numbers.next() != 0 ? 1 : 0
        if numbers.next() != 0 { frame.pointee.flags |= AV_FRAME_FLAG_CORRUPT }
        let turn = numbers.next()
        let orientation = Orientation(
            transposes: turn & 1 != 0, flipsHorizontally: turn & 2 != 0, flipsVertically: turn & 4 != 0)
        damagedPackets = Int(clamping: max(0, numbers.next()))
        damagedReads = Int(clamping: max(0, numbers.next()))
        let isTimed = numbers.next() != 0
        let seconds = Double(wire: numbers.next())
        _ = socket.send(DecoderMessage(.release))
        return LivePicture(buffer: buffer, orientation: orientation, seconds: isTimed ? seconds : nil)
    }

    /// What the other process says of the source.
    private func failure(_ text: String) -> MediaError {
        let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 3, let reason = MediaError.Reason(rawValue: lines[0]) else { return nonsense() }
        let detail = LogCapture.readable(LogCapture.redacted(lines[2]))
        return MediaError(
            reason, LogCapture.readable(LogCapture.redacted(lines[1])), detail: detail.isEmpty ? nil : detail)
    }

    private func nonsense() -> MediaError {
        MediaError(.corrupt, "The decoder of \(input) says what makes no sense")
    }

    /// Why the other process went away.
    private func crash() -> MediaError {
        var information = siginfo_t()
        // Its descriptors are closed a little before it can be asked for; it is still to be waited for at the end.
        for _ in 0..<20 where information.si_signo == 0 {
            guard waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0 else { break }
            if information.si_signo == 0 { usleep(5000) }
        }
        let status = information._sifields._sigchld.si_status
        let cause =
            switch Int(information.si_code) {
            case Int(CLD_EXITED): "ended with \(status)"
            case Int(CLD_KILLED), Int(CLD_DUMPED): "was ended by signal \(status)"
            default: "went away"
            }
        return MediaError(.lost, "The decoder of \(input) \(cause)")
    }
}

extension NumberReader {
    /// A number from 0 to a limit; 2 (unspecified, where it means that) for any other.
    fileprivate mutating func small(below limit: UInt32) -> UInt32 {
        let value = next()
        return (0..<Int64(limit)).contains(value) ? UInt32(value) : 2
    }
}
