/// A URL that may hold a password. Whatever prints it prints it without: only `secret` has the whole.
package struct SecretURL: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Lower case, without the colon.
    package let scheme: String
    /// The URL as it was given, for nobody but the library that opens it.
    package let secret: String

    /// `nil` for a text that is no `scheme://…`.
    package init?(_ text: String) {
        guard let mark = text.firstRange(of: "://"), mark.lowerBound > text.startIndex else { return nil }
        let scheme = text[..<mark.lowerBound]
        guard scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }) else {
            return nil
        }
        self.scheme = scheme.lowercased()
        secret = text
    }

    /// The server's name or address, without user and port; `nil` where there is none.
    package var host: String? {
        let shown = SecretURL.redacted(secret)
        guard let mark = shown.firstRange(of: "://") else { return nil }
        let authority = shown[mark.upperBound...].prefix { !"/?#".contains($0) }
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let end = place.first == "[" ? place.firstIndex(of: "]").map { place.index(after: $0) } : nil
        let host = end.map { place[..<$0] } ?? place.prefix { $0 != ":" }
        return host.isEmpty ? nil : LogCapture.readable(String(host))
    }

    package var description: String { LogCapture.readable(SecretURL.redacted(secret)) }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// A text, of which the URLs lose user names, passwords and the values of their queries and paths (`name=value`):
    /// `rtsp://user:secret@host/live?token=1` becomes `rtsp://***@host/live?token=***`. Those of RTMP lose the last part
    /// of their path, which is a key: `rtmp://host/live/***`.
    package static func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let separator = Array("://".utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index...].starts(with: separator) else {
                result.append(bytes[index])
                index += 1
                continue
            }
            let authority = index + separator.count
            let end =
                bytes[authority...].firstIndex { $0 <= 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }
                ?? bytes.count
            let hasKey = ["rtmp", "rtmps"].contains { scheme in
                result.suffix(scheme.utf8.count).map { $0 | 0x20 } == Array(scheme.utf8)
            }
            result += separator
            appendRedacted(bytes[authority..<end], hasKey: hasKey, to: &result)
            index = end
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// What stands behind `://`; with `hasKey` the path ends with a secret.
    private static func appendRedacted(_ url: ArraySlice<UInt8>, hasKey: Bool, to result: inout [UInt8]) {
        let slash = url.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? url.endIndex
        var rest = url
        if let at = url[..<slash].lastIndex(of: UInt8(ascii: "@")) {
            result += Array("***".utf8)
            rest = url[at...]
        } else if let at = url.lastIndex(of: UInt8(ascii: "@")), hasNoPort(url[..<slash]) {
            // A password with a slash or a question mark in it.
            result += Array("***".utf8)
            rest = url[at...]
        }
        if hasKey {
            let path = rest.prefix { $0 != UInt8(ascii: "?") }
            if let last = path.lastIndex(of: UInt8(ascii: "/")) {
                result += path[...last] + Array("***".utf8)
                rest = rest[path.endIndex...]
            }
        }
        // Values of a query; some cameras have them in the path: `/user=admin_password=secret_channel=1.sdp`.
        var isValue = false
        var ends = "&;/?".utf8
        for byte in rest {
            if ends.contains(byte) { isValue = false }
            // A value of the query may have a slash in it.
            if byte == UInt8(ascii: "?") { ends = "&;".utf8 }
            if !isValue { result.append(byte) }
            if byte == UInt8(ascii: "="), !isValue {
                isValue = true
                result += Array("***".utf8)
            }
        }
    }

    /// Whether something that is no port stands behind the last colon of `host:port`.
    private static func hasNoPort(_ authority: ArraySlice<UInt8>) -> Bool {
        guard let colon = authority.lastIndex(of: UInt8(ascii: ":")) else { return false }
        return authority[(colon + 1)...].contains { !(48...57).contains($0) && $0 != UInt8(ascii: "]") }
    }
}
