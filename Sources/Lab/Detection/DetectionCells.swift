/// The cells of a detector's maps over an input, in the order of its rows: levels by growing stride, each row by row.
package struct DetectionCells: Hashable, Sendable {
    package struct Level: Hashable, Sendable {
        package let stride: Int
        package let width: Int
        package let height: Int
        /// The place of its first cell.
        package let first: Int
    }

    package let levels: [Level]
    package let count: Int

    /// - Parameters:
    ///   - width: of the input in pixels, a multiple of the strides.
    ///   - height: of the input.
    package init(width: Int, height: Int, strides: [Int] = [8, 16, 32]) {
        var levels: [Level] = []
        var first = 0
        for stride in strides {
            levels.append(Level(stride: stride, width: width / stride, height: height / stride, first: first))
            first += (width / stride) * (height / stride)
        }
        self.levels = levels
        count = first
    }

    /// Centre x and y and the stride of each cell, in pixels.
    package var rows: [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(3 * count)
        for level in levels {
            let stride = Float(level.stride)
            for y in 0..<level.height {
                for x in 0..<level.width { rows += [(Float(x) + 0.5) * stride, (Float(y) + 0.5) * stride, stride] }
            }
        }
        return rows
    }
}

extension DetectionCells.Level {
    /// The columns whose centres lie between two edges, both excluded.
    func columns(from low: Float, to high: Float) -> Range<Int> { Self.places(low, high, stride, width) }

    /// The rows whose centres lie between two edges, both excluded.
    func rows(from low: Float, to high: Float) -> Range<Int> { Self.places(low, high, stride, height) }

    private static func places(_ low: Float, _ high: Float, _ stride: Int, _ count: Int) -> Range<Int> {
        // (i + ½) · stride > low and < high.
        let first = (low / Float(stride) - 0.5).rounded(.down) + 1
        let end = (high / Float(stride) - 0.5).rounded(.up)
        let begin = Int(min(max(first, 0), Float(count)))
        return begin..<max(begin, Int(min(max(end, 0), Float(count))))
    }
}
