import Foundation
import Glibc
import Imaging
import Media
import Synchronization
import Testing

/// A server on the loopback that does with each connection what it is told, in the order of the connections; the last
/// instruction holds for all that follow.
final class FaultServer: @unchecked Sendable {
    // Sendable: everything is set in the initializer and only read afterwards, but for the atomic flag.
    enum Instruction {
        /// Sends the bytes, and keeps the connection open in silence.
        case sendAndStall([UInt8])
        case sendAndClose([UInt8])
        /// Says nothing at all.
        case mute
    }

    let port: UInt16
    private let listener: Int32
    private let instructions: [Instruction]
    private let isClosed = Atomic<Bool>(false)

    init(_ instructions: [Instruction]) throws {
        self.instructions = instructions
        (listener, port) = try listenOnLoopback()
        Thread.detachNewThread { [self] in serve() }
    }

    func close() {
        isClosed.store(true, ordering: .relaxed)
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func serve() {
        var open: [Int32] = []
        var served = 0
        while !isClosed.load(ordering: .relaxed) {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            switch instructions[min(served, instructions.count - 1)] {
            case .sendAndStall(let bytes):
                send(bytes, to: connection)
                open.append(connection)
            case .sendAndClose(let bytes):
                send(bytes, to: connection)
                shutdown(connection, Int32(SHUT_WR))
                open.append(connection)
            case .mute: open.append(connection)
            }
            served += 1
        }
        for connection in open { Glibc.close(connection) }
        Glibc.close(listener)
    }

    private func send(_ bytes: [UInt8], to connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Collects what a source tells.
final class EventLog: Sendable {
    private let events = Mutex<[LiveEvent]>([])

    func append(_ event: LiveEvent) { events.withLock { $0.append(event) } }
    var all: [LiveEvent] { events.withLock { $0 } }
    var states: [String] {
        all.map { event in
            if case .backoff = event.state { return "backoff \(event.error?.reason.rawValue ?? "")" }
            return "\(event.state)"
        }
    }
    var text: String { all.map { "\($0) \($0.error?.description ?? "") \($0.content ?? "")" }.joined(separator: "\n") }
}

/// Options with short waits.
private func options(_ log: EventLog) -> MediaOptions {
    var options = MediaOptions()
    options.live.policy.stall = 0.4
    options.live.policy.opening = 3
    options.live.policy.firstWaits = [0.02]
    options.live.onEvent = log.append
    return options
}

@Suite struct TestSourceTests {
    @Test func aTestSourceComesInItsTime() throws {
        let log = EventLog()
        var options = options(log)
        options.duration = 1
        let start = ContinuousClock.now
        let source = try MediaSource("lavfi:testsrc2=size=320x240:rate=20", options: options)
        #expect(source.info.isLive)
        #expect(source.info.width == 320)
        var times: [Double] = []
        while case .frame(let frame) = try source.next() {
            times.append(frame.info.seconds)
            let captured = try #require(frame.info.captured)
            #expect(captured <= .now)
        }
        let passed = (ContinuousClock.now - start) / .seconds(1)
        #expect((18...21).contains(times.count))
        #expect(passed > 0.9)
        #expect(times.first == 0)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(log.states == ["connecting", "live"])
    }

    @Test func theEndOfATestSourceIsTheEnd() throws {
        let result = try readAll("lavfi:testsrc2=size=64x48:rate=50:duration=0.2")
        #expect(result.frames.count == 10)
    }

    @Test func aGraphThatIsNoneFails() {
        let error = #expect(throws: MediaError.self) { try MediaSource("lavfi:nonsense=1") }
        #expect(error?.reason == .unsupported)
    }

    @Test func liveSourcesHaveNoBeginning() {
        var options = MediaOptions()
        options.startTime = 3
        #expect(throws: MediaError.self) { try MediaSource("lavfi:testsrc2", options: options) }
    }

    @Test func aWaitForACameraEndsWhenCancelled() throws {
        let log = EventLog()
        let stop = Atomic<Bool>(false)
        let start = ContinuousClock.now
        let error = #expect(throws: MediaError.self) {
            try MediaSource("tcp://127.0.0.1:1", options: options(log)) {
                if log.all.count > 4 { stop.store(true, ordering: .relaxed) }
                return stop.load(ordering: .relaxed)
            }
        }
        #expect(error?.reason == .cancelled)
        #expect(log.states.prefix(3) == ["connecting", "backoff refused", "connecting"])
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}

@Suite(.enabled(if: FFmpegTool.isPresent, "needs ffmpeg")) struct FaultTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func clip(_ size: String, frames: Int) throws -> [UInt8] {
        let path = scratch.file("\(size).ts")
        try FFmpegTool.make(
            "-f lavfi -i testsrc2=s=\(size):r=25 -frames:v \(frames) -c:v libx264 -tune zerolatency -g 25", path)
        return Array(try Data(contentsOf: URL(filePath: path)))
    }

    /// Reads until `count` connections have given frames.
    private func sizes(_ url: String, _ options: MediaOptions, until count: Int) throws -> [String] {
        let source = try MediaSource(url, options: options)
        var sizes: [String] = []
        var last = -1.0
        while case .frame(let frame) = try source.next() {
            let size = "\(frame.image.width)x\(frame.image.height)"
            if sizes.last != size { sizes.append(size) }
            #expect(frame.info.seconds > last)
            last = frame.info.seconds
            if let history = source.history, history.connections >= count { break }
        }
        return sizes
    }

    @Test func stallsEndsAndSilenceAreLeftBehind() throws {
        let (small, large) = (try clip("160x120", frames: 30), try clip("320x240", frames: 30))
        let server = try FaultServer([.sendAndStall(small), .mute, .sendAndClose(large), .sendAndStall(small)])
        defer { server.close() }
        let log = EventLog()
        let start = ContinuousClock.now
        let sizes = try sizes("tcp://127.0.0.1:\(server.port)", options(log), until: 3)
        #expect(sizes == ["160x120", "320x240", "160x120"])
        #expect(
            log.states == [
                "connecting", "live", "stalled", "backoff timeout", "connecting", "backoff timeout", "connecting",
                "live", "backoff reset", "connecting", "live",
            ])
        #expect(ContinuousClock.now - start < .seconds(12))
    }

    @Test func withEndsOnLossTheReasonIsTold() throws {
        let server = try FaultServer([.sendAndClose(try clip("160x120", frames: 10))])
        defer { server.close() }
        var options = options(EventLog())
        options.live.endsOnLoss = true
        let source = try MediaSource("tcp://127.0.0.1:\(server.port)", options: options)
        let error = #expect(throws: MediaError.self) {
            while case .frame = try source.next() {}
        }
        #expect(error?.reason == .reset)
        #expect(error?.exitCode == 69)
        #expect(throws: MediaError.self) { try MediaSource("tcp://127.0.0.1:1", options: options) }
    }

    @Test func wrongCredentialsAreCalledSoAndNotShown() throws {
        let answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        let server = try FaultServer([.sendAndClose(Array(answer.utf8))])
        defer { server.close() }
        let log = EventLog()
        var options = options(log)
        options.live.endsOnLoss = true
        let error = #expect(throws: MediaError.self) {
            try MediaSource("http://user:canary@127.0.0.1:\(server.port)/x?key=canary", options: options)
        }
        #expect(error?.reason == .auth)
        #expect(error?.exitCode == 77)
        #expect(!log.text.contains("canary"))
        #expect(error.map { !"\($0)".contains("canary") } ?? false)
    }
}
