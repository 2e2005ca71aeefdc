import Foundation
import Graphs
import ONNX
import Tensors
import Testing

/// Damaged copies of the small models: any result but a trap or a hang.
@Suite struct DamagedModelTests {
    @Test(arguments: ["end-to-end", "unfused-batch-norm", "movements", "half-precision"])
    func damagedBytes(_ name: String) throws {
        let original = [UInt8](try Data(contentsOf: models.appendingPathComponent("\(name).onnx")))
        var state: UInt64 = 42
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let shapes = name == "unfused-batch-norm" ? ["images": try Shape([2, 3, 16, 12])] : [:]
        var (refused, accepted) = (0, 0)
        for _ in 0..<1500 {
            var bytes = original
            for _ in 0...random(3) {
                let place = random(bytes.count)
                switch random(4) {
                case 0: bytes[place] = UInt8(random(256))
                case 1: bytes[place] ^= 1 << UInt8(random(8))
                case 2: bytes.removeSubrange(place..<min(place + 1 + random(8), bytes.count))
                default: bytes.insert(contentsOf: [0xff, 0xff, 0xff, 0xff, 0x7f].prefix(1 + random(5)), at: place)
                }
                if bytes.isEmpty { break }
            }
            do {
                let graph = try importONNX(Data(bytes), name: name)
                _ = try graph.optimized(inputShapes: shapes)
                accepted += 1
            } catch { refused += 1 }
        }
        // Damaged weights are weights; damaged structure is refused.
        #expect(accepted > 0)
        #expect(refused > 0)
    }
}
