package import Detections

/// Makes an object unrecognisable: what remains of it are the means of some ten cells along its longer side, drawn
/// smoothly or as a mosaic. Nothing finer survives, whatever is done to the picture afterwards.
package struct BlurAnnotator {
    /// Cells along the longer side of a box.
    package static let cells = 10
    /// A cell has at least this many pixels a side.
    package static let smallestCell = 8

    private var means: [Int32] = []

    package init() {}

    package mutating func annotate(
        _ image: inout Image, _ detection: Detection, concealment: AnnotationStyle.Concealment
    ) {
        precondition(image.isExclusive, "only an exclusive image is drawn on")
        guard let rect = PixelRect(detection.box) else { return }
        let part = rect.intersection(image.bounds)
        guard !part.isEmpty else { return }
        // Even cells and edges let a chroma cell cover the same part of the picture.
        let longest = max(part.width, part.height)
        let cell = max((longest + Self.cells - 1) / Self.cells, Self.smallestCell) & ~1
        let x1 = part.x1 & ~1
        let y1 = part.y1 & ~1
        conceal(
            image.y, PixelRect(x1: x1, y1: y1, x2: part.x2, y2: part.y2), cell: cell, smooth: concealment == .blur)
        let chroma = PixelRect(x1: x1 / 2, y1: y1 / 2, x2: (part.x2 + 1) / 2, y2: (part.y2 + 1) / 2)
        conceal(image.u, chroma, cell: cell / 2, smooth: concealment == .blur)
        conceal(image.v, chroma, cell: cell / 2, smooth: concealment == .blur)
    }

    private mutating func conceal(_ plane: Plane, _ rect: PixelRect, cell: Int, smooth: Bool) {
        let (columns, rows) = ((rect.width + cell - 1) / cell, (rect.height + cell - 1) / cell)
        means.removeAll(keepingCapacity: true)
        for row in 0..<rows {
            let ys = rect.y1 + row * cell..<min(rect.y1 + (row + 1) * cell, rect.y2)
            for column in 0..<columns {
                let xs = rect.x1 + column * cell..<min(rect.x1 + (column + 1) * cell, rect.x2)
                var sum = 0
                for y in ys {
                    let bytes = UnsafeBufferPointer(start: plane.row(y) + xs.lowerBound, count: xs.count)
                    for byte in bytes { sum &+= Int(byte) }
                }
                means.append(Int32((sum + xs.count * ys.count / 2) / (xs.count * ys.count)))
            }
        }
        for y in rect.y1..<rect.y2 {
            let (upper, lower, down) = Self.neighbours(y - rect.y1, cell: cell, count: rows, smooth: smooth)
            let bytes = UnsafeMutableBufferPointer(start: plane.row(y) + rect.x1, count: rect.width)
            for x in bytes.indices {
                let (left, right, across) = Self.neighbours(x, cell: cell, count: columns, smooth: smooth)
                let top = means[upper * columns + left] * (256 - across) + means[upper * columns + right] * across
                let bottom = means[lower * columns + left] * (256 - across) + means[lower * columns + right] * across
                bytes[x] = UInt8(truncatingIfNeeded: (top * (256 - down) + bottom * down + 32_768) >> 16)
            }
        }
    }

    /// The cells whose middles lie on both sides of a pixel, and the share of the second, 0 to 256.
    private static func neighbours(
        _ pixel: Int, cell: Int, count: Int, smooth: Bool
    ) -> (first: Int, second: Int, share: Int32) {
        guard smooth else { return (pixel / cell, pixel / cell, 0) }
        let place = 2 * pixel + 1 - cell
        guard place > 0 else { return (0, 0, 0) }
        let first = place / (2 * cell)
        return (first, min(first + 1, count - 1), Int32(place % (2 * cell) * 256 / (2 * cell)))
    }
}
