import CSaccadePixels

extension Image {
    /// Fills the whole picture with one colour.
    package mutating func fill(_ color: Color) { fill(bounds, color) }

    /// Blends a colour over a rectangle, clipped to the picture. `opacity` is 0 to 1.
    ///
    /// Chroma samples at the edge, of which the rectangle covers a part, get that part of the colour.
    package mutating func fill(_ rect: PixelRect, _ color: Color, opacity: Float = 1) {
        precondition(isExclusive, "only an exclusive image is drawn on")
        let rect = rect.intersection(bounds)
        let alpha = Int32(min(max(opacity.isNaN ? 0 : opacity, 0), 1) * 256)
        guard !rect.isEmpty, alpha > 0 else { return }
        let ink = color.yuv(in: self.color)
        for row in rect.y1..<rect.y2 { sp_blend_value(y.row(row) + rect.x1, rect.width, Int32(ink.y), alpha) }
        for row in rect.y1 / 2...(rect.y2 - 1) / 2 {
            let rowAlpha = alpha * Int32(Self.halvesCovered(row, from: rect.y1, to: rect.y2, side: height)) / 2
            fillChroma(u, row: row, rect: rect, value: ink.u, alpha: rowAlpha)
            fillChroma(v, row: row, rect: rect, value: ink.v, alpha: rowAlpha)
        }
    }

    /// Draws the outline of a rectangle: a frame of the given thickness inside its edges, clipped to the picture.
    ///
    /// With `dash` it consists of pieces of that length, of which one lies at each corner.
    package mutating func outline(
        _ rect: PixelRect, _ color: Color, thickness: Int, dash: Int? = nil, opacity: Float = 1
    ) {
        guard !rect.isEmpty, thickness > 0 else { return }
        let inner = rect.inset(by: thickness)
        guard !inner.isEmpty else { return fill(rect, color, opacity: opacity) }
        for span in Dashes(from: rect.x1, to: rect.x2, dash: dash) {
            let (left, right) = (span.lowerBound, span.upperBound)
            fill(PixelRect(x1: left, y1: rect.y1, x2: right, y2: inner.y1), color, opacity: opacity)
            fill(PixelRect(x1: left, y1: inner.y2, x2: right, y2: rect.y2), color, opacity: opacity)
        }
        for span in Dashes(from: rect.y1, to: rect.y2, dash: dash) {
            let (top, bottom) = (max(span.lowerBound, inner.y1), min(span.upperBound, inner.y2))
            fill(PixelRect(x1: rect.x1, y1: top, x2: inner.x1, y2: bottom), color, opacity: opacity)
            fill(PixelRect(x1: inner.x2, y1: top, x2: rect.x2, y2: bottom), color, opacity: opacity)
        }
    }

    private func fillChroma(_ plane: Plane, row: Int, rect: PixelRect, value: UInt8, alpha: Int32) {
        let bytes = plane.row(row)
        var (first, last) = (rect.x1 / 2, (rect.x2 - 1) / 2)
        if Self.halvesCovered(first, from: rect.x1, to: rect.x2, side: width) == 1 {
            sp_blend_value(bytes + first, 1, Int32(value), alpha / 2)
            first += 1
        }
        guard first <= last else { return }
        if Self.halvesCovered(last, from: rect.x1, to: rect.x2, side: width) == 1 {
            sp_blend_value(bytes + last, 1, Int32(value), alpha / 2)
            last -= 1
        }
        if first <= last { sp_blend_value(bytes + first, last - first + 1, Int32(value), alpha) }
    }

    /// How much of chroma sample `index` the pixels from..<to cover, in halves: 1 or 2. At an odd side's end the sample
    /// has one pixel, which is all of it.
    private static func halvesCovered(_ index: Int, from: Int, to: Int, side: Int) -> Int {
        let covered = min(2 * index + 2, to) - max(2 * index, from)
        return covered == 2 || 2 * index + 1 == side ? 2 : 1
    }
}

/// The pieces of a dashed line along one axis: of equal length, with equal gaps, and one at either end.
struct Dashes: Sequence, IteratorProtocol {
    private let from: Int
    private let to: Int
    private let dash: Int
    private let gaps: Int
    private var index = 0

    /// Pieces of `from`..<`to`; one whole piece without a `dash` or when there is room for no gap.
    init(from: Int, to: Int, dash: Int?) {
        let length = to - from
        self.from = from
        self.to = to
        let wanted = Swift.max(dash ?? length, 1)
        gaps = length > 2 * wanted ? Swift.max((length - wanted) / (2 * wanted), 1) : 0
        self.dash = gaps > 0 ? wanted : length
    }

    mutating func next() -> Range<Int>? {
        guard index <= gaps, to > from else { return nil }
        let start = gaps > 0 ? from + index * (to - from - dash) / gaps : from
        index += 1
        return start..<start + dash
    }
}
