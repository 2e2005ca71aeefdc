import Quantization
import Testing

@Suite struct HistogramTests {
    @Test func everythingIsCountedWhileTheRangeGrows() throws {
        var histogram = Histogram()
        var numbers = Numbers(seed: 1)
        var total = 0
        for range: Float in [1, 0.5, 8, 3, 1000] {
            let elements = numbers.floats(5000, -range / 3, range)
            #expect(elements.withUnsafeBufferPointer { histogram.add($0) })
            total += elements.count
            #expect(histogram.minimum <= elements.min() ?? 0 && histogram.maximum >= elements.max() ?? 0)
        }
        #expect(histogram.bins.reduce(0) { $0 + $1.count } == Double(total))
        #expect(histogram.minimum < -300 && histogram.maximum > 950)
        // The bins hold the mean up to their width.
        let mean = histogram.bins.reduce(0) { $0 + $1.count * $1.value } / Double(total)
        #expect(abs(mean - (1 + 0.5 + 8 + 3 + 1000) / 15) < 8)
        #expect(Double(histogram.maximum - histogram.minimum) > histogram.width * Double(Histogram.binCount) / 4)
    }

    @Test func eachElementIsInItsBin() {
        let histogram = Histogram([-1, 0, 0, 0, 3])
        let near = histogram.bins.map { (Float($0.value.rounded()), $0.count) }
        #expect(near.map(\.0) == [-1, 0, 3])
        #expect(near.map(\.1) == [1, 3, 1])
    }

    @Test func oneValueAlone() {
        for value: Float in [0, 5, -1e-30, 3e37] {
            let histogram = Histogram(Array(repeating: value, count: 10))
            #expect(histogram.bins.map(\.count) == [10])
            #expect(histogram.minimum == value && histogram.maximum == value)
        }
    }

    @Test func largeTensorsAreSampledButTheirExtremesAreExact() {
        var numbers = Numbers(seed: 2)
        var elements = numbers.floats(3 * Histogram.maximumSamples)
        elements[elements.count - 2] = 40
        let histogram = Histogram(elements)
        let total = histogram.bins.reduce(0) { $0 + $1.count }
        #expect(total <= Double(Histogram.maximumSamples) * 1.01 && total > Double(Histogram.maximumSamples) / 2)
        #expect(histogram.maximum == 40)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func whatIsNotFiniteIsReported(_ value: Float) {
        var histogram = Histogram()
        var elements = Array(repeating: Float(1), count: 100)
        elements[70] = value
        #expect(!elements.withUnsafeBufferPointer { histogram.add($0) })
        #expect([Float]().withUnsafeBufferPointer { histogram.add($0) })
    }
}
