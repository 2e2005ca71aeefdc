/// The correlation at every shift of a search, and its peak.
struct CorrelationSurface: Sendable {
    /// A peak.
    struct Peak: Equatable, Sendable {
        /// The shift, as the surface counts.
        var column: Int
        var row: Int
        /// The correlation there.
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
    func peak(reach: Int, penalty: Float) -> Peak? {
        let count = 2 * reach + 1
        let perCell = penalty / Float(reach * reach)
        func penalised(_ column: Int, _ row: Int) -> Float {
            let (dx, dy) = (Float(column - reach), Float(row - reach))
            return self[column, row] - perCell * (dx * dx + dy * dy)
        }
        var best = (column: 0, row: 0, value: -Float.infinity)
        for row in 0..<count {
            for column in 0..<count {
                let value = penalised(column, row)
                if value > best.value { best = (column, row, value) }
            }
        }
        guard best.column > 0, best.row > 0, best.column < count - 1, best.row < count - 1 else { return nil }
        var second = -Float.infinity
        for row in 0..<count {
            for column in 0..<count where abs(row - best.row) > 2 || abs(column - best.column) > 2 {
                second = max(second, penalised(column, row))
            }
        }
        return Peak(
            column: best.column, row: best.row, value: self[best.column, best.row], distinctness: best.value - second)
    }
}
