/// The correlation at every shift of a search, and its peak.
struct CorrelationSurface: Sendable {
    /// A peak.
    struct Peak: Equatable, Sendable {
        /// The shift from the middle, in cells, with the fraction that a parabola gives.
        var x: Float
        var y: Float
        /// The correlation at the nearest whole shift.
        var value: Float
        /// How far it stands above the best shift that is more than two cells away, both after the penalty.
        var distinctness: Float
    }

    private var values: [Float]
    private let stride: Int

    /// Room for shifts of -longestReach...longestReach along each axis.
    init(longestReach: Int) {
        stride = 2 * longestReach + 1
        values = [Float](repeating: 0, count: stride * stride)
    }

    /// The correlation at a shift of (column - reach, row - reach).
    subscript(column: Int, row: Int) -> Float {
        get { values[row * stride + column] }
        set { values[row * stride + column] = newValue }
    }

    /// The highest place after each has lost `penalty` times the square of its distance from the middle, as a share of
    /// the reach; `nil` when it lies at the edge, so that the true one may lie beyond. Of equals the first is taken.
    mutating func peak(reach: Int, penalty: Float) -> Peak? {
        let count = 2 * reach + 1
        let perCell = penalty / Float(reach * reach)
        var best = (column: 0, row: 0, value: -Float.infinity)
        for row in 0..<count {
            for column in 0..<count {
                let (dx, dy) = (Float(column - reach), Float(row - reach))
                let value = self[column, row] - perCell * (dx * dx + dy * dy)
                self[column, row] = value
                if value > best.value { best = (column, row, value) }
            }
        }
        guard best.column > 0, best.row > 0, best.column < count - 1, best.row < count - 1 else { return nil }
        var second = -Float.infinity
        for row in 0..<count {
            for column in 0..<count where abs(row - best.row) > 2 || abs(column - best.column) > 2 {
                second = max(second, self[column, row])
            }
        }
        // Without the penalty, which would draw the vertex to the middle.
        func correlation(_ column: Int, _ row: Int) -> Float {
            let (dx, dy) = (Float(column - reach), Float(row - reach))
            return self[column, row] + perCell * (dx * dx + dy * dy)
        }
        let (column, row) = (best.column, best.row)
        let value = correlation(column, row)
        return Peak(
            x: Float(column - reach) + Self.vertex(correlation(column - 1, row), value, correlation(column + 1, row)),
            y: Float(row - reach) + Self.vertex(correlation(column, row - 1), value, correlation(column, row + 1)),
            value: value, distinctness: best.value - second)
    }

    /// Where the parabola through three neighbours has its vertex, from the middle one.
    private static func vertex(_ left: Float, _ middle: Float, _ right: Float) -> Float {
        let bend = left - 2 * middle + right
        return bend < 0 ? min(max((left - right) / (2 * bend), -0.5), 0.5) : 0
    }
}
