import Foundation
import Saccade
import Synchronization
import Testing

/// Sources that are decoded in processes of their own.
@Suite(.serialized) struct IsolationTests {
    private static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "weights/saccade-n.onnx").path
    /// The program is built into the folder of the tests.
    private static let program: String? = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let names = [CommandLine.arguments[0], tests] + CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
        return names.map { URL(filePath: $0).deletingLastPathComponent().appending(path: "saccade").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    private func configuration() -> PipelineConfiguration {
        var configuration = PipelineConfiguration(model: Self.model)
        configuration.threads = 1
        configuration.source.decoder = Self.program
        return configuration
    }

    @Test(.enabled(if: program != nil, "the program saccade is not built")) func picturesComeThrough() throws {
        var configuration = configuration()
        configuration.source.duration = 1
        let sizes = Mutex<Set<[Int]>>([])
        let summary = try VideoPipeline(configuration).run(
            "lavfi:testsrc2=size=322x182:rate=10",
            onFrame: { frame in sizes.withLock { _ = $0.insert([frame.width, frame.height]) } })
        #expect(summary.frames.isConserved)
        #expect(summary.frames.read >= 8)
        #expect(summary.connections?.made == 1)
        #expect(sizes.withLock { $0 } == [[322, 182]])
    }

    @Test(.enabled(if: program != nil, "the program saccade is not built")) func aSourceThatEndsDoesSo() throws {
        let summary = try VideoPipeline(configuration()).run("lavfi:testsrc2=size=64x64:rate=20:duration=0.5")
        #expect(summary.reason == "eof")
        #expect(summary.frames.read == 10)
    }

    @Test(.enabled(if: program != nil, "the program saccade is not built")) func itsErrorsAreOurs() throws {
        var configuration = configuration()
        configuration.source.endsOnLoss = true
        let error = #expect(throws: SaccadeError.self) {
            try VideoPipeline(configuration).run("rtsp://user:canary@127.0.0.1:1/x")
        }
        #expect(error?.reason == "refused")
        #expect(error?.exitCode == 69)
        #expect(error.map { "\($0)".contains("canary") } == false)
    }

    /// A decoder that is shot is a connection that is lost; the next one begins where the source is then.
    @Test(.enabled(if: program != nil, "the program saccade is not built")) func aShotDecoderIsReplaced() throws {
        var configuration = configuration()
        configuration.source.duration = 4
        // The name of the source is the argument by which the process is found.
        let source = "udp://127.0.0.1:\(try freePort())"
        let sender = Process()
        sender.executableURL = URL(filePath: "/usr/bin/ffmpeg")
        let input = ["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10"]
        let output = ["-c:v", "mpeg2video", "-g", "5", "-f", "mpegts", source + "?pkt_size=1316"]
        sender.arguments = ["-v", "quiet", "-nostdin"] + input + output
        sender.standardOutput = FileHandle.nullDevice
        sender.standardError = FileHandle.nullDevice
        try sender.run()
        // A child has this process's mask of signals, in which SIGTERM may be blocked.
        defer { kill(sender.processIdentifier, SIGKILL) }
        let events = Mutex<[SourceEvent]>([])
        let isShot = Atomic<Bool>(false)
        let summary = try VideoPipeline(configuration).run(
            source,
            onFrame: { frame in
                guard frame.seconds > 0.5, !isShot.exchange(true, ordering: .relaxed) else { return }
                for process in decoders(of: source) { kill(process, SIGSEGV) }
            }, onSourceEvent: { event in events.withLock { $0.append(event) } })
        #expect(summary.frames.isConserved)
        #expect(summary.connections?.made == 2)
        #expect(summary.connections?.losses == ["lost": 1])
        let loss = events.withLock { $0.first { $0.reason == "lost" } }
        #expect(loss?.message?.contains("was ended by signal 11") == true, "\(String(describing: loss))")
    }

    /// The processes that decode a source, by their arguments.
    private func decoders(of source: String) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { process in
            let arguments = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
            return arguments.split(separator: 0).dropFirst().map { String(decoding: $0, as: UTF8.self) }
                == ["decode-for", source]
        }
    }

    private func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> in_port_t? in
                guard bind(descriptor, pointer, size) == 0, getsockname(descriptor, pointer, &size) == 0 else {
                    return nil
                }
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_port }
            }
        }
        return Int(UInt16(bigEndian: try #require(port)))
    }
}
