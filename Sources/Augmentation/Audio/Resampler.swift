import Foundation

/// Reads a clip at evenly spaced places between its samples: a sinc with a Kaiser window of 32 zero crossings to either
/// side, whose cutoff comes down where the step is above 1, so that nothing folds back. It is 6 dB down at 0.92 of the
/// highest frequency that both rates can hold, and 80 dB from that frequency on.
///
/// The kernel is a table of 512 places per zero crossing, between which lines are drawn.
package struct Resampler: Sendable {
    /// Source samples per sample of the result.
    package let step: Double
    private static let crossings = 32
    private static let places = 512
    private static let passband = 0.92

    /// kernel[crossing * places + place], one more at the end.
    private static let kernel: [Float] = {
        let beta = 8.0
        let count = crossings * places
        return (0...count).map { index in
            let x = Double(index) / Double(places)
            let share = x / Double(crossings)
            let sinc = x == 0 ? 1 : sin(.pi * x) / (.pi * x)
            return Float(sinc * bessel(beta * max(1 - share * share, 0).squareRoot()) / bessel(beta))
        } + [0]
    }()

    /// The modified Bessel function of order 0, by its series.
    private static func bessel(_ x: Double) -> Double {
        var (sum, term, k) = (1.0, 1.0, 1.0)
        while term > sum * 1e-16 {
            term *= (x / 2 / k) * (x / 2 / k)
            sum += term
            k += 1
        }
        return sum
    }

    /// A step of 1/64 to 64.
    package init(step: Double) {
        precondition(step >= 1.0 / 64 && step <= 64, "a step is 1/64 to 64")
        self.step = step
    }

    /// From one rate to another.
    package init(from rate: Double, to newRate: Double) { self.init(step: rate / newRate) }

    /// `count` samples of the result; sample i lies at place i * step of the source, which is silent outside.
    package func resampled(_ samples: [Float], count: Int) -> [Float] {
        if step == 1 { return AudioClip(samples: samples, rate: 1).fitted(to: count).samples }
        let cutoff = min(1, 1 / step) * Self.passband
        let reach = Double(Self.crossings) / cutoff
        var result = [Float](repeating: 0, count: count)
        samples.withUnsafeBufferPointer { samples in
            Self.kernel.withUnsafeBufferPointer { kernel in
                for index in 0..<count {
                    let center = Double(index) * step
                    let first = max(Int((center - reach).rounded(.up)), 0)
                    let last = min(Int((center + reach).rounded(.down)), samples.count - 1)
                    guard first <= last else { continue }
                    var sum = 0.0 as Float
                    for place in first...last {
                        let at = min(abs(Double(place) - center) * cutoff, Double(Self.crossings)) * Double(Self.places)
                        let entry = Int(at)
                        let share = Float(at - Double(entry))
                        sum += samples[place] * (kernel[entry] + (kernel[entry + 1] - kernel[entry]) * share)
                    }
                    result[index] = sum * Float(cutoff)
                }
            }
        }
        return result
    }
}
