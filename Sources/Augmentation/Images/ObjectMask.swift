package import Imaging

/// Which pixels belong to an object: a window of the picture with one byte per pixel, 0 or 1. Outside of it is nothing.
package struct ObjectMask: Hashable, Sendable {
    /// The window's top left pixel in the picture.
    package let x: Int
    package let y: Int
    package let width: Int
    package let height: Int
    /// Rows of `width` bytes.
    package let bits: [UInt8]

    /// A mask of width x height bytes; any byte but 0 counts as 1.
    package init(x: Int, y: Int, width: Int, height: Int, bits: [UInt8]) {
        precondition(
            x >= 0 && y >= 0 && width >= 0 && height >= 0 && max(x, y, width, height) <= Image.longestSide
                && bits.count == width * height, "a mask has width x height bytes")
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        self.bits = bits.map { $0 == 0 ? 0 : 1 }
    }

    /// How many pixels belong to the object.
    package var count: Int { bits.reduce(0) { $0 + Int($1) } }

    /// Whether a pixel of the picture belongs to the object.
    package subscript(column: Int, row: Int) -> Bool {
        let (i, j) = (column - x, row - y)
        return i >= 0 && i < width && j >= 0 && j < height && bits[j * width + i] != 0
    }

    /// The smallest rectangle around the object; `nil` when there is none.
    package var bounds: PixelRect? {
        var (x1, y1, x2, y2) = (Int.max, Int.max, Int.min, Int.min)
        for row in 0..<height {
            let line = bits[row * width..<(row + 1) * width]
            guard let first = line.firstIndex(of: 1), let last = line.lastIndex(of: 1) else { continue }
            (y1, y2) = (min(y1, row), row + 1)
            (x1, x2) = (min(x1, first - row * width), max(x2, last - row * width + 1))
        }
        return x1 < x2 ? PixelRect(x1: x + x1, y1: y + y1, x2: x + x2, y2: y + y2) : nil
    }
}
