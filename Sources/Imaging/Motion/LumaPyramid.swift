import CSaccadePixels

/// The luma of a picture, averaged down to a thumbnail of at most 320 pixels a side, and that halved again and again
/// (an image pyramid; Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983, with the mean of 2 x 2
/// pixels as the filter).
///
///     var pyramid = LumaPyramid()
///     pyramid.update(from: image)  // in the steady state, pictures of one size, nothing is allocated
///
/// A pixel of the thumbnail is the mean of a cell of `cellSide` x `cellSide` pixels; what is left over at the right and
/// lower edge is not looked at. So a place (x, y) of the thumbnail, with pixel (i, j) spanning i to i + 1 and j to
/// j + 1, is (x * cellSide, y * cellSide) of the picture, and (x / 2, y / 2) of the next level.
package struct LumaPyramid: Sendable {
    /// One level: rows of bytes with `padding` pixels around them that repeat the edge.
    struct Level: Equatable, Sendable {
        let width: Int
        let height: Int
        /// The bytes from one row to the next.
        let stride: Int
        /// The index of the top left pixel among the bytes.
        let origin: Int
    }

    /// The longest side of the thumbnail.
    package static let longestSide = 320
    static let padding = 24
    /// Levels have sides of this at least, except the first one.
    private static let shortestSide = 16
    private static let mostLevels = 4

    /// The size of the picture of the last update; 0 before the first.
    package private(set) var sourceWidth = 0
    package private(set) var sourceHeight = 0
    /// Pixels of the picture per pixel of the thumbnail, along each axis.
    package private(set) var cellSide = 1
    private(set) var levels: [Level] = []
    private(set) var bytes: [UInt8] = []
    private var sums: [UInt16] = []
    private let instructionSet: PixelInstructionSet

    /// A pyramid of no picture yet.
    package init(instructionSet: PixelInstructionSet = .best) {
        self.instructionSet = min(instructionSet, .best)
    }

    /// The thumbnail's width in pixels; 0 before the first update.
    package var width: Int { levels.first?.width ?? 0 }
    /// The thumbnail's height in pixels; 0 before the first update.
    package var height: Int { levels.first?.height ?? 0 }

    /// The level (0 to 255) of a pixel of the thumbnail; places outside repeat the edge, and without a picture it is 0.
    package subscript(x: Int, y: Int) -> UInt8 {
        guard let level = levels.first else { return 0 }
        let (column, row) = (min(max(x, 0), level.width - 1), min(max(y, 0), level.height - 1))
        return bytes[level.origin + row * level.stride + column]
    }

    /// Takes another picture.
    package mutating func update(from image: borrowing Image) {
        if image.width != sourceWidth || image.height != sourceHeight {
            reserve(width: image.width, height: image.height)
        }
        let isa = instructionSet.rawValue
        let (cellWidth, cellHeight) = (min(cellSide, image.width), min(cellSide, image.height))
        let (luma, levels) = (image.y, levels)
        bytes.withUnsafeMutableBufferPointer { bytes in
            sums.withUnsafeMutableBufferPointer { sums in
                guard let bytes = bytes.baseAddress, let sums = sums.baseAddress else { return }
                for (index, level) in levels.enumerated() {
                    for row in 0..<level.height {
                        let target = bytes + level.origin + row * level.stride
                        if index == 0 {
                            sp_average_cells(
                                isa, luma.row(row * cellHeight), luma.stride, cellWidth, cellHeight, level.width, sums,
                                target)
                        } else {
                            let finer = levels[index - 1]
                            let source = bytes + finer.origin + 2 * row * finer.stride
                            sp_average_cells(isa, source, finer.stride, 2, 2, level.width, sums, target)
                        }
                    }
                    Self.repeatEdges(of: level, in: bytes)
                }
            }
        }
    }

    /// Room for a picture of this size.
    private mutating func reserve(width: Int, height: Int) {
        (sourceWidth, sourceHeight) = (width, height)
        cellSide = (max(width, height) + Self.longestSide - 1) / Self.longestSide
        var (levelWidth, levelHeight, end) = (max(1, width / cellSide), max(1, height / cellSide), 0)
        levels.removeAll(keepingCapacity: true)
        repeat {
            let stride = (levelWidth + 2 * Self.padding + 15) & ~15
            levels.append(
                Level(
                    width: levelWidth, height: levelHeight, stride: stride,
                    origin: end + Self.padding * stride + Self.padding))
            end += stride * (levelHeight + 2 * Self.padding)
            (levelWidth, levelHeight) = (levelWidth / 2, levelHeight / 2)
        } while levels.count < Self.mostLevels && min(levelWidth, levelHeight) >= Self.shortestSide
        bytes = [UInt8](repeating: 0, count: end)
        sums = [UInt16](repeating: 0, count: max(width, 2 * Self.longestSide))
    }

    private static func repeatEdges(of level: Level, in bytes: UnsafeMutablePointer<UInt8>) {
        let first = bytes + level.origin
        for row in 0..<level.height {
            let start = first + row * level.stride
            (start - padding).update(repeating: start[0], count: padding)
            (start + level.width).update(repeating: start[level.width - 1], count: padding)
        }
        let count = level.width + 2 * padding
        let (top, bottom) = (first - padding, first - padding + (level.height - 1) * level.stride)
        for row in 1...padding {
            (top - row * level.stride).update(from: top, count: count)
            (bottom + row * level.stride).update(from: bottom, count: count)
        }
    }
}
