import Foundation

/// A gaussian blur, columns first and then rows. Weights are whole 256ths and add to 256; the edge pixel continues.
package struct GaussianBlur: Sendable {
    package static let largestSigma = 20.0
    /// The weights of distance 0, 1, 2 ...
    private let weights: [UInt16]

    /// A blur of `sigma` pixels, 0 to 20.
    package init(sigma: Double) {
        let sigma = min(max(sigma, 0), Self.largestSigma)
        let radius = Int((3 * sigma).rounded(.up))
        let bell = (0...radius).map { exp(-Double($0 * $0) / (2 * max(sigma * sigma, 1e-12))) }
        let sum = bell[0] + 2 * bell.dropFirst().reduce(0, +)
        var weights = bell.map { UInt16(($0 / sum * 256).rounded()) }
        // What rounding added or took is given back by the middle; in wide bells also by its neighbours, in pairs.
        let excess = Int(weights[0]) + 2 * weights.dropFirst().reduce(0) { $0 + Int($1) } - 256
        var left = excess
        for distance in weights.indices.dropFirst() where abs(left) > 2 {
            let step = left > 0 ? min(1, Int(weights[distance])) : -1
            weights[distance] = UInt16(Int(weights[distance]) - step)
            left -= 2 * step
        }
        weights[0] = UInt16(max(Int(weights[0]) - left, 0))
        while weights.count > 1, weights.last == 0 { weights.removeLast() }
        self.weights = weights
    }

    /// How far the blur reaches, in pixels.
    package var radius: Int { weights.count - 1 }

    package func apply(to image: inout RGBImage) {
        guard radius > 0, !image.isEmpty else { return }
        let (pitch, height, width) = (image.width * 3, image.height, image.width)
        var columns = [UInt8](repeating: 0, count: image.pixels.count)
        var sums = [UInt16](repeating: 0, count: pitch)
        var padded = [UInt8](repeating: 0, count: pitch + 6 * radius)
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            columns.withUnsafeMutableBufferPointer { columns in
                guard let picture = pixels.baseAddress, let blurred = columns.baseAddress else { return }
                sums.withUnsafeMutableBufferPointer { sums in
                    padded.withUnsafeMutableBufferPointer { padded in
                        guard let sums = sums.baseAddress, let padded = padded.baseAddress else { return }
                        for y in 0..<height {
                            blend(into: sums, count: pitch) { picture + min(max(y &+ $0, 0), height &- 1) &* pitch }
                            Self.finish(sums, count: pitch, into: blurred + y &* pitch)
                        }
                        let middle = padded + 3 &* radius
                        for y in 0..<height {
                            let row = blurred + y &* pitch
                            middle.update(from: row, count: pitch)
                            for pixel in 1...radius {
                                for channel in 0..<3 {
                                    middle[channel &- 3 &* pixel] = row[channel]
                                    middle[pitch &+ 3 &* (pixel &- 1) &+ channel] = row[3 &* (width &- 1) &+ channel]
                                }
                            }
                            blend(into: sums, count: pitch) { middle + 3 &* $0 }
                            Self.finish(sums, count: pitch, into: picture + y &* pitch)
                        }
                    }
                }
            }
        }
    }

    /// sums[i] = 128 + the weighted sum over distances d of row(d)[i].
    @inline(__always)
    private func blend(
        into sums: UnsafeMutablePointer<UInt16>, count: Int, row: (Int) -> UnsafeMutablePointer<UInt8>
    ) {
        let (own, weight) = (row(0), weights[0])
        for i in 0..<count { sums[i] = 128 &+ weight &* UInt16(own[i]) }
        for distance in 1..<weights.count {
            let (before, after, weight) = (row(-distance), row(distance), weights[distance])
            for i in 0..<count { sums[i] = sums[i] &+ weight &* (UInt16(before[i]) &+ UInt16(after[i])) }
        }
    }

    private static func finish(_ sums: UnsafePointer<UInt16>, count: Int, into row: UnsafeMutablePointer<UInt8>) {
        for i in 0..<count { row[i] = UInt8(truncatingIfNeeded: sums[i] >> 8) }
    }
}
