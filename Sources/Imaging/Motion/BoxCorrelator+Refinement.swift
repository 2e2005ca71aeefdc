extension BoxCorrelator {
    /// By what part of a cell the template lies beside a peak: a Gauss-Newton step of the least squares of Lucas and
    /// Kanade, with the brightness and contrast of the template fitted to the picture, and the mean of both gradients,
    /// which makes the error one of third order (S. Benhimane and E. Malis, "Real-time image-based tracking of planes
    /// using efficient second-order minimization", IROS 2004). At most one cell along each axis; nothing without
    /// contrast.
    func fraction(of template: borrowing BoxTemplate, at peak: CorrelationSurface.Peak) -> (x: Float, y: Float) {
        let here = integrals.sums(x: peak.column, y: peak.row, width: template.columns, height: template.rows)
        let area = Int64(template.columns * template.rows)
        let contrast = Double(area * here.squares - here.sum * here.sum) / Double(template.variation)
        let gain = peak.value * Float(contrast.squareRoot())
        let offset = (Float(here.sum) - gain * Float(template.sum)) / Float(area)
        let (width, stride) = (template.paddedColumns, Self.pictureStride)
        let corner = peak.row * stride + peak.column
        var (xx, xy, yy, x, y): (Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0)
        for row in 1..<template.rows - 1 {
            let (own, other) = (row * width, corner + row * stride)
            for column in 1..<template.columns - 1 {
                let (a, b) = (own + column, other + column)
                let ownX = Float(template.levels[a + 1]) - Float(template.levels[a - 1])
                let ownY = Float(template.levels[a + width]) - Float(template.levels[a - width])
                let otherX = Float(picture[b + 1]) - Float(picture[b - 1])
                let otherY = Float(picture[b + stride]) - Float(picture[b - stride])
                // Over two cells, twice.
                let (gx, gy) = ((gain * ownX + otherX) / 4, (gain * ownY + otherY) / 4)
                let difference = Float(picture[b]) - (gain * Float(template.levels[a]) + offset)
                xx += gx * gx
                xy += gx * gy
                yy += gy * gy
                x += gx * difference
                y += gy * difference
            }
        }
        let determinant = xx * yy - xy * xy
        guard determinant > 0.001 * (xx + yy) * (xx + yy), gain > 0 else { return (0, 0) }
        let (right, down) = ((xy * y - yy * x) / determinant, (xy * x - xx * y) / determinant)
        return (min(max(right, -1), 1), min(max(down, -1), 1))
    }
}
