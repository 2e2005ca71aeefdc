/// One message between a program and the process that decodes for it: a kind, numbers, and a text.
///
/// A message is one packet of a socket: the kind and the count of numbers, a byte each, the numbers with eight bytes each,
/// the text to the end. What a process sends that an attacker has taken over is as good as random: reading a message
/// fails, and nothing else, on anything else than this.
package struct DecoderMessage: Equatable {
    package enum Kind: UInt8, CaseIterable {
        /// To the decoder: what it shall read. The numbers and the text are those of `DecoderRequest`.
        case request
        /// To the decoder: one slot of the memory may be filled again.
        case release
        /// From the decoder: the source is open; what it is.
        case opened
        /// A packet came, with this timestamp in seconds (bits of a double).
        case arrived
        /// A picture lies in a slot.
        case picture
        /// The source ended. Number: whether where it said that it would.
        case ended
        /// The source failed: the reason and the message, a line each, and FFmpeg's words.
        case failed
    }

    static let mostBytes = 8192

    package var kind: Kind
    package var numbers: [Int64] = []
    package var text = ""

    package init(_ kind: Kind, _ numbers: [Int64] = [], text: String = "") {
        self.kind = kind
        self.numbers = numbers
        self.text = text
    }

    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 2, let kind = Kind(rawValue: bytes[0]) else { return nil }
        let end = 2 + 8 * Int(bytes[1])
        guard end <= bytes.count else { return nil }
        self.kind = kind
        numbers = stride(from: 2, to: end, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self) }
        text = String(decoding: bytes[end...], as: UTF8.self)
    }

    /// At most `mostBytes`; a longer text loses its end.
    package var bytes: [UInt8] {
        var bytes = [kind.rawValue, UInt8(min(numbers.count, 255))]
        for number in numbers.prefix(255) { withUnsafeBytes(of: number) { bytes += $0 } }
        return bytes + text.utf8.prefix(Self.mostBytes - bytes.count)
    }
}

extension Double {
    /// As a number of a message.
    var wire: Int64 { Int64(bitPattern: bitPattern) }

    /// `nil` for what is no finite number.
    init?(wire: Int64) {
        let value = Double(bitPattern: UInt64(bitPattern: wire))
        guard value.isFinite else { return nil }
        self = value
    }
}

/// Reads numbers one after the other; all that are missing are 0.
struct NumberReader {
    private var rest: ArraySlice<Int64>

    init(_ numbers: [Int64]) { rest = numbers[...] }

    mutating func next() -> Int64 { rest.popFirst() ?? 0 }
    mutating func next32() -> Int32 { Int32(truncatingIfNeeded: next()) }
    mutating func nextRational() -> Rational { Rational(next32(), max(1, next32())) }
}
