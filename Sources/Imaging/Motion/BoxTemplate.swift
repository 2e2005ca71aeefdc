package import Detections

/// How an object looked in one picture: the luma of its box in square cells, for `BoxCorrelator` to look for.
///
/// The longer side of the box has at most 32 cells, of whole pixels: a box of 31 x 75 pixels has 10 x 25 cells of
/// 3 x 3 pixels. It takes its memory once; keep one for each track and write it again and again.
package struct BoxTemplate: Sendable {
    /// The most cells along a side.
    static let longestSide = 32
    /// The fewest cells along a side: with less there is nothing to compare.
    static let shortestSide = 4

    /// The box that the template was taken from; the template holds the part of it inside the picture.
    package internal(set) var box = BoundingBox(x1: 0, y1: 0, x2: 0, y2: 0)
    /// Pixels per cell, along each axis.
    var cellSide = 1
    var columns = 0
    var rows = 0
    /// The length of a row of `levels`: the columns, filled up with zeros to a multiple of 16.
    var paddedColumns = 0
    /// The top left pixel.
    var x = 0
    var y = 0
    var levels = [Int16](repeating: 0, count: longestSide * longestSide)
    /// Sums of the levels and of their squares.
    var sum: Int64 = 0
    var squares: Int64 = 0

    /// A template of nothing.
    package init() {}

    /// Whether there is nothing to look for.
    package var isEmpty: Bool { columns == 0 }

    /// The cells' count times the sum of squares around the mean.
    var variation: Int64 { Int64(columns * rows) * squares - sum * sum }

    /// Makes it a template of nothing.
    package mutating func clear() {
        (columns, rows) = (0, 0)
    }
}
