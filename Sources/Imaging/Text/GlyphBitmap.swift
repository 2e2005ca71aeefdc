/// A character drawn at one size: rows of coverage, 0 to 255.
struct GlyphBitmap {
    /// The distance to the next character, in pixels.
    let advance: Int
    /// The top left pixel, relative to the pen: `left` to the right, `top` below the baseline (negative: above).
    let left: Int
    let top: Int
    let width: Int
    let height: Int
    let coverage: [UInt8]

    /// Draws an outline with exact coverage: what part of each pixel's area lies inside.
    init(_ outline: GlyphOutline, size: Int) {
        let fit = GridFit(size: size)
        advance = max(Int((Float(outline.advance) * fit.scale).rounded()), 1)

        var lines: [(SIMD2<Float>, SIMD2<Float>)] = []
        var (low, high) = (SIMD2<Float>(repeating: .infinity), SIMD2<Float>(repeating: -.infinity))
        outline.forEachLine(pieces: 8) { from, to in
            lines.append((fit.place(from), fit.place(to)))
            low = pointwiseMin(low, fit.place(from))
            high = pointwiseMax(high, fit.place(from))
        }
        guard !lines.isEmpty else {
            (left, top, width, height, coverage) = (0, 0, 0, 0, [])
            return
        }
        // The left edge of the letter falls on an edge between pixels, so that stems are sharp.
        let shift = low.x.rounded() - low.x
        left = Int(low.x.rounded())
        top = Int(low.y.rounded(.down))
        width = Int((high.x + shift).rounded(.up)) - left + 1
        height = Int(high.y.rounded(.up)) - top
        let origin = SIMD2<Float>(Float(left) - shift, Float(top))
        var area = AreaAccumulator(width: width, height: max(height, 1))
        for (from, to) in lines { area.add(from: from - origin, to: to - origin) }
        coverage = area.coverage()
    }
}

/// Places outlines on the pixel grid: the baseline and the tops of small letters, capitals and stems lie on edges
/// between pixels, which keeps text sharp at small sizes. Widths are left as they are.
struct GridFit {
    /// Pixels per unit of the em square.
    let scale: Float
    /// Heights in units with the pixels they map to, rising.
    private let zones: [(units: Float, pixels: Float)]

    init(size: Int) {
        let heights = GlyphOutline.heights
        let scale = Float(size) / Float(heights.unitsPerEm)
        self.scale = scale
        zones = [0, heights.small, heights.capital, heights.stem].map {
            (Float($0), (Float($0) * scale).rounded())
        }
    }

    /// A point in units with y upwards as a point in pixels with y downwards.
    func place(_ point: SIMD2<Float>) -> SIMD2<Float> { SIMD2(point.x * scale, -height(point.y)) }

    /// The height in pixels of a height in units.
    func height(_ units: Float) -> Float {
        // Round letters reach a little beyond straight ones: less than half a pixel of that only blurs the edge.
        let overshoot: Float = 40
        let snaps = overshoot * scale < 0.75
        if snaps, units < 0, units > -overshoot { return 0 }
        for (zone, next) in zip(zones, zones.dropFirst()) where units >= zone.units && units < next.units {
            if snaps, zone.units > 0, units < zone.units + overshoot { return zone.pixels }
            return zone.pixels + (units - zone.units) / (next.units - zone.units) * (next.pixels - zone.pixels)
        }
        let edge = units < 0 ? zones[0] : zones[zones.count - 1]
        return edge.pixels + (units - edge.units) * scale
    }
}

/// Sums the area to the right of each line of a closed outline, signed by its direction; where the sums along a row
/// are 1 the outline is inside.
struct AreaAccumulator {
    private let width: Int
    private let height: Int
    /// For each pixel, what the running sum along the row changes by; rows of width + 1.
    private var changes: [Float]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        changes = [Float](repeating: 0, count: (width + 1) * height)
    }

    /// Adds a line: cuts it at the edges between rows, then at those between columns.
    mutating func add(from a: SIMD2<Float>, to b: SIMD2<Float>) {
        guard a.y != b.y else { return }
        let sign: Float = a.y < b.y ? 1 : -1
        let (upper, lower) = a.y < b.y ? (a, b) : (b, a)
        let slope = (lower.x - upper.x) / (lower.y - upper.y)
        let firstRow = max(Int(upper.y.rounded(.down)), 0)
        let lastRow = min(Int(lower.y.rounded(.up)), height)
        guard firstRow < lastRow else { return }
        for row in firstRow..<lastRow {
            let top = max(upper.y, Float(row)), bottom = min(lower.y, Float(row + 1))
            guard top < bottom else { continue }
            let x1 = upper.x + (top - upper.y) * slope, x2 = upper.x + (bottom - upper.y) * slope
            let (left, right) = (min(x1, x2), max(x1, x2))
            let firstColumn = min(max(Int(left.rounded(.down)), 0), width - 1)
            let lastColumn = min(max(Int(right.rounded(.down)), firstColumn), width - 1)
            for column in firstColumn...lastColumn {
                let from = max(left, Float(column)), to = min(right, Float(column + 1))
                let share = right > left ? max(to - from, 0) / (right - left) : 1
                let dy = sign * (bottom - top) * share
                let middle = min(max((from + to) / 2 - Float(column), 0), 1)
                changes[row * (width + 1) + column] += dy * (1 - middle)
                changes[row * (width + 1) + column + 1] += dy * middle
            }
        }
    }

    /// Rows of `width` coverages.
    func coverage() -> [UInt8] {
        var result = [UInt8](repeating: 0, count: width * height)
        for row in 0..<height {
            var sum: Float = 0
            for column in 0..<width {
                sum += changes[row * (width + 1) + column]
                result[row * width + column] = UInt8((min(abs(sum), 1) * 255).rounded())
            }
        }
        return result
    }
}
