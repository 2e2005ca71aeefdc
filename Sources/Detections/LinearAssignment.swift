/// The exact solution of the rectangular assignment problem: which row takes which column at the least total cost, where
/// a row may also stay alone for `unmatchedCost`.
///
/// Successive shortest augmenting paths with dual variables (Jonker and Volgenant 1987; the formulation of Crouse, "On
/// implementing 2D rectangular assignment algorithms", 2016): O(rows² · columns). Costs that are infinite or NaN forbid their
/// pair. A row that stays alone is matched to a column of its own that nobody else may take; such a column never
/// re-enters a path, so it needs no storage. Ties go to the lower index: the result depends on the costs alone.
///
/// The buffers are kept between calls: in the steady state `solve` allocates nothing.
package struct LinearAssignment: Sendable {
    /// The column of each row after `solve`, or −1.
    package private(set) var columnOfRow: [Int] = []
    /// The row of each column after `solve`, or −1.
    package private(set) var rowOfColumn: [Int] = []

    private var rowDual: [Double] = []
    private var columnDual: [Double] = []
    private var distance: [Double] = []
    private var previousRow: [Int] = []
    private var isColumnScanned: [Bool] = []
    private var scannedRows: [Int] = []

    /// A solver with empty buffers.
    package init() {}

    /// Solves for `costs`, row-major, `rows × columns`. Finite costs are matched only where that is cheaper than leaving
    /// the row alone; `unmatchedCost` must be finite. The result is in `columnOfRow` and `rowOfColumn`.
    package mutating func solve(costs: [Double], rows: Int, columns: Int, unmatchedCost: Double) {
        precondition(costs.count >= rows * columns && unmatchedCost.isFinite, "a cost for each pair and for none")
        reset(rows: rows, columns: columns)
        guard columns > 0 else { return }
        for row in 0..<rows { augment(from: row, costs: costs, columns: columns, alone: unmatchedCost) }
    }

    private mutating func reset(rows: Int, columns: Int) {
        columnOfRow.refill(-1, count: rows)
        rowOfColumn.refill(-1, count: columns)
        rowDual.refill(0, count: rows)
        columnDual.refill(0, count: columns)
        distance.refill(.infinity, count: columns)
        previousRow.refill(-1, count: columns)
        isColumnScanned.refill(false, count: columns)
    }

    /// Grows the assignment by one row: Dijkstra over reduced costs from `start` to the nearest free column, or to a row
    /// that had better stay alone.
    private mutating func augment(from start: Int, costs: [Double], columns: Int, alone: Double) {
        for column in 0..<columns {
            distance[column] = .infinity
            isColumnScanned[column] = false
        }
        scannedRows.removeAll(keepingCapacity: true)
        var row = start
        var reached = 0.0
        var aloneRow = start
        var aloneDistance = Double.infinity
        var sink = -1
        while true {
            scannedRows.append(row)
            let ownColumn = reached + alone - rowDual[row]
            if ownColumn < aloneDistance { (aloneDistance, aloneRow) = (ownColumn, row) }
            var nearest = -1
            var nearestDistance = Double.infinity
            let base = reached - rowDual[row]
            let offset = row * columns
            for column in 0..<columns where !isColumnScanned[column] {
                let through = base + costs[offset + column] - columnDual[column]
                if through < distance[column], through > -.infinity {
                    distance[column] = through
                    previousRow[column] = row
                }
                // Of equally near columns a free one ends the search sooner.
                if distance[column] < nearestDistance
                    || (distance[column] == nearestDistance && nearest >= 0 && rowOfColumn[column] < 0
                        && rowOfColumn[nearest] >= 0)
                {
                    nearest = column
                    nearestDistance = distance[column]
                }
            }
            if nearest < 0 || aloneDistance < nearestDistance {
                reached = aloneDistance
                break
            }
            reached = nearestDistance
            isColumnScanned[nearest] = true
            if rowOfColumn[nearest] < 0 {
                sink = nearest
                break
            }
            row = rowOfColumn[nearest]
        }
        updateDuals(start: start, reached: reached)
        if sink < 0 { sink = release(aloneRow, start: start) }
        while sink >= 0 {
            let row = previousRow[sink]
            rowOfColumn[sink] = row
            let next = columnOfRow[row]
            columnOfRow[row] = sink
            if row == start { break }
            sink = next
        }
    }

    private mutating func updateDuals(start: Int, reached: Double) {
        for row in scannedRows {
            let column = columnOfRow[row]
            if row == start {
                rowDual[row] += reached
            } else if column >= 0 {
                rowDual[row] += reached - distance[column]
            }
        }
        for column in columnDual.indices where isColumnScanned[column] {
            columnDual[column] -= reached - distance[column]
        }
    }

    /// Leaves a row alone and gives back the column that it held, which is now the end of the path; −1 when that row is
    /// the new one.
    private mutating func release(_ row: Int, start: Int) -> Int {
        let column = columnOfRow[row]
        columnOfRow[row] = -1
        return row == start ? -1 : column
    }
}

extension Array {
    /// Makes all of the array `value`, with `count` elements, keeping its storage.
    @inlinable
    package mutating func refill(_ value: Element, count: Int) {
        removeAll(keepingCapacity: true)
        append(contentsOf: repeatElement(value, count: count))
    }
}
