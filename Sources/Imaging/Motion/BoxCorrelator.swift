import CSaccadePixels
package import Detections

/// Corrects the predicted box of an object by its looks, on frames that no detector sees.
///
///     var correlator = BoxCorrelator()
///     var template = BoxTemplate()                                         // one for each track
///     correlator.take(&template, of: detection.box, in: image)             // on a frame with detections
///     let match = correlator.match(template, near: predicted, in: image)   // on a frame without
///     let box = match?.box ?? predicted
///
/// The template is compared with every place around the prediction by normalised cross-correlation (J. P. Lewis, "Fast
/// normalized cross-correlation", 1995), which no change of brightness or contrast disturbs; the further from the
/// prediction, the better it must fit. A least squares step at the peak gives the part of a cell. Where the peak is low, as when the object is hidden or has turned, there is no match, and the prediction is the best guess.
///
/// Boxes may lie anywhere, be empty or not finite. The same input gives the same result on every processor. Once built
/// it allocates nothing.
package struct BoxCorrelator: Sendable {
    /// Where a template was found.
    package struct Match: Hashable, Sendable {
        /// The predicted box, moved to where the object is.
        package var box: BoundingBox
        /// The normalised cross-correlation there, -1 to 1.
        package var peak: Float
        /// By how much the peak stands above every place more than two cells away: 0 and less is ambiguous.
        package var distinctness: Float
    }

    /// How far is looked, as a share of the longer side of the template, and in cells.
    static let reach = 0.3
    static let shortestReach = 4
    static let longestReach = 16
    /// What a place at the end of the reach along one axis must be better by than the prediction itself.
    static let penalty: Float = 0.5
    /// The least standard deviation of a template's levels.
    static let leastContrast: Int64 = 2
    /// The longest side of what is searched, in cells, with room for the padding of a template's rows.
    private static let longestSide = BoxTemplate.longestSide + 2 * longestReach
    static let pictureStride = longestSide + 16

    /// The peak below which there is no match.
    package let leastPeak: Float
    /// The distinctness below which there is no match.
    package let leastDistinctness: Float
    private let instructionSet: PixelInstructionSet
    private var sums = [UInt16](repeating: 0, count: longestSide * Int(SP_LONGEST_CELL))
    private var cells = [UInt8](repeating: 0, count: longestSide * longestSide)
    var picture = [Int16](repeating: 0, count: pictureStride * longestSide)
    var integrals = IntegralImage(width: longestSide, height: longestSide)
    private var products = [Int32](repeating: 0, count: 2 * longestReach + 1)
    private var surface = CorrelationSurface(longestReach: longestReach)

    /// A correlator that takes no lower and no less distinct peak for a match.
    package init(
        leastPeak: Float = 0.6, leastDistinctness: Float = 0.05, instructionSet: PixelInstructionSet = .best
    ) {
        self.leastPeak = leastPeak
        self.leastDistinctness = leastDistinctness
        self.instructionSet = min(instructionSet, .best)
    }

    /// Takes how the object in a box looks; a template of nothing when too little of it is inside the picture, when it
    /// is too large (a side of more than 8192 pixels) or when it shows no contrast.
    package mutating func take(_ template: inout BoxTemplate, of box: BoundingBox, in image: borrowing Image) {
        template.clear()
        let part = box.clamped(width: image.width, height: image.height)
        guard box.isFinite, part.area >= box.area / 2 else { return }
        let side = Int((max(part.width, part.height) / Float(BoxTemplate.longestSide)).rounded(.up))
        guard side >= 1, side <= Int(SP_LONGEST_CELL) else { return }
        let columns = Int((part.width / Float(side)).rounded()), rows = Int((part.height / Float(side)).rounded())
        guard min(columns, rows) >= BoxTemplate.shortestSide else { return }
        let x = Int((part.centerX - Float(columns * side) / 2).rounded())
        let y = Int((part.centerY - Float(rows * side) / 2).rounded())
        guard average(image.y, x: x, y: y, side: side, columns: columns, rows: rows) else { return }
        template.box = box
        (template.x, template.y, template.cellSide) = (x, y, side)
        template.paddedColumns = (columns + 15) & ~15
        (template.sum, template.squares) = (0, 0)
        for row in 0..<rows {
            let target = row * template.paddedColumns
            for column in 0..<columns {
                let level = Int16(cells[row * columns + column])
                template.levels[target + column] = level
                template.sum += Int64(level)
                template.squares += Int64(level) * Int64(level)
            }
            for column in columns..<template.paddedColumns { template.levels[target + column] = 0 }
        }
        (template.columns, template.rows) = (columns, rows)
        let count = Int64(columns * rows)
        if template.variation < count * count * Self.leastContrast * Self.leastContrast { template.clear() }
    }

    /// Looks for the template around a predicted box; `nil` when it is not there.
    package mutating func match(
        _ template: borrowing BoxTemplate, near predicted: BoundingBox, in image: borrowing Image
    ) -> Match? {
        let side = template.cellSide
        let moved = (
            x: predicted.centerX - template.box.centerX, y: predicted.centerY - template.box.centerY
        )
        // Further than this no picture reaches.
        let limit = Float(4 * Image.longestSide)
        guard !template.isEmpty, predicted.isFinite, abs(moved.x) < limit, abs(moved.y) < limit else { return nil }
        let longest = Double(max(template.columns, template.rows))
        let reach = min(max(Int((Self.reach * longest).rounded(.up)), Self.shortestReach), Self.longestReach)
        let columns = template.columns + 2 * reach, rows = template.rows + 2 * reach
        let x = template.x + Int(moved.x.rounded()), y = template.y + Int(moved.y.rounded())
        guard
            average(image.y, x: x - reach * side, y: y - reach * side, side: side, columns: columns, rows: rows)
        else { return nil }
        widen(columns: columns, rows: rows)
        cells.withUnsafeBufferPointer { integrals.update(cells: $0, columns: columns, rows: rows) }
        correlate(template, reach: reach)
        guard let peak = surface.peak(reach: reach, penalty: Self.penalty), peak.value >= leastPeak,
            peak.distinctness >= leastDistinctness
        else { return nil }
        let fraction = fraction(of: template, at: peak)
        let shiftX = Float(x - template.x) + (Float(peak.column - reach) + fraction.x) * Float(side)
        let shiftY = Float(y - template.y) + (Float(peak.row - reach) + fraction.y) * Float(side)
        let box = BoundingBox(
            centerX: template.box.centerX + shiftX, centerY: template.box.centerY + shiftY, width: predicted.width,
            height: predicted.height)
        return Match(box: box, peak: peak.value, distinctness: peak.distinctness)
    }

    private mutating func average(_ plane: Plane, x: Int, y: Int, side: Int, columns: Int, rows: Int) -> Bool {
        let set = instructionSet
        return sums.withUnsafeMutableBufferPointer { sums in
            cells.withUnsafeMutableBufferPointer { cells in
                guard let sums = sums.baseAddress, let cells = cells.baseAddress else { return false }
                return plane.averageCells(
                    x: x, y: y, side: side, columns: columns, rows: rows, sums: sums, into: cells, set)
            }
        }
    }

    /// Copies the cells as numbers of 16 bits, in rows with room behind them.
    private mutating func widen(columns: Int, rows: Int) {
        for row in 0..<rows {
            let source = cells[row * columns..<(row + 1) * columns]
            let target = row * Self.pictureStride - source.startIndex
            for index in source.indices { picture[target + index] = Int16(source[index]) }
        }
    }

    /// Fills the surface with the correlation at every shift.
    private mutating func correlate(_ template: borrowing BoxTemplate, reach: Int) {
        let count = 2 * reach + 1
        let area = Int64(template.columns * template.rows)
        let variation = Double(template.variation)
        for row in 0..<count {
            template.levels.withUnsafeBufferPointer { levels in
                picture.withUnsafeBufferPointer { picture in
                    products.withUnsafeMutableBufferPointer { products in
                        guard let levels = levels.baseAddress, let picture = picture.baseAddress,
                            let products = products.baseAddress
                        else { return }
                        sp_correlate(
                            instructionSet.rawValue, levels, template.paddedColumns, template.rows,
                            picture + row * Self.pictureStride, Self.pictureStride, count, products)
                    }
                }
            }
            for column in 0..<count {
                let here = integrals.sums(x: column, y: row, width: template.columns, height: template.rows)
                let covariation = area * Int64(products[column]) - template.sum * here.sum
                let product = variation * Double(area * here.squares - here.sum * here.sum)
                surface[column, row] = product > 0 ? Float(Double(covariation) / product.squareRoot()) : 0
            }
        }
    }
}
