/// Draws anti-aliased text: DejaVu Sans Bold, ASCII and Latin-1, 6 to 256 pixels to the em.
///
/// A character is drawn once at each size and kept. Not to be used from two threads at once.
package final class TextRenderer {
    /// The sizes that text is drawn at.
    package static let sizes = 6...256
    /// Characters of a text beyond this many are left out.
    package static let longestText = 256

    private var glyphs: [Int: [GlyphBitmap?]] = [:]
    private let mask = CoverageMask()

    package init() {}

    /// The width of a text in pixels: the sum of its characters' advances.
    package func width(of text: String, size: Int) -> Int {
        let size = Self.clamped(size)
        return text.unicodeScalars.prefix(Self.longestText).reduce(0) { $0 + glyph($1, size: size).advance }
    }

    /// The height of capitals above the baseline, in pixels.
    package static func capitalHeight(size: Int) -> Int {
        Int(GridFit(size: clamped(size)).height(Float(GlyphOutline.heights.capital)))
    }

    /// Draws a line of text with the pen starting at `x` on the baseline `y` (the first row below the letters).
    package func draw(
        _ text: String, on image: inout Image, x: Int, baseline y: Int, size: Int, color: Color, opacity: Float = 1
    ) {
        let size = Self.clamped(size)
        let start = PixelRect(x1: x, y1: y, x2: x, y2: y)  // bounds the coordinates
        let extent = PixelRect(
            x1: start.x1 - size, y1: start.y1 - 2 * size, x2: start.x1 + width(of: text, size: size) + size,
            y2: start.y1 + size)
        guard mask.begin(within: extent, of: image) else { return }
        var pen = start.x1
        for character in text.unicodeScalars.prefix(Self.longestText) {
            let glyph = glyph(character, size: size)
            mask.add(
                glyph.coverage, width: glyph.width, height: glyph.height, x: pen + glyph.left, y: start.y1 + glyph.top)
            pen += glyph.advance
        }
        mask.paint(on: &image, color, opacity: opacity)
    }

    private func glyph(_ character: Unicode.Scalar, size: Int) -> GlyphBitmap {
        let index = GlyphOutline.index(of: character)
        if let glyph = glyphs[size]?[index] { return glyph }
        let glyph = GlyphBitmap(GlyphOutline(index: index), size: size)
        glyphs[size, default: [GlyphBitmap?](repeating: nil, count: 192)][index] = glyph
        return glyph
    }

    private static func clamped(_ size: Int) -> Int { min(max(size, sizes.lowerBound), sizes.upperBound) }
}
