import Foundation
import Testing

/// A repeatable stream of numbers (SplitMix64).
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func integer(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }

    /// In [-1, 1).
    mutating func float() -> Float { Float(Int(next() & 0xFFFFFF) - 0x800000) / 0x800000 }

    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in float() } }
}

func bitsAreEqual(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern }
}

/// A file of Tests/Oracles/make_optimizer_goldens.py.
func golden(_ name: String) throws -> Data {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens")
    return try Data(contentsOf: folder.appendingPathComponent(name + ".json"))
}

/// A folder that is removed with this value; in memory where there is such, because thousands of small files that are
/// forced to a disk take their time.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let memory = URL(fileURLWithPath: "/dev/shm")
        let isThere = FileManager.default.isWritableFile(atPath: memory.path)
        let base = isThere ? memory : FileManager.default.temporaryDirectory
        let url = base.appendingPathComponent("saccade-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
