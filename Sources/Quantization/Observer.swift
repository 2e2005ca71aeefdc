import Foundation
package import Tensors

/// How the range of a tensor is found from its distribution.
package enum Observer: Hashable, Sendable {
    /// All that was seen.
    case minMax
    /// Without the outermost share of the elements on either side, such as 0.0001.
    case percentile(Double)
    /// The range with the least squared error of rounding and clipping.
    case leastSquares
    /// Whichever of the above has the least error; chosen for each tensor.
    case measured
}

/// What an error at a value of a tensor costs.
package enum ErrorWeight: Hashable, Sendable {
    case uniform
    /// For raw class scores x: σ(x) · (1 − σ(x)), and nothing below `floor`, where no detection comes from.
    case logit(floor: Double)

    func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .uniform: return 1
        case .logit(let floor):
            guard x >= floor else { return 0 }
            let score = 1 / (1 + exp(-x))
            return max(score * (1 - score), 1e-4)
        }
    }
}

/// The distributions of the tensors that share one scale, and the search for its range.
///
/// The error of a range is the sum over the tensors of squared error ÷ power, so that small tensors count as much as
/// large ones.
package struct RangeSearch {
    private var values = [Double]()
    /// What a squared error at each of the values costs.
    private var costs = [Double]()
    private let range: ClosedRange<Double>
    private let histograms: [Histogram]

    package init(_ histograms: [Histogram], weight: ErrorWeight) {
        self.histograms = histograms
        // Zero is always in the range: padding is zero.
        var low = histograms.map { Double($0.minimum) }.filter { $0.isFinite }.min().map { min($0, 0) } ?? 0
        let high = histograms.map { Double($0.maximum) }.filter { $0.isFinite }.max().map { max($0, 0) } ?? 0
        if case .logit(let floor) = weight { low = max(low, min(floor, 0)) }
        range = low...max(high, low + 1e-12)
        for histogram in histograms {
            let bins = histogram.bins.map { (value: $0.value, cost: $0.count * weight($0.value)) }
            let power = bins.reduce(0) { $0 + $1.cost * $1.value * $1.value }
            guard power > 0 else { continue }
            for bin in bins where bin.cost > 0 {
                values.append(bin.value)
                costs.append(bin.cost / power)
            }
        }
    }

    package func parameters(_ observer: Observer) -> QuantizationParameters {
        switch observer {
        case .minMax: return Self.parameters(range)
        case .percentile(let share): return Self.parameters(percentile(share))
        case .leastSquares: return leastSquares()
        case .measured:
            let candidates =
                [parameters(.minMax), leastSquares()] + [1e-5, 1e-4, 1e-3].map { parameters(.percentile($0)) }
            return candidates.min { error($0) < error($1) } ?? candidates[0]
        }
    }

    /// Of the tensors' rounding to these parameters: squared error ÷ power, summed over the tensors.
    package func error(_ parameters: QuantizationParameters) -> Double {
        let scale = Double(parameters.scales[0])
        let zeroPoint = Double(parameters.zeroPoints[0])
        var sum = 0.0
        for index in values.indices {
            let q = min(max((values[index] / scale).rounded(.toNearestOrEven) + zeroPoint, 0), 255)
            let error = (q - zeroPoint) * scale - values[index]
            sum += costs[index] * error * error
        }
        return sum
    }

    /// Uint8 over a range that has 0 in it.
    package static func parameters(_ range: ClosedRange<Double>) -> QuantizationParameters {
        let low = min(range.lowerBound, 0)
        let high = max(range.upperBound, 0)
        let scale = Float(max((high - low) / 255, 1e-12))
        let zeroPoint = (-low / Double(scale)).rounded()
        return QuantizationParameters(scale: scale, zeroPoint: Int32(min(max(zeroPoint, 0), 255)))
    }

    private func percentile(_ share: Double) -> ClosedRange<Double> {
        var (low, high) = (0.0, 0.0)
        for histogram in histograms {
            let bins = histogram.bins
            let cut = bins.reduce(0) { $0 + $1.count } * share
            func bound(_ ordered: [(value: Double, count: Double)]) -> Double {
                var passed = 0.0
                for bin in ordered {
                    passed += bin.count
                    if passed > cut { return bin.value }
                }
                return 0
            }
            low = min(low, max(bound(bins), range.lowerBound))
            high = max(high, min(bound(bins.reversed()), range.upperBound))
        }
        return low...max(high, low)
    }

    /// Moves one end at a time, in steps that become finer.
    private func leastSquares() -> QuantizationParameters {
        var best = (low: range.lowerBound, high: range.upperBound)
        var bestParameters = Self.parameters(range)
        var bestError = error(bestParameters)
        func consider(_ low: Double, _ high: Double) {
            guard low <= 0, high >= 0, high > low else { return }
            let parameters = Self.parameters(low...high)
            let error = error(parameters)
            if error < bestError { (best, bestParameters, bestError) = ((low, high), parameters, error) }
        }
        for step in 1..<48 { consider(best.low, range.upperBound * (1 - Double(step) / 48)) }
        for step in 1..<48 { consider(range.lowerBound * (1 - Double(step) / 48), best.high) }
        for fraction in [0.02, 0.01, 0.005] {
            let (low, high) = best
            for a in -2...2 {
                for b in -2...2 { consider(low * (1 + fraction * Double(a)), high * (1 + fraction * Double(b))) }
            }
        }
        return bestParameters
    }
}
