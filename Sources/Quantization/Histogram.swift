/// The distribution of a tensor's elements over all calibration inputs, in bounded memory and one pass: bins of equal
/// width that are merged in pairs when the range must grow.
package struct Histogram {
    package static let binCount = 4096
    /// More elements of one tensor are sampled evenly; the extremes are exact.
    package static let maximumSamples = 1 << 18

    package private(set) var minimum = Float.infinity
    package private(set) var maximum = -Float.infinity
    /// How often elements fell into each bin.
    package private(set) var counts = [Double](repeating: 0, count: binCount)
    package private(set) var low = 0.0
    package private(set) var width = 0.0

    /// The middles of the bins that are not empty, with their counts.
    package var bins: [(value: Double, count: Double)] {
        counts.indices.filter { counts[$0] > 0 }.map { (low + (Double($0) + 0.5) * width, counts[$0]) }
    }

    package init() {}

    /// Counts the elements of one tensor; false when one of them is not finite.
    package mutating func add(_ elements: UnsafeBufferPointer<Float>) -> Bool {
        guard !elements.isEmpty else { return true }
        var (least, greatest) = (elements[0], elements[0])
        // Sums of differences with itself are not 0 as soon as one element is infinite or no number.
        var check: Float = 0
        for element in elements {
            least = min(least, element)
            greatest = max(greatest, element)
            check += element - element
        }
        guard check == 0 else { return false }
        cover(least, greatest)
        let step = max(elements.count / Self.maximumSamples, 1) | 1
        let (low, scale) = (Float(self.low), Float(1 / width))
        counts.withUnsafeMutableBufferPointer { counts in
            var index = 0
            while index < elements.count {
                let bin = Int32((elements[index] - low) * scale)
                counts[Int(min(max(bin, 0), Int32(Self.binCount - 1)))] += 1
                index += step
            }
        }
        return true
    }

    private mutating func cover(_ least: Float, _ greatest: Float) {
        if width == 0 {
            low = Double(least)
            // A constant tensor has a range of its own size around it.
            let range = max(Double(greatest) - Double(least), abs(Double(least)) * 1e-3, 1e-20)
            width = range * 1.0001 / Double(Self.binCount)
        }
        minimum = min(minimum, least)
        maximum = max(maximum, greatest)
        while Double(greatest) > low + width * Double(Self.binCount) { merge(upwards: true) }
        while Double(least) < low { merge(upwards: false) }
    }

    /// Doubles the width of the bins; the range grows at one end.
    private mutating func merge(upwards: Bool) {
        let half = Self.binCount / 2
        var merged = [Double](repeating: 0, count: Self.binCount)
        for index in 0..<half { merged[index + (upwards ? 0 : half)] = counts[2 * index] + counts[2 * index + 1] }
        counts = merged
        if !upwards { low -= width * Double(Self.binCount) }
        width *= 2
    }
}
