import Execution
import Foundation
import Graphs
import Tensors
import Testing
import Training

/// Whole trainings step by step beside PyTorch: the losses of 50 steps from the same weights and batches.
/// Tests/Oracles/make_training_goldens.py writes them; nothing but SplitMix64 makes the numbers.
@Suite struct LossCurveTests {
    struct Curve: Decodable {
        struct Parameter: Decodable {
            var name: String
            var shape: [Int]
            var seed: UInt64
            var center: Float
            var bound: Float
            var gradientNorm: Double
        }

        var name: String
        var parameters: [Parameter]
        var losses: [Float]
    }

    /// Floats and integers as the script draws them.
    struct Draws {
        var numbers: Numbers

        init(_ seed: UInt64) { numbers = Numbers(seed: seed) }

        mutating func unit() -> Float { Float(Int(numbers.next() >> 40)) / 16_777_216 }

        mutating func floats(_ count: Int, center: Float, bound: Float) -> [Float] {
            (0..<count).map { _ in center + (2 * unit() - 1) * bound }
        }

        mutating func integers(_ count: Int, below limit: Int) -> [Int64] {
            (0..<count).map { _ in Int64((unit() * Float(limit)).rounded(.down)) }
        }
    }
}
