import Digests
import Testing

@Suite struct SHA256Tests {
    private func digest(_ text: String) -> String { Array(text.utf8).withUnsafeBytes { SHA256.digest($0) } }

    /// The examples of FIPS 180-2, appendix B, and of NIST's SHAVS for the empty text.
    @Test func theStandardsExamples() {
        #expect(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            digest(String(repeating: "a", count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func piecesGiveTheDigestOfTheWhole() {
        var state: UInt64 = 5
        // A linear congruential generator (Knuth's MMIX), of which the upper bits count.
        func next(below limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for length in [0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 1000] {
            let bytes = (0..<length).map { _ in UInt8(next(below: 256)) }
            let whole = bytes.withUnsafeBytes { SHA256.digest($0) }
            for _ in 0..<20 {
                var hash = SHA256()
                var rest = bytes[...]
                while !rest.isEmpty {
                    let piece = rest.prefix(next(below: 131))
                    piece.withUnsafeBytes { hash.update($0) }
                    rest = rest.dropFirst(piece.count)
                }
                #expect(hash.finish() == whole, "\(length) bytes")
            }
        }
    }
}
