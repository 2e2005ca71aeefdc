import CSaccadePixels

/// How much of each pixel a shape covers, 0 to 255: anti-aliased shapes are first gathered here, then painted in one
/// colour, so that parts of a shape that overlap are not painted twice.
///
///     mask.begin(within: rect, of: image)
///     mask.addLine(from: (10, 10), to: (40, 20), radius: 2, opacity: 1)
///     mask.paint(on: &image, .white)  // empties the mask
///
/// Coordinates are those of the picture, pixel (0, 0) spanning 0 to 1; what lies outside is cut off. Only what was
/// touched is painted and cleared, so a long diagonal line costs its length and not its bounding box.
final class CoverageMask {
    /// The part of the picture that the mask covers now, with even edges on the left and at the top.
    private var bounds = PixelRect(x1: 0, y1: 0, x2: 0, y2: 0)
    private var pitch = 0
    /// Rows of `pitch` bytes, an even number of them, all zero between two shapes.
    private var bytes: [UInt8] = []
    /// The columns touched in each row, from..<to.
    private var touched: [(from: Int, to: Int)] = []
    private var halved: [UInt8] = []

    /// Starts a shape inside a rectangle. Returns `false` when nothing of it lies in the picture.
    func begin(within rect: PixelRect, of image: borrowing Image) -> Bool {
        let part = rect.intersection(image.bounds)
        guard !part.isEmpty else {
            bounds = PixelRect(x1: 0, y1: 0, x2: 0, y2: 0)
            return false
        }
        bounds = PixelRect(x1: part.x1 & ~1, y1: part.y1 & ~1, x2: part.x2, y2: part.y2)
        pitch = (bounds.width + 1) & ~1
        let rows = (bounds.height + 1) & ~1
        if bytes.count < pitch * rows { bytes = [UInt8](repeating: 0, count: pitch * rows) }
        if touched.count < rows { touched = [(from: Int, to: Int)](repeating: (Int.max, 0), count: rows) }
        if halved.count < pitch / 2 { halved = [UInt8](repeating: 0, count: pitch / 2) }
        return true
    }

    /// Adds rows of coverage (a glyph) with the top left corner at (x, y). Where shapes overlap the larger value counts.
    func add(_ coverage: [UInt8], width: Int, height: Int, x: Int, y: Int) {
        let part = PixelRect(x1: x, y1: y, x2: x + width, y2: y + height).intersection(bounds)
        guard !part.isEmpty, coverage.count >= width * height else { return }
        bytes.withUnsafeMutableBufferPointer { bytes in
            coverage.withUnsafeBufferPointer { coverage in
                guard let target = bytes.baseAddress, let source = coverage.baseAddress else { return }
                for row in part.y1..<part.y2 {
                    let place = touch(row: row, from: part.x1, to: part.x2)
                    sp_unite_coverage(target + place, source + (row - y) * width + part.x1 - x, part.width)
                }
            }
        }
    }

    /// Adds a line with round ends. `opacity` is 0 to 1.
    func addLine(from a: (x: Float, y: Float), to b: (x: Float, y: Float), radius: Float, opacity: Float) {
        guard a.x.isFinite, a.y.isFinite, b.x.isFinite, b.y.isFinite, !bounds.isEmpty else { return }
        let reach = radius + 1
        let top = max(Self.whole(min(a.y, b.y) - reach), bounds.y1)
        let bottom = min(Self.whole(max(a.y, b.y) + reach) + 1, bounds.y2)
        guard top < bottom else { return }
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let squaredLength = dx * dx + dy * dy
        guard squaredLength.isFinite else { return }
        var line = sp_line(x: a.x, y: a.y, dx: dx, dy: dy, radius: radius, full: min(max(opacity, 0), 1) * 255)
        bytes.withUnsafeMutableBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            for row in top..<bottom {
                let centerY = Float(row) + 0.5
                // The part of the line that comes near this row, and with it the columns to look at.
                var (t1, t2): (Float, Float) = (0, 1)
                if abs(dy) > 0.001 {
                    let (p, q) = ((centerY - reach - a.y) / dy, (centerY + reach - a.y) / dy)
                    (t1, t2) = (min(max(min(p, q), 0), 1), min(max(max(p, q), 0), 1))
                }
                let (x1, x2) = (a.x + t1 * dx, a.x + t2 * dx)
                let left = max(Self.whole(min(x1, x2) - reach), bounds.x1)
                let right = min(Self.whole(max(x1, x2) + reach) + 1, bounds.x2)
                guard left < right else { continue }
                let place = touch(row: row, from: left, to: right)
                sp_unite_line(start + place, right - left, Float(left), centerY, &line)
            }
        }
    }

    /// Paints what was gathered and empties the mask.
    func paint(on image: inout Image, _ color: Color, opacity: Float = 1) {
        precondition(image.isExclusive, "only an exclusive image is drawn on")
        guard !bounds.isEmpty else { return }
        let ink = color.yuv(in: image.color)
        let alpha = Int32(min(max(opacity.isNaN ? 0 : opacity, 0), 1) * 256)
        let (isOddWidth, isOddHeight) = (bounds.x2 & 1 == 1, bounds.y2 & 1 == 1)
        bytes.withUnsafeMutableBufferPointer { bytes in
            halved.withUnsafeMutableBufferPointer { halved in
                guard let start = bytes.baseAddress, let half = halved.baseAddress else { return }
                for top in stride(from: 0, to: bounds.height, by: 2) {
                    let upper = start + top * pitch, lower = upper + pitch
                    let from = min(touched[top].from, touched[top + 1].from) & ~1
                    let to = max(touched[top].to, touched[top + 1].to)
                    guard from < to else { continue }
                    // The last pixel of an odd side is all of its chroma sample.
                    if isOddWidth, bounds.x2 == image.width, to == bounds.width {
                        upper[to] = upper[to - 1]
                        lower[to] = lower[to - 1]
                    }
                    if isOddHeight, bounds.y2 == image.height, top + 1 == bounds.height {
                        lower.update(from: upper, count: pitch)
                    }
                    let row = bounds.y1 + top
                    let x = bounds.x1 + from
                    sp_blend_coverage(image.y.row(row) + x, upper + from, to - from, Int32(ink.y), alpha)
                    if row + 1 < bounds.y2 {
                        sp_blend_coverage(image.y.row(row + 1) + x, lower + from, to - from, Int32(ink.y), alpha)
                    }
                    let count = (to - from + 1) / 2
                    sp_halve_coverage(upper + from, lower + from, count, half)
                    sp_blend_coverage(image.u.row(row / 2) + x / 2, half, count, Int32(ink.u), alpha)
                    sp_blend_coverage(image.v.row(row / 2) + x / 2, half, count, Int32(ink.v), alpha)
                    (upper + from).update(repeating: 0, count: min(2 * count, pitch - from))
                    (lower + from).update(repeating: 0, count: min(2 * count, pitch - from))
                    touched[top] = (Int.max, 0)
                    touched[top + 1] = (Int.max, 0)
                }
            }
        }
        bounds = PixelRect(x1: 0, y1: 0, x2: 0, y2: 0)
    }

    /// Notes columns of a row as touched; returns the place of the first of them in `bytes`.
    private func touch(row: Int, from: Int, to: Int) -> Int {
        let index = row - bounds.y1
        touched[index] = (min(touched[index].from, from - bounds.x1), max(touched[index].to, to - bounds.x1))
        return index * pitch + from - bounds.x1
    }

    private static func whole(_ value: Float) -> Int { Int(min(max(value.rounded(.down), -1e7), 1e7)) }
}
