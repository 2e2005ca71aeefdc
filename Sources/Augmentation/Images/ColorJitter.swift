import Foundation

/// Changes of brightness, contrast, saturation and hue as one affine map of RGB.
///
/// Luma is BT.601's. Contrast goes towards or away from the picture's mean luma, saturation towards the pixel's luma,
/// and hue turns the plane of Cb and Cr; the last two leave luma as it is. Levels are cut to 0...255 once, at the end.
package struct ColorJitter: Hashable, Sendable {
    /// Rows of red, green and blue.
    private var rows: [SIMD3<Double>] = [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
    private var offset = SIMD3<Double>()
    private static let luma = SIMD3(0.299, 0.587, 0.114)

    package init() {}

    /// Multiplies all levels.
    package mutating func brightness(_ factor: Double) {
        rows = rows.map { $0 * factor }
        offset *= factor
    }

    /// Multiplies the distance from the mean; `mean` is the luma of the picture before any change.
    package mutating func contrast(_ factor: Double, mean: Double) {
        let now = apply(SIMD3(repeating: mean))
        rows = rows.map { $0 * factor }
        offset = offset * factor + SIMD3(repeating: (now * Self.luma).sum() * (1 - factor))
    }

    /// Multiplies the distance from gray; 0 makes the picture gray.
    package mutating func saturation(_ factor: Double) {
        append(
            (0..<3).map { row in
                var line = Self.luma * (1 - factor)
                line[row] += factor
                return line
            })
    }

    /// Turns the hue by a share of the circle.
    package mutating func hue(turns: Double) {
        let (c, s) = (cos(turns * 2 * .pi), sin(turns * 2 * .pi))
        let l = Self.luma
        let toChroma = [l, (SIMD3(0, 0, 1) - l) / 1.772, (SIMD3(1, 0, 0) - l) / 1.402]
        let turned = [toChroma[0], toChroma[1] * c - toChroma[2] * s, toChroma[1] * s + toChroma[2] * c]
        let (red, blue) = (turned[0] + turned[2] * 1.402, turned[0] + turned[1] * 1.772)
        append([red, (turned[0] - red * l.x - blue * l.z) / l.y, blue])
    }

    private mutating func append(_ matrix: [SIMD3<Double>]) {
        let old = rows
        rows = matrix.map { $0.x * old[0] + $0.y * old[1] + $0.z * old[2] }
        offset = SIMD3((matrix[0] * offset).sum(), (matrix[1] * offset).sum(), (matrix[2] * offset).sum())
    }

    /// A colour of any range, changed and not cut.
    package func apply(_ color: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3((rows[0] * color).sum(), (rows[1] * color).sum(), (rows[2] * color).sum()) + offset
    }

    /// Changes a picture, in fixed point of 1/4096.
    package func apply(to image: inout RGBImage) {
        func fixed(_ value: Double) -> Int32 { Int32((min(max(value, -60), 60) * 4096).rounded()) }
        func fixedOffset(_ value: Double) -> Int32 { Int32((min(max(value, -1e5), 1e5) * 4096).rounded()) + 2048 }
        let (m, count) = (rows.map { SIMD3(fixed($0.x), fixed($0.y), fixed($0.z)) }, image.pixels.count / 3)
        let (r, g, b) = (m[0], m[1], m[2])
        let add = SIMD3(fixedOffset(offset.x), fixedOffset(offset.y), fixedOffset(offset.z))
        image.pixels.withUnsafeMutableBufferPointer { buffer in
            guard var pixel = buffer.baseAddress else { return }
            for _ in 0..<count {
                let (x, y, z) = (Int32(pixel[0]), Int32(pixel[1]), Int32(pixel[2]))
                let red = r.x &* x &+ r.y &* y &+ r.z &* z &+ add.x
                let green = g.x &* x &+ g.y &* y &+ g.z &* z &+ add.y
                let blue = b.x &* x &+ b.y &* y &+ b.z &* z &+ add.z
                pixel[0] = UInt8(truncatingIfNeeded: min(max(red >> 12, 0), 255))
                pixel[1] = UInt8(truncatingIfNeeded: min(max(green >> 12, 0), 255))
                pixel[2] = UInt8(truncatingIfNeeded: min(max(blue >> 12, 0), 255))
                pixel += 3
            }
        }
    }
}

extension RGBImage {
    /// The mean of BT.601 luma, 0 to 255; 0 for an empty picture.
    package var meanLuma: Double {
        var (red, green, blue) = (0, 0, 0)
        pixels.withUnsafeBufferPointer { buffer in
            guard var pixel = buffer.baseAddress else { return }
            for _ in 0..<buffer.count / 3 {
                red &+= Int(pixel[0])
                green &+= Int(pixel[1])
                blue &+= Int(pixel[2])
                pixel += 3
            }
        }
        let count = Double(max(width * height, 1))
        return (0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)) / count
    }
}
