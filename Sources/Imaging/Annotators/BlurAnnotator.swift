import CSaccadePixels
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
        let width = rect.width
        for y in 0..<rect.height {
            let out = plane.row(rect.y1 + y) + rect.x1
            if smooth {
                let (upper, lower, share) = Self.neighbours(y, cell: cell, count: rows)
                /// The mean of a column of cells at this row, times 65536.
                func mean(_ column: Int) -> Int32 {
                    let (a, b) = (means[upper * columns + column], means[lower * columns + column])
                    return a * (65_536 - share) + b * share
                }
                // Flat to the middle of the first cell, straight from middle to middle, flat again.
                var x = min(cell / 2, width)
                sp_write_ramp(out, x, mean(0), 0)
                for column in 1..<max(columns, 1) {
                    let end = min(x + cell, width)
                    let (from, to) = (mean(column - 1), mean(column))
                    let step = (to - from) / Int32(cell)
                    sp_write_ramp(out + x, end - x, from + step / 2, step)
                    x = end
                }
                sp_write_ramp(out + x, width - x, mean(columns - 1), 0)
            } else {
                for column in 0..<columns {
                    let x = column * cell
                    sp_write_ramp(out + x, min(cell, width - x), means[y / cell * columns + column] << 16, 0)
                }
            }
        }
    }

    /// The rows of cells whose middles lie on both sides of a row of pixels, and the share of the second, 0 to 65536.
    private static func neighbours(_ row: Int, cell: Int, count: Int) -> (first: Int, second: Int, share: Int32) {
        let place = 2 * row + 1 - cell
        guard place > 0 else { return (0, 0, 0) }
        let first = place / (2 * cell)
        return (first, min(first + 1, count - 1), Int32(place % (2 * cell) * 65_536 / (2 * cell)))
    }
}
