import Foundation
import Glibc
import Imaging
import Media
import Synchronization
import Testing

/// Takes connections on the loopback, keeps what comes, each connection's apart.
final class TakingServer: @unchecked Sendable {
    // Sendable: everything is set in the initializer, but for what `received` and the flag guard.
    let port: UInt16
    private let listener: Int32
    /// Connections, counted from 0, that are closed after so many bytes.
    private let limits: [Int: Int]
    private let reads: Bool
    private let received = Mutex<[[UInt8]]>([])

    init(closing limits: [Int: Int] = [:], reads: Bool = true) throws {
        self.limits = limits
        self.reads = reads
        (listener, port) = try listenOnLoopback()
        Thread.detachNewThread { [self] in serve() }
    }

    /// What each connection brought.
    var connections: [[UInt8]] { received.withLock { $0 } }

    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve() {
        var held: [Int32] = []
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            guard reads else {
                held.append(connection)
                continue
            }
            let index = received.withLock { all in
                all.append([])
                return all.count - 1
            }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = recv(connection, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                let total = received.withLock { all in
                    all[index] += buffer[..<count]
                    return all[index].count
                }
                if let limit = limits[index], total >= limit { break }
            }
            Glibc.close(connection)
        }
        for connection in held { Glibc.close(connection) }
        Glibc.close(listener)
    }
}

/// Pictures that differ enough to cost bytes.
private struct Pictures {
    static let color = ColorDescription(matrix: .bt601, isFullRange: false)
    private let pool = ImagePool(capacity: 4)
    private(set) var count = 0
    let width: Int
    let height: Int

    init(width: Int = 320, height: Int = 240) {
        self.width = width
        self.height = height
    }

    /// Writes the next picture, of 25 a second.
    mutating func write(to writer: StreamWriter) throws(MediaError) {
        let image = pool.image(width: width, height: height, color: Self.color)
        for plane in [image.y, image.u, image.v] {
            for row in 0..<plane.height {
                let line = plane.row(row)
                for x in 0..<plane.width {
                    line[x] = UInt8(truncatingIfNeeded: 64 + (x * 7 ^ row * 3 &+ count * 5) % 96)
                }
            }
        }
        defer { count += 1 }
        try writer.write(
            image, at: Timestamp(Int64(count) * 3600, timeBase: Rational(1, 90_000)), duration: 3600)
    }
}

private let parameters = VideoParameters(
    width: 320, height: 240, timeBase: Rational(1, 90_000), frameRate: Rational(25, 1), color: Pictures.color)

private func address(_ text: String) throws -> StreamAddress { try #require(try StreamAddress(text)) }

/// Options under which a stream is tried again, soon.
private func retrying(_ log: EventLog) -> StreamWriter.Options {
    var options = StreamWriter.Options()
    options.retries = true
    options.longestWait = 1
    options.policy.firstWaits = [0.02]
    options.onEvent = log.append
    return options
}

@Suite struct StreamAddressTests {
    @Test func urlsAreStreamsAndNamesAreFiles() throws {
        #expect(try StreamAddress("out.mp4") == nil)
        #expect(try StreamAddress("-") == nil)
        #expect(try StreamAddress("folder/rtsp:x") == nil)
        #expect(try StreamAddress("RTSP://host/x") != nil)
        #expect("\(try address("rtsp://user:canary@host:8554/x?key=canary"))" == "rtsp://***@host:8554/x?key=***")
    }

    @Test func theKeyOfRTMPIsASecret() throws {
        #expect("\(try address("rtmp://user:canary@host/live/canary"))" == "rtmp://***@host/live/***")
        #expect("\(try address("RTMPS://host:443/a/canary?b=canary"))" == "RTMPS://host:443/a/***?b=***")
    }

    @Test func otherSchemesAreRefused() {
        for text in ["http://user:canary@host/x", "file:///x.mp4", "pipe://1", "concat://a", "exec://rm"] {
            let error = #expect(throws: MediaError.self) { try StreamAddress(text) }
            #expect(error?.reason == .unsupported)
            #expect(error.map { !"\($0)".contains("canary") } ?? false)
        }
    }
}

@Suite struct StreamTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func read(_ bytes: [UInt8], _ name: String) throws -> ReadResult {
        let path = scratch.file(name)
        try Data(bytes).write(to: URL(filePath: path))
        return try readAll(path)
    }

    /// What is written over UDP is read by our own reader.
    @Test func picturesArriveOverUDP() throws {
        let port = 20_000 + Int(getpid()) % 20_000
        let isDone = Atomic<Bool>(false)
        let writer = try StreamWriter(address("udp://127.0.0.1:\(port)"), video: parameters)
        let ended = DispatchGroup()
        DispatchQueue.global().async(group: ended) {
            var pictures = Pictures()
            while !isDone.load(ordering: .relaxed), pictures.count < 500 {
                do { try pictures.write(to: writer) } catch {
                    Issue.record("writing failed: \(error)")
                    return
                }
                usleep(20_000)
            }
        }
        defer {
            isDone.store(true, ordering: .relaxed)
            ended.wait()
        }
        var options = MediaOptions()
        options.duration = 1
        let result = try readAll("udp://127.0.0.1:\(port)", options)
        #expect(result.info.width == 320)
        #expect(result.frames.count >= 20)
        #expect(result.luma.allSatisfy { (80...140).contains($0) })
    }

    /// Pictures leave at once, and each connection begins with all that a reader needs.
    @Test func aReceiverThatGoesIsTakenUpAgain() throws {
        let server = try TakingServer(closing: [0: 30_000])
        defer { server.close() }
        let log = EventLog()
        let writer = try StreamWriter(
            address("tcp://127.0.0.1:\(server.port)"), video: parameters, options: retrying(log))
        var pictures = Pictures()
        let start = ContinuousClock.now
        while writer.summary.connections < 2, ContinuousClock.now - start < .seconds(20) {
            try pictures.write(to: writer)
            usleep(2000)
        }
        for _ in 0..<30 {
            try pictures.write(to: writer)
        }
        let summary = try writer.finish()
        #expect(summary.connections == 2)
        #expect(summary.losses == [.reset: 1])
        #expect(summary.sent + summary.unreachable == pictures.count)
        #expect(log.states.filter { $0 != "connecting" } == ["live", "backoff reset", "live"])
        usleep(300_000)
        let parts = server.connections
        try #require(parts.count == 2)
        let second = try read(parts[1], "second.ts")
        #expect(second.frames.count >= 30)
        #expect(second.damage.packets == 0)
        #expect(second.sizes.allSatisfy { $0 == "320x240" })
    }

    @Test func whoIsNotThereIsToldOnceOrTriedForEver() throws {
        let closed = try address("tcp://127.0.0.1:1?key=canary")
        let error = #expect(throws: MediaError.self) { try StreamWriter(closed, video: parameters) }
        #expect(error?.reason == .refused)
        #expect(error?.exitCode == 73)
        #expect(error.map { !"\($0)".contains("canary") } ?? false)
        let log = EventLog()
        let writer = try StreamWriter(closed, video: parameters, options: retrying(log))
        var pictures = Pictures()
        for _ in 0..<20 {
            try pictures.write(to: writer)
            usleep(10_000)
        }
        let summary = try writer.finish()
        #expect(summary.unreachable == 20)
        #expect(summary.sent == 0)
        #expect(log.states.count > 2)
        #expect(log.states.allSatisfy { $0 == "backoff refused" })
        #expect(!log.text.contains("canary"))
    }

    /// A receiver that takes the connection and reads nothing.
    @Test func aReceiverThatStopsReadingIsGivenUp() throws {
        let server = try TakingServer(reads: false)
        defer { server.close() }
        var options = StreamWriter.Options()
        options.longestWait = 0.5
        options.encoder.crf = 1
        let writer = try StreamWriter(
            address("tcp://127.0.0.1:\(server.port)"), video: parameters, options: options)
        var pictures = Pictures()
        var longest = Duration.zero
        let error = #expect(throws: MediaError.self) {
            for _ in 0..<5000 {
                let start = ContinuousClock.now
                defer { longest = max(longest, ContinuousClock.now - start) }
                try pictures.write(to: writer)
            }
        }
        #expect(error?.reason == .timeout)
        #expect(error?.exitCode == 74)
        #expect(longest < .seconds(3))
    }

    @Test func aWriteThatWaitsCanBeCancelled() throws {
        let server = try TakingServer(reads: false)
        defer { server.close() }
        var options = StreamWriter.Options()
        options.longestWait = 60
        options.encoder.crf = 1
        let writer = try StreamWriter(
            address("tcp://127.0.0.1:\(server.port)"), video: parameters, options: options)
        DispatchQueue.global().asyncAfter(deadline: .now() + 1.5) { writer.cancel() }
        let start = ContinuousClock.now
        var pictures = Pictures()
        let error = #expect(throws: MediaError.self) {
            while true {
                try pictures.write(to: writer)
            }
        }
        #expect(error?.reason == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(8))
    }

    @Test func anEncoderThatTheStreamCannotCarryIsRefused() throws {
        let server = try TakingServer()
        defer { server.close() }
        var options = StreamWriter.Options()
        options.encoder.codec = "no-such-encoder"
        let error = #expect(throws: MediaError.self) {
            try StreamWriter(address("tcp://127.0.0.1:\(server.port)"), video: parameters, options: options)
        }
        #expect(error?.reason == .unsupported)
    }
}
