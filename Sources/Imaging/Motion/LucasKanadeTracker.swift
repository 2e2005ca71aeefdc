import CSaccadePixels

/// Follows one window from a thumbnail to the next with the pyramidal method of Lucas and Kanade.
///
/// On each level, coarsest first, the shift d is found that makes the sum of squared differences of the window and the
/// other picture smallest (B. Lucas and T. Kanade, "An iterative image registration technique with an application to
/// stereo vision", IJCAI 1981), by Gauss-Newton steps with the gradient of the window, so that its matrix stays the
/// same in all steps; the shift found is where the next level begins (J.-Y. Bouguet, "Pyramidal implementation of the
/// Lucas Kanade feature tracker", 2000). The mean difference is left out, so that a change of exposure is no motion.
struct LucasKanadeTracker {
    /// A shift in pixels of the thumbnail.
    struct Shift: Equatable {
        var x: Float = 0
        var y: Float = 0
    }

    private static let side = Int(SP_WINDOW)
    private static let area = Float(SP_WINDOW * SP_WINDOW)
    private static let mostSteps = 8
    /// A step this short is the last one; in pixels, on the finest level and on the others.
    private static let shortestStep: (fine: Float, coarse: Float) = (0.01, 0.05)
    /// The share of the window's variance that the difference may leave.
    private static let largestRest: Float = 0.5

    let levels: [LumaPyramid.Level]
    let from: UnsafePointer<UInt8>
    let to: UnsafePointer<UInt8>
    let window: UnsafeMutablePointer<sp_window>
    let instructionSet: Int32

    /// The shift of the window whose top left pixel is (x, y) of the thumbnail; `nil` when it is lost: when it leaves
    /// the picture, or does not look like itself where it is found.
    func shift(x: Int, y: Int) -> Shift? {
        var shift = Shift()
        for index in levels.indices.reversed() {
            let (scale, isFinest) = (Float(1 << index), index == 0)
            // The window around the same middle, at whole pixels: only its shift is passed on.
            let half = Float(Self.side) / 2
            let column = Int(((Float(x) + half) / scale - half).rounded())
            let row = Int(((Float(y) + half) / scale - half).rounded())
            let found = follow(
                from: (column, row), by: Shift(x: shift.x / scale, y: shift.y / scale), on: levels[index], isFinest)
            if let found {
                shift = Shift(x: found.x * scale, y: found.y * scale)
            } else if isFinest {
                return nil
            }
        }
        let (left, top) = (Float(x) + shift.x, Float(y) + shift.y)
        guard left >= 0, top >= 0, left + Float(Self.side) <= Float(levels[0].width),
            top + Float(Self.side) <= Float(levels[0].height)
        else { return nil }
        return shift
    }

    private func follow(
        from place: (x: Int, y: Int), by first: Shift, on level: LumaPyramid.Level, _ isFinest: Bool
    ) -> Shift? {
        // A window has one readable pixel around it, and when sampled another column and row.
        let lowest = 1 - LumaPyramid.padding
        let highest = (
            x: level.width + LumaPyramid.padding - Self.side - 1, y: level.height + LumaPyramid.padding - Self.side - 1
        )
        guard place.x >= lowest, place.y >= lowest, place.x < highest.x, place.y < highest.y else { return nil }
        sp_take_window(
            instructionSet, from + level.origin + place.y * level.stride + place.x, level.stride, window)
        // Around the means: the matrix of gradients, and the variance of the window.
        let (sumX, sumY) = (Float(window.pointee.sum_x), Float(window.pointee.sum_y))
        let xx = Float(window.pointee.xx) - sumX * sumX / Self.area
        let xy = Float(window.pointee.xy) - sumX * sumY / Self.area
        let yy = Float(window.pointee.yy) - sumY * sumY / Self.area
        let determinant = xx * yy - xy * xy
        guard determinant > 0.001 * (xx + yy) * (xx + yy), xx + yy > Self.area else { return nil }
        let mean = Float(window.pointee.sum) / Self.area
        let variance = Float(window.pointee.square) - mean * mean * Self.area

        var shift = first
        var mismatch = sp_mismatch()
        for _ in 0..<Self.mostSteps {
            let (x, y) = (Float(place.x) + shift.x, Float(place.y) + shift.y)
            guard x >= Float(lowest), y >= Float(lowest), x < Float(highest.x), y < Float(highest.y) else { return nil }
            let (column, row) = (x.rounded(.down), y.rounded(.down))
            sp_compare_window(
                instructionSet, to + level.origin + Int(row) * level.stride + Int(column), level.stride,
                Int32((x - column) * 256), Int32((y - row) * 256), window, &mismatch)
            // Levels are times 8, gradients those over two pixels: a factor of 4.
            let difference = Float(mismatch.sum) / Self.area
            let along = (
                x: Float(mismatch.x) - difference * sumX, y: Float(mismatch.y) - difference * sumY
            )
            let stepX = (yy * along.x - xy * along.y) / determinant / 4
            let stepY = (xx * along.y - xy * along.x) / determinant / 4
            shift.x -= stepX
            shift.y -= stepY
            let shortest = isFinest ? Self.shortestStep.fine : Self.shortestStep.coarse
            if stepX * stepX + stepY * stepY < shortest * shortest { break }
        }
        if isFinest {
            let difference = Float(mismatch.sum) / Self.area
            let rest = Float(mismatch.square) - difference * difference * Self.area
            guard rest <= Self.largestRest * variance else { return nil }
        }
        return shift
    }
}
