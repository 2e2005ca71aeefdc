import Detections

/// Bytes of text under construction, reused from line to line so that writing results allocates nothing in the steady
/// state. Numbers never depend on a locale.
package struct LineBuffer {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Forgets the text and keeps the memory.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    package mutating func append(utf8 text: String) { bytes.append(contentsOf: text.utf8) }

    package mutating func append(byte: UInt8) { bytes.append(byte) }

    package mutating func append(_ value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        append(UInt64(value.magnitude))
    }

    package mutating func append(_ value: UInt64) {
        let start = bytes.count
        var rest = value
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// A decimal number without an exponent, rounded to at most `decimals` (0 to 6) places, without trailing zeros and
    /// never `-0`. Magnitudes past 10¹² are held there, and what is not a number is written as 0: no format of ours
    /// can say NaN.
    package mutating func append(_ value: Double, decimals: Int) {
        var scale: UInt64 = 1
        for _ in 0..<min(max(decimals, 0), 6) { scale *= 10 }
        let bounded = value.isNaN ? 0 : min(max(value, -1e12), 1e12)
        let scaled = UInt64((bounded.magnitude * Double(scale)).rounded())
        if bounded < 0 && scaled > 0 { bytes.append(UInt8(ascii: "-")) }
        append(scaled / scale)
        var fraction = scaled % scale
        guard fraction > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        while fraction > 0 {
            scale /= 10
            bytes.append(UInt8(ascii: "0") + UInt8(fraction / scale))
            fraction %= scale
        }
    }

    /// A JSON string in quotes. Control characters (C0, DEL and C1) and the separators that some programs take for line
    /// ends are escaped, so that a line stays one line and a terminal stays as it is.
    package mutating func append(json text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: append("\\\"")
            case 0x5C: append("\\\\")
            case 0x09: append("\\t")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029:
                append("\\u")
                for shift in [12, 8, 4, 0] {
                    let digit = UInt8((scalar.value >> UInt32(shift)) & 15)
                    bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
                }
            default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A field of a CSV row, in quotes where RFC 4180 needs them.
    package mutating func append(csv text: String) {
        let needsQuotes = text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
        guard needsQuotes else { return append(utf8: text) }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension Detection.Origin {
    /// The origin's word in result files.
    var staticName: StaticString {
        switch self {
        case .detected: "detected"
        case .predicted: "predicted"
        case .interpolated: "interpolated"
        }
    }
}

extension OutputFile {
    /// Writes a whole buffer in one call.
    mutating func write(_ buffer: borrowing LineBuffer) throws(OutputError) {
        guard !buffer.bytes.isEmpty else { return }
        let result = buffer.bytes.withUnsafeBytes { bytes -> Result<Void, OutputError> in
            do throws(OutputError) {
                try write(bytes)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
