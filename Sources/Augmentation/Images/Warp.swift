/// Draws a picture through a homography onto a canvas.
///
/// Canvas pixels whose middle comes from inside the picture are written: bilinear, positions in 1/64 pixel, the edge
/// pixel continued by half a pixel. All others keep what they have. Where the map shrinks, a picture halved as often as
/// comes nearest to the shrinking is read instead (area means, as in a mipmap), so that detail does not alias. A map
/// that takes pixels to pixels copies them exactly.
package struct Warp {
    /// Places are whole numbers of 1/64 pixel: weights of two axes multiply to 12 bits, and three 20-bit sums of them
    /// fit one 64-bit word.
    private static let unit = 64.0
    /// 1.5 * 2^52: added to a number it leaves the rounded integer in the low bits, whatever the number is.
    private static let roundingMagic = 6_755_399_441_055_744.0

    /// Draws `source` on `canvas`; `map` takes places of the source to places of the canvas.
    package static func draw(_ source: RGBImage, through map: Homography, onto canvas: inout RGBImage) {
        guard !source.isEmpty, !canvas.isEmpty, let way = map.inverse else { return }
        let level = halvings(of: source, through: map)
        var (picture, scale) = (source, 1.0)
        for _ in 0..<level { (picture, scale) = (picture.halved(), scale / 2) }
        let toPicture = Homography.scale(x: scale * unit, y: scale * unit) * way
        // The exact sides in the halved picture's pixels may be half pixels.
        let (limitX, limitY) = (Int(Double(source.width) * scale * unit), Int(Double(source.height) * scale * unit))
        let (width, height, canvasWidth) = (picture.width, picture.height, canvas.width)
        picture.pixels.withUnsafeBufferPointer { pixels in
            canvas.pixels.withUnsafeMutableBufferPointer { out in
                guard let from = pixels.baseAddress, var row = out.baseAddress else { return }
                let sampler = Sampler(
                    pixels: from, width: width, height: height, limitX: UInt(limitX), limitY: UInt(limitY))
                for y in 0..<canvas.height {
                    let start = toPicture.mapped(x: 0.5, y: Double(y) + 0.5)
                    if toPicture.isAffine {
                        drawAffineRow(start, toPicture, sampler, into: row, count: canvasWidth)
                    } else {
                        drawRow(start, toPicture, sampler, into: row, count: canvasWidth)
                    }
                    row += canvasWidth * 3
                }
            }
        }
    }

    /// How often the source is halved: the power of two nearest to the shrinking at the middle of what is seen.
    private static func halvings(of source: RGBImage, through map: Homography) -> Int {
        let area = map.areaScale(x: Double(source.width) / 2, y: Double(source.height) / 2)
        var (level, side) = (0, min(source.width, source.height))
        // A side of 1 / sqrt 2 is an area of one half.
        var limit = 0.5
        while area > 0, area < limit, side > 1 {
            (level, side, limit) = (level + 1, side / 2, limit / 4)
        }
        return level
    }

    private static func drawAffineRow(
        _ start: SIMD3<Double>, _ map: Homography, _ sampler: Sampler, into row: UnsafeMutablePointer<UInt8>,
        count: Int
    ) {
        let (u, v, du, dv) = (start.x, start.y, map.a.x, map.b.x)
        for x in 0..<count {
            let at = Double(x)
            sampler.write(place(u + at * du), place(v + at * dv), to: row + x &* 3)
        }
    }

    private static func drawRow(
        _ start: SIMD3<Double>, _ map: Homography, _ sampler: Sampler, into row: UnsafeMutablePointer<UInt8>,
        count: Int
    ) {
        for x in 0..<count {
            let at = Double(x)
            let w = start.z + at * map.c.x
            guard w > 0 else { continue }
            let inverse = 1 / w
            sampler.write(
                place((start.x + at * map.a.x) * inverse), place((start.y + at * map.b.x) * inverse),
                to: row + x &* 3)
        }
    }

    /// The nearest whole number, without a trap: what is too large for it comes out as some other large number.
    @inline(__always)
    private static func place(_ value: Double) -> Int {
        Int(bitPattern: UInt((value + roundingMagic).bitPattern)) &- Int(bitPattern: UInt(roundingMagic.bitPattern))
    }

    /// Reads a picture between its pixels.
    private struct Sampler {
        let pixels: UnsafePointer<UInt8>
        let width: Int
        let height: Int
        let limitX: UInt
        let limitY: UInt

        /// Writes the pixel at (u, v), in 1/64 pixel, when it lies inside.
        @inline(__always)
        func write(_ u: Int, _ v: Int, to out: UnsafeMutablePointer<UInt8>) {
            guard UInt(bitPattern: u) < limitX, UInt(bitPattern: v) < limitY else { return }
            let (p, q) = (u &- 32, v &- 32)
            let (fx, fy) = (UInt64(truncatingIfNeeded: p & 63), UInt64(truncatingIfNeeded: q & 63))
            let (left, top) = (max(p >> 6, 0), max(q >> 6, 0))
            let (right, bottom) = (min((p >> 6) &+ 1, width &- 1), min((q >> 6) &+ 1, height &- 1))
            let (upper, lower) = (pixels + top &* width &* 3, pixels + bottom &* width &* 3)
            let above = lanes(upper + left &* 3) &* (64 &- fx) &+ lanes(upper + right &* 3) &* fx
            let below = lanes(lower + left &* 3) &* (64 &- fx) &+ lanes(lower + right &* 3) &* fx
            let half: UInt64 = 2048 | 2048 << 20 | 2048 << 40
            let sum = above &* (64 &- fy) &+ below &* fy &+ half
            out[0] = UInt8(truncatingIfNeeded: sum >> 12)
            out[1] = UInt8(truncatingIfNeeded: sum >> 32)
            out[2] = UInt8(truncatingIfNeeded: sum >> 52)
        }

        /// Three bytes as lanes of 20 bits.
        @inline(__always)
        private func lanes(_ pixel: UnsafePointer<UInt8>) -> UInt64 {
            UInt64(pixel[0]) | UInt64(pixel[1]) << 20 | UInt64(pixel[2]) << 40
        }
    }
}

extension RGBImage {
    /// The picture at half the size, sides rounded up: means of 2 x 2 pixels, of those that exist.
    func halved() -> RGBImage {
        let (newWidth, newHeight) = ((width + 1) / 2, (height + 1) / 2)
        var result = RGBImage(width: newWidth, height: newHeight)
        let (width, height) = (width, height)
        pixels.withUnsafeBufferPointer { pixels in
            result.pixels.withUnsafeMutableBufferPointer { out in
                guard let from = pixels.baseAddress, let to = out.baseAddress else { return }
                for y in 0..<newHeight {
                    let upper = from + 2 &* y &* width &* 3
                    let lower = from + min(2 &* y &+ 1, height &- 1) &* width &* 3
                    let row = to + y &* newWidth &* 3
                    for x in 0..<newWidth {
                        let (left, right) = (2 &* x &* 3, min(2 &* x &+ 1, width &- 1) &* 3)
                        for channel in 0..<3 {
                            let sum =
                                UInt(upper[left &+ channel]) &+ UInt(upper[right &+ channel])
                                &+ UInt(lower[left &+ channel]) &+ UInt(lower[right &+ channel])
                            row[x &* 3 &+ channel] = UInt8(truncatingIfNeeded: (sum &+ 2) >> 2)
                        }
                    }
                }
            }
        }
        return result
    }
}
