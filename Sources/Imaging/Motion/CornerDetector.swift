import CSaccadePixels
import Detections

/// Finds windows of the thumbnail that can be followed in every direction, spread evenly over the picture.
///
/// A window can be followed when the smaller eigenvalue of its matrix of gradient products is large (J. Shi and
/// C. Tomasi, "Good features to track", CVPR 1994). The windows of 16 x 16 pixels begin at multiples of 4 pixels; of
/// each square of the picture the best one is taken, as long as it stands out of the noise.
struct CornerDetector: Sendable {
    /// The top left pixel of a window in the thumbnail.
    struct Corner: Equatable, Sendable {
        var x: Int
        var y: Int
        var strength: Float
    }

    /// Roughly how many squares there are.
    static let squares = 110
    /// The least smaller eigenvalue: gradients of 2 levels from one pixel to the next but one, in the mean.
    static let leastStrength: Float = 4 * 256
    private static let block = 4
    private static let blocksPerWindow = Int(SP_WINDOW) / block
    /// How far from a box's edge the middle of a window stays, in pixels of the thumbnail.
    private static let margin: Float = 6

    private(set) var corners: [Corner] = []
    private var sums: [Int32] = []
    /// Three sums of products per block: xx, then xy, then yy, each row by row.
    private var products: [Int32] = []
    private var columnSums: [Int32] = []
    private var isExcluded: [Bool] = []

    /// Looks for corners outside the boxes, which are in pixels of the picture.
    mutating func detect(in pyramid: LumaPyramid, excluding boxes: [BoundingBox], _ set: PixelInstructionSet) {
        corners.removeAll(keepingCapacity: true)
        guard let level = pyramid.levels.first else { return }
        let (columns, rows) = (level.width / Self.block, level.height / Self.block)
        let (placesX, placesY) = (columns - Self.blocksPerWindow + 1, rows - Self.blocksPerWindow + 1)
        guard placesX > 0, placesY > 0 else { return }
        reserve(columns: columns, rows: rows, places: placesX * placesY)
        multiplyGradients(pyramid.bytes, level, columns: columns, rows: rows, set)
        exclude(boxes, cellSide: Float(pyramid.cellSide), placesX: placesX, placesY: placesY)

        let area = Float(level.width * level.height)
        let side = max(Int(SP_WINDOW), Int((area / Float(Self.squares)).squareRoot()))
        let squaresX = (level.width + side - 1) / side
        var firstOfRow = 0
        var squareRow = 0
        for y in 0..<placesY {
            let middle = y * Self.block + Int(SP_WINDOW) / 2
            if middle / side != squareRow || y == 0 {
                squareRow = middle / side
                firstOfRow = corners.count
                for _ in 0..<squaresX { corners.append(Corner(x: 0, y: 0, strength: Self.leastStrength)) }
            }
            addColumns(row: y, columns: columns, rows: rows)
            for x in 0..<placesX where !isExcluded[y * placesX + x] {
                let strength = smallerEigenvalue(at: x, columns: columns)
                let square = firstOfRow + (x * Self.block + Int(SP_WINDOW) / 2) / side
                if strength > corners[square].strength {
                    corners[square] = Corner(x: x * Self.block, y: y * Self.block, strength: strength)
                }
            }
        }
        corners.removeAll { $0.strength <= Self.leastStrength }
    }

    private mutating func reserve(columns: Int, rows: Int, places: Int) {
        guard products.count != 3 * columns * rows || columnSums.count != 3 * columns || isExcluded.count != places
        else { return }
        sums = [Int32](repeating: 0, count: 12 * columns)
        products = [Int32](repeating: 0, count: 3 * columns * rows)
        columnSums = [Int32](repeating: 0, count: 3 * columns)
        isExcluded = [Bool](repeating: false, count: places)
        corners.reserveCapacity(4 * Self.squares)
    }

    private mutating func multiplyGradients(
        _ bytes: [UInt8], _ level: LumaPyramid.Level, columns: Int, rows: Int, _ set: PixelInstructionSet
    ) {
        bytes.withUnsafeBufferPointer { bytes in
            products.withUnsafeMutableBufferPointer { products in
                sums.withUnsafeMutableBufferPointer { sums in
                    guard let bytes = bytes.baseAddress, let products = products.baseAddress,
                        let sums = sums.baseAddress
                    else { return }
                    for row in 0..<rows {
                        let xx = products + row * columns
                        sp_gradient_blocks(
                            set.rawValue, bytes + level.origin + row * Self.block * level.stride, level.stride, columns,
                            sums, xx, xx + rows * columns, xx + 2 * rows * columns)
                    }
                }
            }
        }
    }

    /// Marks the places whose windows have their middle in a box.
    private mutating func exclude(_ boxes: [BoundingBox], cellSide: Float, placesX: Int, placesY: Int) {
        for index in isExcluded.indices { isExcluded[index] = false }
        func places(_ low: Float, _ high: Float, _ count: Int) -> Range<Int> {
            let half = Float(SP_WINDOW) / 2, block = Float(Self.block)
            let first = ((low / cellSide - Self.margin - half) / block).rounded(.up)
            let last = ((high / cellSide + Self.margin - half) / block).rounded(.down)
            guard first <= last, first < Float(count), last >= 0 else { return 0..<0 }
            return Int(max(first, 0))..<Int(min(last, Float(count - 1))) + 1
        }
        for box in boxes where box.isFinite {
            let columns = places(box.x1, box.x2, placesX)
            for y in places(box.y1, box.y2, placesY) {
                for x in columns { isExcluded[y * placesX + x] = true }
            }
        }
    }

    /// The sums of the window's rows of blocks, for every column of blocks.
    private mutating func addColumns(row: Int, columns: Int, rows: Int) {
        for product in 0..<3 {
            for column in 0..<columns { columnSums[product * columns + column] = 0 }
            for y in row..<row + Self.blocksPerWindow {
                let start = (product * rows + y) * columns
                let source = products[start..<start + columns]
                for column in 0..<columns { columnSums[product * columns + column] &+= source[start + column] }
            }
        }
    }

    private func smallerEigenvalue(at x: Int, columns: Int) -> Float {
        var (xx, xy, yy): (Int32, Int32, Int32) = (0, 0, 0)
        for column in x..<x + Self.blocksPerWindow {
            xx &+= columnSums[column]
            xy &+= columnSums[columns + column]
            yy &+= columnSums[2 * columns + column]
        }
        let (half, difference) = (Float(xx &+ yy) / 2, Float(xx &- yy) / 2)
        return half - (difference * difference + Float(xy) * Float(xy)).squareRoot()
    }
}
