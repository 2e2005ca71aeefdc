/// Sums of levels and of their squares over any rectangle in four reads each (F. Crow, "Summed-area tables for texture
/// mapping", SIGGRAPH 1984).
struct IntegralImage: Sendable {
    private var levels: [UInt32]
    private var squares: [UInt32]
    private var stride = 0

    /// Room for so many cells. The sum of the squares over a rectangle that is asked for is less than 2^32.
    init(width: Int, height: Int) {
        levels = [UInt32](repeating: 0, count: (width + 1) * (height + 1))
        squares = levels
    }

    /// Takes other cells: rows of `columns` bytes.
    mutating func update(cells: UnsafeBufferPointer<UInt8>, columns: Int, rows: Int) {
        stride = columns + 1
        for index in 0..<stride { (levels[index], squares[index]) = (0, 0) }
        levels.withUnsafeMutableBufferPointer { levels in
            squares.withUnsafeMutableBufferPointer { squares in
                for row in 0..<rows {
                    let source = UnsafeBufferPointer(rebasing: cells[row * columns..<(row + 1) * columns])
                    let (above, here) = (row * stride, (row + 1) * stride)
                    let upper = UnsafeBufferPointer(rebasing: levels[above..<here])
                    let upperSquares = UnsafeBufferPointer(rebasing: squares[above..<here])
                    let lower = UnsafeMutableBufferPointer(rebasing: levels[here..<here + stride])
                    let lowerSquares = UnsafeMutableBufferPointer(rebasing: squares[here..<here + stride])
                    (lower[0], lowerSquares[0]) = (0, 0)
                    // Modulo 2^32: the differences are right all the same.
                    var (sum, square): (UInt32, UInt32) = (0, 0)
                    for column in source.indices {
                        let level = UInt32(source[column])
                        sum &+= level
                        square &+= level &* level
                        lower[column + 1] = upper[column + 1] &+ sum
                        lowerSquares[column + 1] = upperSquares[column + 1] &+ square
                    }
                }
            }
        }
    }

    /// The sums over the rectangle from (x, y) on, which lies inside.
    func sums(x: Int, y: Int, width: Int, height: Int) -> (sum: Int64, squares: Int64) {
        let (top, bottom) = (y * stride + x, (y + height) * stride + x)
        let sum = levels[bottom + width] &- levels[bottom] &- levels[top + width] &+ levels[top]
        let square = squares[bottom + width] &- squares[bottom] &- squares[top + width] &+ squares[top]
        return (Int64(sum), Int64(square))
    }
}
