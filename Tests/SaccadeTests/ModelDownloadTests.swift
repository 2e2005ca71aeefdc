import Digests
import Foundation
import Saccade
import Synchronization
import Testing

/// A model that stands for one of the catalogue: two pieces and a bit of bytes that look random.
private let content: [UInt8] = {
    var state: UInt64 = 7
    return (0..<150_001).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}()
private let sum = content.withUnsafeBytes { SHA256.digest($0) }
private let model = PublicModel(
    name: "toy", fileName: "toy.onnx", url: "http://127.0.0.1:1/toy.onnx", sha256: sum, bytes: Int64(content.count),
    inputSide: 416, license: "Apache-2.0", note: "none")

@Suite struct ModelDownloadTests {
    private let folder: TemporaryFolder
    private var target: String { folder.file("toy.onnx") }

    init() throws { folder = try TemporaryFolder() }

    private func download(
        _ place: String, to output: String? = nil, stallTimeout: Double = 5, calls: FileCalls = .system
    ) throws(SaccadeError) -> ModelDownload {
        try ModelDownload(
            model, to: output ?? target, from: place, stallTimeout: stallTimeout, calls: calls)
    }

    /// Downloads from a server that answers `/toy.onnx` so, and expects an error after which the folder is as it was.
    private func failure(
        _ answer: WebServer.Answer, stallTimeout: Double = 5, calls: FileCalls = .system
    ) throws -> SaccadeError {
        let server = try WebServer(["/toy.onnx": answer])
        defer { server.close() }
        let before = try folder.names()
        let download = try download(server.url("/toy.onnx"), stallTimeout: stallTimeout, calls: calls)
        let error = #expect(throws: SaccadeError.self) { try download.run() }
        #expect(try folder.names() == before)
        return try #require(error)
    }

    @Test func aRightFileGetsItsName() throws {
        let server = try WebServer(["/models/toy.onnx": WebServer.Answer(body: content)])
        defer { server.close() }
        let download = try download(server.url("/models/"), to: folder.path)
        var counts: [Int64] = []
        #expect(try download.run { counts.append($0) } == .written)
        #expect(download.target == target)
        #expect(try Data(contentsOf: URL(filePath: target)) == Data(content))
        #expect(try folder.names() == ["toy.onnx"])
        #expect(counts.last == Int64(content.count))
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 < $1 })
        #expect(server.requests == ["/models/toy.onnx"])
    }

    @Test func aFileThatIsThereIsLeftAlone() throws {
        try Data(content).write(to: URL(filePath: target))
        #expect(try download("http://127.0.0.1:1/toy.onnx").run() == .present)
        // One that is of the same size and is not the model gives way, when its successor is complete.
        try Data(repeating: 1, count: content.count).write(to: URL(filePath: target))
        let wrong = try failure(WebServer.Answer(body: content.reversed()))
        #expect(wrong.exitCode == 65)
        #expect(try Data(contentsOf: URL(filePath: target)) == Data(repeating: 1, count: content.count))
        let server = try WebServer(["/toy.onnx": WebServer.Answer(body: content)])
        defer { server.close() }
        #expect(try download(server.url("/toy.onnx")).run() == .written)
        #expect(try Data(contentsOf: URL(filePath: target)) == Data(content))
    }

    @Test func anotherFileIsRefused() throws {
        var other = content
        other[77_777] ^= 1
        let error = try failure(WebServer.Answer(body: other))
        #expect(error.exitCode == 65)
        #expect(error.reason == "corrupt")
        #expect(error.message.contains(sum))
        #expect(error.message.contains(other.withUnsafeBytes { SHA256.digest($0) }))
        let shorter = try failure(WebServer.Answer(body: Array(content.dropLast())))
        #expect(shorter.exitCode == 65)
        #expect(shorter.message.contains("(150000 bytes), and not \(sum) (150001 bytes)"))
    }

    /// Told in the head, or met behind the last byte.
    @Test(arguments: [nil, -1]) func moreBytesAreNotTaken(length: Int?) throws {
        let error = try failure(WebServer.Answer(body: content + content, length: length, stalls: true))
        #expect(error.exitCode == 65)
        #expect(error.reason == "too_large")
    }

    /// With a length that is not reached, and without one.
    @Test(arguments: [nil, -1]) func aShortBodyIsABrokenConnection(length: Int?) throws {
        let error = try failure(
            WebServer.Answer(body: Array(content.prefix(70_000)), length: length ?? content.count))
        #expect(error.exitCode == 69)
        #expect(error.reason == "reset")
        #expect(error.message.contains("127.0.0.1 broke off after 70000 of 150001 bytes"))
        #expect(error.message.contains("--from URL"))
    }

    /// One that ends with the connection, and one in chunks.
    @Test(arguments: [false, true]) func aBodyWithoutLengthIsTaken(isChunked: Bool) throws {
        var answer = WebServer.Answer(body: content, length: -1)
        if isChunked {
            answer.headers = ["Transfer-Encoding: chunked"]
            let pieces = [content[..<70_000], content[70_000...]].map { piece in
                Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
            }
            answer.body = pieces.flatMap { $0 } + Array("0\r\n\r\n".utf8)
        }
        let server = try WebServer(["/toy.onnx": answer])
        defer { server.close() }
        #expect(try download(server.url("/toy.onnx")).run() == .written)
    }

    @Test(arguments: [
        ("404 Not Found", "not_found", 69), ("410 Gone", "refused", 69), ("401 Unauthorized", "auth", 77),
        ("403 Forbidden", "auth", 77), ("500 Internal Server Error", "refused", 69),
    ])
    func statusesOfFailureAreTold(status: String, reason: String, exitCode: Int) throws {
        let error = try failure(WebServer.Answer(status: status))
        #expect(error.reason == reason)
        #expect(error.exitCode == Int32(exitCode))
        #expect(error.message.contains("127.0.0.1"))
        #expect(error.message.contains("--from URL"))
    }

    @Test func aServerThatIsNotThereIsTold() throws {
        for place in ["http://127.0.0.1:1/toy.onnx", "http://nobody.invalid/toy.onnx", "https://127.0.0.1:1/toy.onnx"] {
            let download = try download(place)
            let error = #expect(throws: SaccadeError.self) { try download.run() }
            #expect(error?.reason == "refused", "\(place)")
            #expect(error?.exitCode == 69)
            #expect(error?.message.contains(place.contains("nobody") ? "nobody.invalid" : "127.0.0.1") == true)
            #expect(try folder.names().isEmpty)
        }
    }

    @Test func redirectsAreFollowed() throws {
        // As long as the signed addresses of large hosts.
        let long = "/deep/toy.onnx?sp=r&sig=" + String(repeating: "a1", count: 700)
        let server = try WebServer([
            "/toy.onnx": WebServer.Answer(status: "302 Found", headers: ["Location: \(long)"]),
            long: WebServer.Answer(body: content),
        ])
        defer { server.close() }
        #expect(try download(server.url("/toy.onnx")).run() == .written)
        #expect(server.requests == ["/toy.onnx", long])
    }

    @Test(arguments: ["file:///etc/hostname", "ftp://127.0.0.1/x", "/toy.onnx", "concat:/etc/hostname"])
    func redirectsLeadNowhereElse(place: String) throws {
        let error = try failure(WebServer.Answer(status: "302 Found", headers: ["Location: \(place)"]))
        #expect(error.exitCode == 69)
    }

    @Test(arguments: [0, 70_000]) func silenceIsATimeout(sent: Int) throws {
        let start = ContinuousClock.now
        let answer = WebServer.Answer(body: Array(content.prefix(sent)), length: content.count, stalls: true)
        let error = try failure(answer, stallTimeout: 0.4)
        #expect(error.reason == "timeout")
        #expect(error.exitCode == 69)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func aStopLeavesNothing() throws {
        let answer = WebServer.Answer(body: Array(content.prefix(70_000)), length: content.count, stalls: true)
        let server = try WebServer(["/toy.onnx": answer])
        defer { server.close() }
        let download = try download(server.url("/toy.onnx"), stallTimeout: 30)
        let error = #expect(throws: SaccadeError.self) {
            try download.run { if $0 == 70_000 { download.stop() } }
        }
        #expect(error?.reason == "cancelled")
        #expect(error?.exitCode == 130)
        #expect(try folder.names().isEmpty)
    }

    /// What a process does that ends at once.
    @Test func whatIsAbandonedIsRemoved() throws {
        let server = try WebServer(["/toy.onnx": WebServer.Answer(body: content)])
        defer { server.close() }
        let download = try download(server.url("/toy.onnx"))
        var during: [String] = []
        #expect(throws: SaccadeError.self) {
            try download.run { _ in
                during += (try? folder.names()) ?? []
                download.abandon()
            }
        }
        #expect(during.first == "toy.onnx.\(getpid()).part")
        #expect(try folder.names().isEmpty)
    }

    /// Every system call that writes fails once.
    @Test(arguments: [ENOSPC, EIO, EACCES]) func everyCallFails(code: Int32) throws {
        let server = try WebServer(["/toy.onnx": WebServer.Answer(body: content)])
        defer { server.close() }
        func attempt(_ files: FaultyFiles) throws(SaccadeError) {
            _ = try download(server.url("/toy.onnx"), to: "/nowhere/toy.onnx", calls: files.calls).run()
        }
        let calm = FaultyFiles()
        try attempt(calm)
        #expect(calm.state.withLock { $0.contents } == ["/nowhere/toy.onnx": content])
        #expect(calm.count >= 7)
        // Opening, the first piece, synchronizing, closing, renaming.
        for call in [1, 2, calm.count - 2, calm.count - 1, calm.count] {
            let files = FaultyFiles(failingCall: call, code: code)
            let error = #expect(throws: SaccadeError.self, "call \(call)") { try attempt(files) }
            #expect(error?.exitCode == [ENOSPC: 74, EIO: call == 1 ? 73 : 74, EACCES: 77][code])
            #expect(
                error?.reason
                    == [ENOSPC: "disk_full", EIO: call == 1 ? "cannot_create" : "io", EACCES: "denied"][code])
            #expect(files.state.withLock { $0.contents.isEmpty }, "call \(call)")
        }
    }

    @Test func placesThatCannotBeWritten() throws {
        let missing = try download("http://127.0.0.1:1/x", to: folder.file("missing/toy.onnx"))
        #expect(#expect(throws: SaccadeError.self) { try missing.run() }?.exitCode == 73)
        for (output, exitCode) in [("/dev/null", 73), ("/proc/x/", 73), ("-", 64)] {
            let error = #expect(throws: SaccadeError.self, "\(output)") {
                try download("http://127.0.0.1:1/x", to: output)
            }
            #expect(error?.exitCode == Int32(exitCode), "\(output)")
        }
        #expect(try download("http://127.0.0.1:1/x", to: folder.file("new/")).target == folder.file("new/toy.onnx"))
    }

    @Test func mirrorsAreOnTheWeb() {
        for place in ["file:///etc/passwd", "rtsp://host/x", "toy.onnx", "https://", "http://user:canary@/x"] {
            let error = #expect(throws: SaccadeError.self) { try download(place) }
            #expect(error?.exitCode == 64)
            #expect(error?.message.contains("canary") == false)
        }
    }

    @Test func passwordsOfMirrorsAreNotShown() throws {
        let error = #expect(throws: SaccadeError.self) {
            try download("http://user:canary@127.0.0.1:1/toy.onnx?key=canary").run()
        }
        #expect(error?.message.contains("canary") == false)
        #expect(error?.message.contains("127.0.0.1") == true)
    }
}

@Suite struct PublicModelTests {
    @Test func theCatalogueIsWellFormed() {
        let all = PublicModel.catalogue
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(Set(all.map(\.fileName)).count == all.count)
        #expect(Set(all.map(\.sha256)).count == all.count)
        for model in all {
            #expect(model.sha256.count == 64 && model.sha256.allSatisfy { "0123456789abcdef".contains($0) })
            #expect(model.url.hasPrefix("https://") && model.url.hasSuffix("/" + model.fileName))
            #expect(model.bytes > 0 && model.inputSide % 32 == 0)
        }
        #expect(PublicModel.named("yolox-s")?.inputSide == 640)
        #expect(PublicModel.named("yolov8n") == nil)
    }

    @Test func theCacheIsWhereTheStandardHasIt() {
        #expect(ModelCache(environment: ["XDG_CACHE_HOME": "/c", "HOME": "/h"]).folder == "/c/saccade/models")
        #expect(ModelCache(environment: ["XDG_CACHE_HOME": "c", "HOME": "/h"]).folder == "/h/.cache/saccade/models")
        #expect(ModelCache(environment: ["HOME": "/h"]).folder == "/h/.cache/saccade/models")
    }

    @Test func namesStandForFilesOfTheCache() throws {
        let folder = try TemporaryFolder()
        let cache = ModelCache(environment: ["XDG_CACHE_HOME": folder.path])
        #expect(try cache.resolve("own.onnx") == "own.onnx")
        #expect(try cache.resolve("./yolox-nano") == "./yolox-nano")
        let error = #expect(throws: SaccadeError.self) { try cache.resolve("yolox-nano") }
        #expect(error?.exitCode == 66)
        #expect(error?.message.contains("saccade models pull yolox-nano") == true)
        let nano = try #require(PublicModel.named("yolox-nano"))
        try FileManager.default.createDirectory(atPath: cache.folder, withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: cache.path(of: nano), contents: Data([1])))
        #expect(!cache.holds(nano))
        #expect(truncate(cache.path(of: nano), Int(nano.bytes)) == 0)
        #expect(cache.holds(nano))
        #expect(try cache.resolve("yolox-nano") == cache.path(of: nano))
    }
}
