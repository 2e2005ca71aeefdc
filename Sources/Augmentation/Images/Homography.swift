import Foundation

/// A projective map of the plane, 3 x 3, that takes a point (x, y, 1) to (X, Y, W) and so to (X / W, Y / W).
///
/// Points are continuous: the top left pixel spans 0 to 1 and has its middle at one half, as in `BoundingBox`.
package struct Homography: Hashable, Sendable {
    /// Rows.
    package var a: SIMD3<Double>
    package var b: SIMD3<Double>
    package var c: SIMD3<Double>

    package static let identity = Homography(a: SIMD3(1, 0, 0), b: SIMD3(0, 1, 0), c: SIMD3(0, 0, 1))

    /// Whether W is 1 everywhere.
    var isAffine: Bool { c == SIMD3(0, 0, 1) }

    package static func translation(x: Double, y: Double) -> Homography {
        Homography(a: SIMD3(1, 0, x), b: SIMD3(0, 1, y), c: SIMD3(0, 0, 1))
    }

    package static func scale(x: Double, y: Double) -> Homography {
        Homography(a: SIMD3(x, 0, 0), b: SIMD3(0, y, 0), c: SIMD3(0, 0, 1))
    }

    /// Clockwise on the screen, where y points down. Quarter turns are exact.
    package static func rotation(degrees: Double) -> Homography {
        let turns = (degrees / 90).remainder(dividingBy: 4)
        let (c, s): (Double, Double) =
            switch turns {
            case 0: (1, 0)
            case 1: (0, 1)
            case 2, -2: (-1, 0)
            case -1: (0, -1)
            default: (cos(turns * .pi / 2), sin(turns * .pi / 2))
            }
        return Homography(a: SIMD3(c, -s, 0), b: SIMD3(s, c, 0), c: SIMD3(0, 0, 1))
    }

    /// Leans columns by one angle and rows by the other.
    package static func shear(xDegrees: Double, yDegrees: Double) -> Homography {
        Homography(
            a: SIMD3(1, tan(xDegrees * .pi / 180), 0), b: SIMD3(tan(yDegrees * .pi / 180), 1, 0), c: SIMD3(0, 0, 1))
    }

    /// W = 1 + x * px + y * py.
    package static func perspective(x: Double, y: Double) -> Homography {
        Homography(a: SIMD3(1, 0, 0), b: SIMD3(0, 1, 0), c: SIMD3(x, y, 1))
    }

    /// The map that does the same around another point than the origin.
    package func around(x: Double, y: Double) -> Homography {
        .translation(x: x, y: y) * self * .translation(x: -x, y: -y)
    }

    /// The right map first, then the left one.
    package static func * (left: Homography, right: Homography) -> Homography {
        func row(_ r: SIMD3<Double>) -> SIMD3<Double> { r.x * right.a + r.y * right.b + r.z * right.c }
        return Homography(a: row(left.a), b: row(left.b), c: row(left.c))
    }

    package var determinant: Double {
        a.x * (b.y * c.z - b.z * c.y) - a.y * (b.x * c.z - b.z * c.x) + a.z * (b.x * c.y - b.y * c.x)
    }

    /// The way back; `nil` when the map flattens the plane or has numbers that are not finite.
    package var inverse: Homography? {
        let d = determinant
        guard d.isFinite, abs(d) > 1e-12 else { return nil }
        func cofactors(_ p: SIMD3<Double>, _ q: SIMD3<Double>) -> SIMD3<Double> {
            SIMD3(p.y * q.z - p.z * q.y, p.z * q.x - p.x * q.z, p.x * q.y - p.y * q.x) / d
        }
        let (x, y, z) = (cofactors(b, c), cofactors(c, a), cofactors(a, b))
        var way = Homography(a: SIMD3(x.x, y.x, z.x), b: SIMD3(x.y, y.y, z.y), c: SIMD3(x.z, y.z, z.z))
        if isAffine { way.c = SIMD3(0, 0, 1) }
        return way
    }

    /// A point as (X, Y, W); with W <= 0 it lies behind the viewer.
    package func mapped(x: Double, y: Double) -> SIMD3<Double> {
        SIMD3(a.x * x + a.y * y + a.z, b.x * x + b.y * y + b.z, c.x * x + c.y * y + c.z)
    }

    /// How many times larger an area at a point becomes; 0 for a point behind the viewer.
    package func areaScale(x: Double, y: Double) -> Double {
        let w = c.x * x + c.y * y + c.z
        return w > 0 ? abs(determinant) / (w * w * w) : 0
    }
}
