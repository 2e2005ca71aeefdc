import CSaccadePixels

extension Plane {
    /// Means of square cells of the plane, `columns` x `rows` of them, from (x, y) on, which may lie outside: a cell
    /// that is not wholly inside takes the mean of the nearest one that is.
    ///
    /// `levels` are rows of `columns` bytes; `sums` is room for columns * side numbers. The side is 1...256. False
    /// without a cell inside; then nothing is written.
    func averageCells(
        x: Int, y: Int, side: Int, columns: Int, rows: Int, sums: UnsafeMutablePointer<UInt16>,
        into levels: UnsafeMutablePointer<UInt8>, _ set: PixelInstructionSet
    ) -> Bool {
        let insideX = Self.cellsInside(from: x, side: side, count: columns, length: width)
        let insideY = Self.cellsInside(from: y, side: side, count: rows, length: height)
        guard !insideX.isEmpty, !insideY.isEmpty else { return false }
        for row in insideY {
            let target = levels + row * columns
            sp_average_cells(
                set.rawValue, self.row(y + row * side) + (x + insideX.lowerBound * side), stride, side, side,
                insideX.count, sums, target + insideX.lowerBound)
            target.update(repeating: target[insideX.lowerBound], count: insideX.lowerBound)
            (target + insideX.upperBound).update(
                repeating: target[insideX.upperBound - 1], count: columns - insideX.upperBound)
        }
        for row in 0..<insideY.lowerBound {
            (levels + row * columns).update(from: levels + insideY.lowerBound * columns, count: columns)
        }
        for row in insideY.upperBound..<rows {
            (levels + row * columns).update(from: levels + (insideY.upperBound - 1) * columns, count: columns)
        }
        return true
    }

    /// Which of `count` cells from a place on lie wholly within 0..<length.
    private static func cellsInside(from start: Int, side: Int, count: Int, length: Int) -> Range<Int> {
        let first = start < 0 ? (side - 1 - start) / side : 0
        let last = start < length ? (length - start) / side : 0
        return first < min(last, count) ? first..<min(last, count) : 0..<0
    }
}
