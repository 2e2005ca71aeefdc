import Foundation
import Quantization
import Tensors
import Testing

@Suite struct RangeSearchTests {
    /// What rounding really does to the elements: squared error ÷ power.
    private func error(_ elements: [Float], _ parameters: QuantizationParameters) -> Double {
        let (scale, zeroPoint) = (parameters.scales[0], Float(parameters.zeroPoints[0]))
        var (noise, power) = (0.0, 0.0)
        for x in elements {
            let q = min(max((x / scale).rounded(.toNearestOrEven) + zeroPoint, 0), 255) - zeroPoint
            noise += Double(q * scale - x) * Double(q * scale - x)
            power += Double(x) * Double(x)
        }
        return noise / power
    }

    @Test func minMaxCoversEverythingAndZero() {
        for (elements, low, high) in [([-1, 3], -1, 3), ([2, 5], 0, 5), ([-4, -3], -4, 0)]
            as [([Float], Double, Double)]
        {
            let parameters = RangeSearch([Histogram(elements)], weight: .uniform).parameters(.minMax)
            let (scale, zeroPoint) = (Double(parameters.scales[0]), Double(parameters.zeroPoints[0]))
            #expect(abs(scale - (high - low) / 255) < 1e-6)
            // The ends are within half a step, and zero is an integer.
            #expect(abs(-zeroPoint * scale - low) <= scale / 2 + 1e-9)
            #expect(abs((255 - zeroPoint) * scale - high) <= scale / 2 + 1e-9)
        }
    }

    @Test func theErrorIsThatOfTheElements() {
        var numbers = Numbers(seed: 3)
        let elements = numbers.normals(40_000)
        let search = RangeSearch([Histogram(elements)], weight: .uniform)
        for observer in [Observer.minMax, .percentile(1e-3), .leastSquares] {
            let parameters = search.parameters(observer)
            let real = error(elements, parameters)
            #expect(abs(search.error(parameters) - real) < 0.05 * real)
        }
    }

    /// A few large elements are clipped where that costs less than coarse steps for all.
    @Test func leastSquaresClipsOutliers() {
        var numbers = Numbers(seed: 4)
        let elements = numbers.normals(250_000) + [12, -11]
        let search = RangeSearch([Histogram(elements)], weight: .uniform)
        let best = search.parameters(.leastSquares)
        #expect(error(elements, best) < 0.8 * error(elements, search.parameters(.minMax)))
        #expect(best.scales[0] * 255 < 16)
        // Nothing is clipped without outliers.
        let even = numbers.floats(100_000)
        let plain = RangeSearch([Histogram(even)], weight: .uniform)
        #expect(abs(plain.parameters(.leastSquares).scales[0] - 2 / 255) < 1e-4)
    }

    @Test func theMeasuredObserverHasTheLeastError() {
        var numbers = Numbers(seed: 5)
        for outliers: [Float] in [[], [9], [100, 90], [-300]] {
            let search = RangeSearch([Histogram(numbers.normals(20_000) + outliers)], weight: .uniform)
            let measured = search.error(search.parameters(.measured))
            for observer in [Observer.minMax, .leastSquares, .percentile(1e-5), .percentile(1e-4), .percentile(1e-3)] {
                #expect(measured <= search.error(search.parameters(observer)))
            }
        }
    }

    @Test func percentilesLeaveOutTheirShare() {
        let elements = (0..<10_000).map { Float($0) / 10_000 - 0.5 }
        let parameters = RangeSearch([Histogram(elements)], weight: .uniform).parameters(.percentile(0.1))
        #expect(abs(parameters.scales[0] * 255 - 0.8) < 0.01)
    }

    /// Small tensors count as much as large ones.
    @Test func tensorsWithOneScaleAreWeighedByTheirPower() {
        var numbers = Numbers(seed: 6)
        let small = numbers.normals(20_000).map { $0 * 0.05 }
        let large = numbers.normals(20_000)
        let alone = RangeSearch([Histogram(large)], weight: .uniform).parameters(.leastSquares).scales[0]
        let both = RangeSearch([Histogram(large), Histogram(small)], weight: .uniform).parameters(.leastSquares).scales[
            0]
        #expect(both < alone)
    }

    @Test func scoresFarBelowAnyThresholdDoNotCount() {
        var numbers = Numbers(seed: 7)
        let elements = numbers.floats(50_000, -25, -9) + numbers.floats(500, -6, 3)
        let parameters = RangeSearch([Histogram(elements)], weight: .logit(floor: -8)).parameters(.measured)
        let low = -parameters.scales[0] * Float(parameters.zeroPoints[0])
        #expect(low >= -8.1 && low < -3)
        #expect(parameters.scales[0] < 12 / 255)
        // All of them far below: any parameters, but sound ones.
        let none = RangeSearch([Histogram(numbers.floats(100, -30, -20))], weight: .logit(floor: -8)).parameters(
            .measured)
        #expect(none.scales[0] > 0 && none.scales[0].isFinite)
    }

    @Test func nothingButZeros() {
        let parameters = RangeSearch([Histogram([0, 0])], weight: .uniform).parameters(.measured)
        #expect(parameters.scales[0] > 0 && parameters.scales[0].isFinite)
        let unseen = RangeSearch([Histogram()], weight: .uniform).parameters(.measured)
        #expect(unseen.scales[0] > 0 && unseen.scales[0].isFinite)
    }
}
