import Media
import Testing

@Suite struct WebFileTests {
    /// A server that says how much it sends, and sends it in two pieces.
    @Test func theFileIsReadFromEndToEnd() throws {
        let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n"
        let server = try FaultServer([.sendAndStall(Array(head.utf8) + body)])
        defer { server.close() }
        let url = try #require(SecretURL("http://127.0.0.1:\(server.port)/x"))
        let file = try WebFile(url, deadline: Deadline(), stallTimeout: 5)
        #expect(file.host == "127.0.0.1")
        #expect(file.size == Int64(body.count))
        var read: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 30_000)
        while true {
            let count = try buffer.withUnsafeMutableBytes { bytes throws(MediaError) in try file.read(into: bytes) }
            if count == 0 { break }
            read += buffer[..<count]
        }
        #expect(read == body)
        #expect(file.position == Int64(body.count))
    }

    @Test func othersThanTheWebAreRefused() throws {
        for text in ["file:///etc/hostname", "rtsp://host/x", "ftp://host/x", "https:///x"] {
            let url = try #require(SecretURL(text))
            let error = #expect(throws: MediaError.self) { try WebFile(url, deadline: Deadline()) }
            #expect(error?.reason == .unsupported)
        }
    }

    @Test func aWaitEndsWhenCancelled() throws {
        let server = try FaultServer([.mute])
        defer { server.close() }
        let url = try #require(SecretURL("http://127.0.0.1:\(server.port)/x"))
        let start = ContinuousClock.now
        let error = #expect(throws: MediaError.self) {
            try WebFile(url, deadline: Deadline { ContinuousClock.now - start > .milliseconds(200) })
        }
        #expect(error?.reason == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
