import Detections

/// The assignment of the greatest total score in which as many pairs are made as the shorter side allows, also those of
/// score 0.
///
/// Successive shortest augmenting paths with dual variables (Crouse, "On implementing 2D rectangular assignment
/// algorithms", 2016): O(rows² · columns). `LinearAssignment` finds the same total. But where several assignments have
/// it, as boxes on whole pixels bring about, TrackEval takes the one that SciPy's `linear_sum_assignment` meets first, and
/// who is matched decides who counts as switched. So the order in which columns are looked at, and the order of the
/// additions, are part of the contract here: the longer side stands in the columns, columns are looked at from the last
/// to the first, the last one takes the place of one that is done, and of equally near columns a free one is preferred.
package struct CompleteAssignment: Sendable {
    /// The column of each row after `solve`, or −1.
    package private(set) var columnOfRow: [Int] = []

    private var costs: [Double] = []
    private var rowOfColumn: [Int] = []
    private var rowDual: [Double] = []
    private var columnDual: [Double] = []
    private var distance: [Double] = []
    private var previousRow: [Int] = []
    private var scannedRows: [Int] = []
    private var scannedColumns: [Int] = []
    private var open: [Int] = []

    /// A solver with empty buffers.
    package init() {}

    /// Solves for finite `scores`, row-major, `rows × columns`.
    package mutating func solve(scores: [Double], rows: Int, columns: Int) {
        precondition(scores.count >= rows * columns, "a score for each pair")
        costs.removeAll(keepingCapacity: true)
        guard rows > columns else {
            costs.append(contentsOf: scores[..<(rows * columns)].lazy.map { -$0 })
            assign(rows: rows, columns: columns)
            return
        }
        for column in 0..<columns { for row in 0..<rows { costs.append(-scores[row * columns + column]) } }
        assign(rows: columns, columns: rows)
        swap(&columnOfRow, &rowOfColumn)
    }

    /// Solves for `costs`, of which there are no more rows than columns.
    private mutating func assign(rows: Int, columns: Int) {
        columnOfRow.refill(-1, count: rows)
        rowOfColumn.refill(-1, count: columns)
        rowDual.refill(0, count: rows)
        columnDual.refill(0, count: columns)
        distance.refill(.infinity, count: columns)
        previousRow.refill(-1, count: columns)
        for row in 0..<rows {
            let sink = shortestPath(from: row, columns: columns)
            guard sink >= 0 else { continue }
            updateDuals(start: row, length: distance[sink])
            augment(to: sink, from: row)
        }
    }

    /// Grows a tree of shortest paths from `start` until it meets a free column; −1 when it meets none, which finite
    /// costs do not bring about.
    private mutating func shortestPath(from start: Int, columns: Int) -> Int {
        open.removeAll(keepingCapacity: true)
        open.append(contentsOf: (0..<columns).reversed())
        scannedRows.removeAll(keepingCapacity: true)
        scannedColumns.removeAll(keepingCapacity: true)
        for column in 0..<columns { distance[column] = .infinity }
        var (row, reached) = (start, 0.0)
        while true {
            scannedRows.append(row)
            let (offset, dual) = (row * columns, rowDual[row])
            var (nearest, least) = (-1, Double.infinity)
            for (place, column) in open.enumerated() {
                let through = reached + costs[offset + column] - dual - columnDual[column]
                if through < distance[column] {
                    distance[column] = through
                    previousRow[column] = row
                }
                if distance[column] < least || (distance[column] == least && rowOfColumn[column] < 0) {
                    (nearest, least) = (place, distance[column])
                }
            }
            guard nearest >= 0, least < .infinity else { return -1 }
            reached = least
            let column = open[nearest]
            scannedColumns.append(column)
            open.swapAt(nearest, open.count - 1)
            open.removeLast()
            guard rowOfColumn[column] >= 0 else { return column }
            row = rowOfColumn[column]
        }
    }

    private mutating func updateDuals(start: Int, length: Double) {
        for row in scannedRows {
            rowDual[row] += row == start ? length : length - distance[columnOfRow[row]]
        }
        for column in scannedColumns { columnDual[column] -= length - distance[column] }
    }

    private mutating func augment(to sink: Int, from start: Int) {
        var column = sink
        while true {
            let row = previousRow[column]
            rowOfColumn[column] = row
            swap(&columnOfRow[row], &column)
            if row == start { return }
        }
    }
}
