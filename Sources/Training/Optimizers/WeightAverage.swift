package import Kernels
import Tensors
import Foundation

/// The exponential moving average of a model's weights, which is validated and shipped instead of the last ones (Polyak
/// & Juditsky, 1992; as in the trainers of detectors).
///
///     var average = try WeightAverage(of: weights, count: count, decay: 0.9999, warmup: .ramp(steps: 2000))
///     average.update(from: weights)          // after each step
///
/// average ← average + (1 - d) · (weights - average), where the decay d grows to its value: the early weights are
/// forgotten sooner.
package struct WeightAverage: ~Copyable {
    /// How the decay grows with the number t of updates, the first being 1.
    package enum Warmup: Hashable, Sendable {
        case none
        /// min(decay, (1 + t) / (10 + t)), as TensorFlow's `ExponentialMovingAverage` has it.
        case count
        /// decay · (1 - exp(-t / steps))
        case ramp(steps: Double)
    }

    package let count: Int
    package let decay: Double
    package let warmup: Warmup
    package let threads: Int
    /// The updates so far.
    package internal(set) var updateCount = 0
    private let buffer: TensorBuffer
    private let kernel: OptimizerKernel

    /// An average that begins at `weights`.
    package init(
        of weights: UnsafePointer<Float>, count: Int, decay: Double = 0.9999, warmup: Warmup = .count,
        threads: Int = 1, instructionSet: InstructionSet = .best
    ) throws(OptimizerError) {
        guard decay >= 0, decay < 1 else { throw .invalidMethod("the average's decay is \(decay), not in 0 ..< 1") }
        if case .ramp(let steps) = warmup, !(steps > 0) {
            throw .invalidMethod("the average's ramp is \(steps) steps long")
        }
        guard count >= 0, count < 1 << 48 else { throw .outOfMemory(bytes: count) }
        let memory = try zeroedMemory(count * MemoryLayout<Float>.stride)
        memory.baseAddress.assumingMemoryBound(to: Float.self).update(from: weights, count: count)
        self.count = count
        self.decay = decay
        self.warmup = warmup
        self.threads = threads
        kernel = OptimizerKernel(instructionSet: instructionSet)
        buffer = memory
    }

    /// The average, `count` floats; valid while this value is alive.
    package var values: UnsafeMutablePointer<Float> { buffer.baseAddress.assumingMemoryBound(to: Float.self) }

    /// The decay of update number t.
    package func decay(at t: Int) -> Double {
        switch warmup {
        case .none: decay
        case .count: min(decay, Double(1 + t) / Double(10 + t))
        case .ramp(let steps): decay * (1 - exp(-Double(t) / steps))
        }
    }

    /// Takes in the weights after a step.
    package mutating func update(from weights: UnsafePointer<Float>) {
        updateCount += 1
        let share = Float(1 - decay(at: updateCount))
        let (kernel, values) = (kernel, values)
        parallelRanges(count, unit: 16, minimum: 1 << 14, threads: threads) { range in
            kernel.approach(
                share: share, count: range.count, target: weights + range.lowerBound,
                values: values + range.lowerBound)
        }
    }
}
