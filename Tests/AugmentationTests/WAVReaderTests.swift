import Augmentation
import Foundation
import Testing

@Suite struct WAVReaderTests {
    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func format(
        code: Int = 1, channels: Int = 1, rate: Int = 8000, bits: Int = 16, block: Int? = nil
    ) -> [UInt8] {
        let block = block ?? channels * bits / 8
        return little(code, 2) + little(channels, 2) + little(rate, 4) + little(rate * block, 4) + little(block, 2)
            + little(bits, 2)
    }

    private static func chunk(_ tag: String, _ bytes: [UInt8], size: Int? = nil) -> [UInt8] {
        Array(tag.utf8) + little(size ?? bytes.count, 4) + bytes + (bytes.count % 2 == 1 ? [0] : [])
    }

    private static func file(_ chunks: [UInt8]) -> [UInt8] {
        Array("RIFF".utf8) + little(chunks.count + 4, 4) + Array("WAVE".utf8) + chunks
    }

    private static func read(_ bytes: [UInt8]) throws(WAVError) -> AudioClip {
        try WAVReader.read(bytes, name: "a.wav")
    }

    @Test func everyEncodingIsRead() throws {
        let wanted: [Float] = [0, 0.5, -0.5, -1]
        let encodings: [(code: Int, bits: Int, bytes: [UInt8])] = [
            (1, 8, [128, 192, 64, 0]),
            (1, 16, [0, 16_384, -16_384, -32_768].flatMap { Self.little($0, 2) }),
            (1, 24, [0, 1 << 22, -(1 << 22), -(1 << 23)].flatMap { Self.little($0, 3) }),
            (1, 32, [0, 1 << 30, -(1 << 30), -(1 << 31)].flatMap { Self.little($0, 4) }),
            (3, 32, wanted.flatMap { Self.little(Int($0.bitPattern), 4) }),
            (3, 64, wanted.flatMap { Self.little(Int(truncatingIfNeeded: Double($0).bitPattern), 8) }),
        ]
        for (code, bits, bytes) in encodings {
            let plain = Self.file(Self.chunk("fmt ", Self.format(code: code, bits: bits)) + Self.chunk("data", bytes))
            let clip = try Self.read(plain)
            #expect(clip.samples == wanted && clip.rate == 8000 && clip.name == "a.wav")
            var extensible = Self.format(code: 0xFFFE, bits: bits)
            for (value, count) in [(22, 2), (bits, 2), (4, 4), (code, 2)] { extensible += Self.little(value, count) }
            extensible += [UInt8](repeating: 7, count: 14)
            #expect(try Self.read(Self.file(Self.chunk("fmt ", extensible) + Self.chunk("data", bytes))) == clip)
        }
    }

    @Test func channelsAreAveragedAndOtherChunksPassedOver() throws {
        let data = [6400, 19_200, -12_800, 0].flatMap { Self.little($0, 2) } + [UInt8(1)]  // and half a sample
        let bytes = Self.file(
            Self.chunk("LIST", [1, 2, 3]) + Self.chunk("fmt ", Self.format(channels: 2)) + Self.chunk("fact", [0, 0])
                + Self.chunk("data", data) + Self.chunk("junk", [9]))
        #expect(try Self.read(bytes).samples == [12_800 / 32_768, -6400 / 32_768])
    }

    @Test func hostileHeadersAreErrorsWithTheirPlace() {
        func failure(_ bytes: [UInt8]) -> (Int, String)? {
            do {
                _ = try Self.read(bytes)
                return nil
            } catch {
                #expect(error.file == "a.wav")
                return (error.offset, error.reason)
            }
        }
        let data = Self.chunk("data", [0, 0])
        func withFormat(_ format: [UInt8]) -> [UInt8] { Self.file(Self.chunk("fmt ", format) + data) }
        let cases: [([UInt8], Int)] = [
            ([], 0), (Array("RIFF".utf8), 4), (Array("RIFX0000WAVE".utf8), 0), (Array("RIFF0000AVI ".utf8), 8),
            (Self.file([]), 12), (Self.file(data), 12), (Self.file(Self.chunk("fmt ", Self.format())), 36),
            (Self.file(Self.chunk("fmt ", [1, 0])), 16), (withFormat(Self.format(code: 2)), 20),
            (withFormat(Self.format(channels: 0)), 22), (withFormat(Self.format(channels: 65)), 22),
            (withFormat(Self.format(rate: 0)), 24), (withFormat(Self.format(rate: 0xFFFF_FFFF)), 24),
            (withFormat(Self.format(bits: 12)), 34), (withFormat(Self.format(block: 3)), 32),
            (withFormat(Self.format(code: 3, bits: 16)), 34), (withFormat(Self.format(code: 0xFFFE)), 20),
            (Self.file(Self.chunk("fmt ", Self.format()) + Self.chunk("data", [0, 0], size: 3)), 44),
            (Self.file(Self.chunk("fmt ", Self.format()) + Self.chunk("data", [0, 0], size: 0xFFFF_FFFF)), 44),
            (Self.file(Self.chunk("LIST", [0, 0], size: 0xFFFF_FFFF) + data), 16),
            (
                Self.file(
                    Self.chunk("fmt ", Self.format(code: 3, bits: 32))
                        + Self.chunk("data", Self.little(0, 4) + Self.little(Int(Float.nan.bitPattern), 4))), 48
            ),
        ]
        for (bytes, offset) in cases { #expect(failure(bytes)?.0 == offset) }
        let good = withFormat(Self.format())
        #expect(failure(good) == nil)
        // Cut anywhere, the file is an error; with any byte changed it is read or an error, and never a trap.
        for length in 0..<good.count { #expect(failure(Array(good[..<length])) != nil) }
        var stream = RandomStream(key: 4)
        for _ in 0..<2000 {
            var bytes = good
            for _ in 0..<3 { bytes[stream.integer(below: bytes.count)] = UInt8(truncatingIfNeeded: stream.next()) }
            _ = failure(bytes)
        }
        #expect(
            WAVError(file: "a.wav", offset: 22, reason: "0 channels").description == "'a.wav', byte 22: 0 channels")
    }

    @Test func aFileThatIsNotThereIsNamed() {
        #expect(throws: WAVError(file: "/nowhere/a.wav", offset: 0, reason: "the file cannot be opened")) {
            try WAVReader.read(path: "/nowhere/a.wav")
        }
    }

    private static let digits = ProcessInfo.processInfo.environment["SACCADE_DATA"].map { $0 + "/speech/fsdd" }

    @Test(.enabled(if: digits != nil, "set SACCADE_DATA to read spoken digits"))
    func spokenDigitsAreRead() throws {
        let folder = try #require(Self.digits)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".wav") }.sorted()
        #expect(!names.isEmpty)
        for name in names.prefix(60) {
            let clip = try WAVReader.read(path: folder + "/" + name)
            #expect(clip.rate == 8000 && clip.seconds > 0.05 && clip.seconds < 5 && clip.power > 1e-6)
        }
    }
}
