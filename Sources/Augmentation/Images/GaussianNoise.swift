import Foundation

/// Normal noise for pixels: each channel of each pixel on its own, in levels.
package enum GaussianNoise {
    /// 4096 quantiles of the normal distribution at the middles of equal shares, in 1/4096, scaled to variance 1. One
    /// look-up is a draw; the largest is 3.7 standard deviations.
    static let quantiles: [Int32] = {
        let half = 2048
        var upper: [Double] = []
        var z = 0.0
        for place in 0..<half {
            // Newton's iteration on the distribution function, from the quantile before.
            let share = (Double(half + place) + 0.5) / 4096
            for _ in 0..<20 {
                let density = exp(-z * z / 2) / (2 * .pi).squareRoot()
                z -= (0.5 * erfc(-z / 2.0.squareRoot()) - share) / density
            }
            upper.append(z)
        }
        let deviation = (upper.reduce(0) { $0 + $1 * $1 } / Double(half)).squareRoot()
        let scaled = upper.map { Int32(($0 / deviation * 4096).rounded()) }
        return scaled.reversed().map { -$0 } + scaled
    }()

    /// Adds noise of `sigma` levels, 0 to 255.
    package static func add(sigma: Double, to image: inout RGBImage, _ stream: inout RandomStream) {
        let sigma = Int32((min(max(sigma, 0), 255) * 16).rounded())
        guard sigma > 0 else { return }
        var (bits, left) = (UInt64(0), 0)
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            quantiles.withUnsafeBufferPointer { quantiles in
                for index in pixels.indices {
                    if left == 0 { (bits, left) = (stream.next(), 5) }
                    let draw = quantiles[Int(bits & 4095)] &* sigma
                    bits >>= 12
                    left &-= 1
                    let level = Int32(pixels[index]) &+ (draw &+ 32_768) >> 16
                    pixels[index] = UInt8(truncatingIfNeeded: min(max(level, 0), 255))
                }
            }
        }
    }
}
