import Media
import Testing

/// What a decoding process may say, and what it may not.
@Suite struct DecoderMessageTests {
    private func read(_ bytes: [UInt8]) -> DecoderMessage? { bytes.withUnsafeBytes { DecoderMessage($0) } }

    @Test func whatIsSentIsRead() {
        for kind in DecoderMessage.Kind.allCases {
            for count in [0, 1, 20, 255] {
                let numbers = (0..<count).map { Int64($0) &* 0x1234_5678_9ABC_DEF1 }
                let message = DecoderMessage(kind, numbers, text: count == 1 ? "" : "reason\nMotörhead\n")
                #expect(read(message.bytes) == message)
            }
        }
    }

    @Test func aLongTextLosesItsEnd() {
        let message = DecoderMessage(.failed, [1], text: String(repeating: "x", count: 100_000))
        #expect(message.bytes.count == 8192)
        #expect(read(message.bytes)?.text.allSatisfy { $0 == "x" } == true)
    }

    /// Everything shorter than its numbers, or of an unknown kind, is no message; nothing traps.
    @Test func nonsenseIsNoMessage() {
        #expect(read([]) == nil)
        #expect(read([4]) == nil)
        #expect(read([200, 0]) == nil)
        #expect(read([4, 1, 0, 0, 0, 0, 0, 0, 0]) == nil)
        #expect(read([4, 255]) == nil)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            guard let message = read(bytes) else { continue }
            #expect(message.numbers.count == Int(bytes[1]))
        }
    }
}
