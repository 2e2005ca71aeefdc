import CSaccadePixels

/// The shape of a character in DejaVu Sans Bold, from the outlines embedded in the library.
struct GlyphOutline {
    /// The distance to the next character, in units of the em square.
    let advance: Int
    private let numbers: UnsafePointer<Int16>

    /// Heights above the baseline, in units of the em square.
    struct Heights {
        let unitsPerEm: Int
        /// Small letters without stems, capitals, and letters with stems.
        let small: Int
        let capital: Int
        let stem: Int
    }

    static let heights: Heights = {
        let metrics = sp_font_metrics()
        return Heights(
            unitsPerEm: Int(metrics.units_per_em), small: Int(metrics.small), capital: Int(metrics.capital),
            stem: Int(metrics.stem))
    }()

    /// The glyph of a character; a box for one that the font data lack.
    init(_ character: Unicode.Scalar) {
        self.init(index: Self.index(of: character))
    }

    init(index: Int) {
        numbers = sp_font_glyph(index)
        advance = Int(numbers[0])
    }

    /// The place of a character among the glyphs: ASCII, Latin-1, and the sign for missing ones last.
    static func index(of character: Unicode.Scalar) -> Int {
        switch character.value {
        case 0x20...0x7E: Int(character.value) - 0x20
        case 0xA0...0xFF: Int(character.value) - 0xA0 + 95
        default: Int(SP_FONT_GLYPH_COUNT) - 1
        }
    }

    /// Walks the contours: calls `line` with the ends of each piece, in units of the em square with y upwards. Curves
    /// come as `pieces` straight pieces.
    func forEachLine(pieces: Int, _ line: (_ from: SIMD2<Float>, _ to: SIMD2<Float>) -> Void) {
        var at = 2
        for _ in 0..<Int(numbers[1]) {
            let count = Int(numbers[at])
            let points = UnsafeBufferPointer(start: numbers + at + 1, count: 2 * count)
            at += 1 + 2 * count
            guard count > 1 else { continue }
            func point(_ index: Int) -> SIMD2<Float> {
                SIMD2(Float(points[2 * (index % count)] >> 1), Float(points[2 * (index % count) + 1]))
            }
            func isOnCurve(_ index: Int) -> Bool { points[2 * (index % count)] & 1 == 1 }
            // Between two control points lies an unwritten point of the curve, halfway.
            let first = !isOnCurve(0) && isOnCurve(1) ? 1 : 0
            let start = isOnCurve(first) ? point(first) : (point(0) + point(1)) / 2
            var current = start
            for index in first + 1...first + count {
                let next = point(index)
                if isOnCurve(index) {
                    if isOnCurve(index - 1) { line(current, next) }
                    if isOnCurve(index - 1) { current = next }
                    continue
                }
                let end = isOnCurve(index + 1) ? point(index + 1) : (next + point(index + 1)) / 2
                var previous = current
                for piece in 1...pieces {
                    let t = Float(piece) / Float(pieces)
                    let place = (1 - t) * (1 - t) * current + 2 * t * (1 - t) * next + t * t * end
                    line(previous, place)
                    previous = place
                }
                current = end
            }
            if current != start { line(current, start) }
        }
    }
}
