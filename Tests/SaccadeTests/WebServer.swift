import Foundation
import Glibc
import Synchronization
import Testing

/// A web server on the loopback that answers each path as it is told, one connection after the other.
final class WebServer: @unchecked Sendable {
    // Sendable: everything is set in the initializer and only read afterwards, but for what `paths` guards.
    struct Answer {
        var status = "200 OK"
        var headers: [String] = []
        var body: [UInt8] = []
        /// `nil` = the body's; -1 = none is told.
        var length: Int?
        /// Whether the connection stays open in silence after the body.
        var stalls = false
    }

    let port: UInt16
    private let listener: Int32
    private let answers: [String: Answer]
    private let paths = Mutex<[String]>([])

    init(_ answers: [String: Answer]) throws {
        self.answers = answers
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isListening)
        listener = descriptor
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in serve() }
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// What was asked for.
    var requests: [String] { paths.withLock { $0 } }

    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve() {
        var silent: [Int32] = []
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            let path = readPath(connection)
            paths.withLock { $0.append(path) }
            let answer = answers[path] ?? Answer(status: "404 Not Found")
            var head = "HTTP/1.1 \(answer.status)\r\nConnection: close\r\n"
            head += answer.headers.map { $0 + "\r\n" }.joined()
            if answer.length != -1 { head += "Content-Length: \(answer.length ?? answer.body.count)\r\n" }
            send(Array((head + "\r\n").utf8) + answer.body, to: connection)
            if answer.stalls { silent.append(connection) } else { Glibc.close(connection) }
        }
        for connection in silent { Glibc.close(connection) }
        Glibc.close(listener)
    }

    /// The path of a request, which is read to the end of its head.
    private func readPath(_ connection: Int32) -> String {
        var head: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: head, as: UTF8.self).contains("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            head += buffer[..<count]
        }
        let words = String(decoding: head, as: UTF8.self).split(separator: " ")
        return words.count > 1 ? String(words[1]) : ""
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
