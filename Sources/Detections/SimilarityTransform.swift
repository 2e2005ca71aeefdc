import Foundation

/// A rotation, a uniform scale and a shift of the plane, in pixels with `y` down:
///
///     x' = a x - b y + tx        a = scale cos(rotation)
///     y' = b x + a y + ty        b = scale sin(rotation)
///
/// It is how a picture moves under a camera that pans, tilts, rolls and zooms a little from one frame to the next.
package struct SimilarityTransform: Hashable, Sendable {
    /// scale * cos(rotation).
    package var a: Double
    /// scale * sin(rotation).
    package var b: Double
    /// The shift to the right, in pixels.
    package var tx: Double
    /// The shift downwards, in pixels.
    package var ty: Double

    /// What leaves everything where it is.
    package static let identity = SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0)

    /// A transform from its four coefficients.
    package init(a: Double, b: Double, tx: Double, ty: Double) {
        self.a = a
        self.b = b
        self.tx = tx
        self.ty = ty
    }

    /// A turn by `rotation` radians (clockwise as seen, for `y` points down) and a scale about a point, then a shift.
    package init(
        scale: Double = 1, rotation: Double = 0, about center: (x: Double, y: Double) = (0, 0), tx: Double = 0,
        ty: Double = 0
    ) {
        let (a, b) = (scale * cos(rotation), scale * sin(rotation))
        self.init(
            a: a, b: b, tx: center.x - (a * center.x - b * center.y) + tx,
            ty: center.y - (b * center.x + a * center.y) + ty)
    }

    /// By how much lengths grow; at least 0.
    package var scale: Double { (a * a + b * b).squareRoot() }

    /// The turn in radians, clockwise as seen.
    package var rotation: Double { atan2(b, a) }

    /// Whether all coefficients are finite numbers.
    package var isFinite: Bool { a.isFinite && b.isFinite && tx.isFinite && ty.isFinite }

    /// Where a point goes.
    package func apply(x: Double, y: Double) -> (x: Double, y: Double) {
        (a * x - b * y + tx, b * x + a * y + ty)
    }

    /// Where a velocity or another difference of two points goes: as a point, without the shift.
    package func applyToVector(x: Double, y: Double) -> (x: Double, y: Double) {
        (a * x - b * y, b * x + a * y)
    }

    /// Where a box goes: its centre as a point, its sides by the scale.
    ///
    /// The box stays upright. It is not the box around the turned corners, which would grow with every turn.
    package func apply(_ box: BoundingBox) -> BoundingBox {
        if self == .identity { return box }
        let center = apply(x: Double(box.centerX), y: Double(box.centerY))
        let scale = Float(scale)
        return BoundingBox(
            centerX: Float(center.x), centerY: Float(center.y), width: box.width * scale, height: box.height * scale)
    }

    /// The transform that does this one first, and `next` after it.
    package func followed(by next: SimilarityTransform) -> SimilarityTransform {
        let shift = next.apply(x: tx, y: ty)
        return SimilarityTransform(
            a: next.a * a - next.b * b, b: next.b * a + next.a * b, tx: shift.x, ty: shift.y)
    }

    /// The transform that takes this one back; `nil` when the scale is zero or a coefficient is not finite.
    package var inverse: SimilarityTransform? {
        let squared = a * a + b * b
        guard isFinite, squared > 0, squared.isFinite else { return nil }
        let (c, d) = (a / squared, -b / squared)
        let inverse = SimilarityTransform(a: c, b: d, tx: -(c * tx - d * ty), ty: -(d * tx + c * ty))
        return inverse.isFinite ? inverse : nil
    }

    /// The same motion in a picture whose pixels are `factor` times as many on each axis.
    package func inPixels(finerBy factor: Double) -> SimilarityTransform {
        SimilarityTransform(a: a, b: b, tx: tx * factor, ty: ty * factor)
    }
}
