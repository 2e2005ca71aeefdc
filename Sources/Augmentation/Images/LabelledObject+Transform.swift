package import Detections
import Imaging

/// What remains of an object for a label to stay.
package struct VisibilityLimit: Hashable, Sendable {
    /// The share of the object, 0 to 1, that must be in view.
    package var minimumVisibility: Double
    /// The least width and height of the visible box, in pixels.
    package var minimumSide: Double
    /// Whether a label that does not stay becomes a place of which nothing is known, so that what is still to be seen of the
    /// object is not taught as background.
    package var ignoresTheRest: Bool

    package init(minimumVisibility: Double = 0.2, minimumSide: Double = 2, ignoresTheRest: Bool = false) {
        self.minimumVisibility = minimumVisibility
        self.minimumSide = minimumSide
        self.ignoresTheRest = ignoresTheRest
    }

    /// The object as it stays; nil when it does not.
    func limited(_ object: LabelledObject) -> LabelledObject? {
        if keeps(object) { return object }
        guard ignoresTheRest, object.visibility > 0, min(object.box.width, object.box.height) >= 1 else { return nil }
        var object = object
        object.kind = .ignored
        return object
    }

    /// Whether a label is kept. Where nothing is known for sure is so in the smallest part, too.
    func keeps(_ object: LabelledObject) -> Bool {
        let box = object.box
        guard Double(min(box.width, box.height)) >= minimumSide else { return false }
        return object.kind == .ignored ? object.visibility > 0 : Double(object.visibility) >= minimumVisibility
    }
}

extension LabelledObject {
    /// The object as it is seen through a homography on a canvas; `nil` when it has left the canvas altogether.
    ///
    /// With a mask the box is the hull of the mask's pixels on the canvas, and visibility the share of the mask's area
    /// that lies on it. Without one the box is the hull of the transformed corners, and visibility the share of the
    /// hull's area. Both then are clipped to the canvas.
    package func transformed(by map: Homography, width: Int, height: Int) -> LabelledObject? {
        guard let hull = map.hull(of: box) else { return nil }
        let clipped = hull.clamped(width: width, height: height)
        guard clipped.width > 0, clipped.height > 0 else { return nil }
        var result = self
        if let mask {
            guard let seen = mask.transformed(by: map, width: width, height: height), let bounds = seen.bounds
            else { return nil }
            result.mask = seen
            result.box = BoundingBox(
                x1: Float(bounds.x1), y1: Float(bounds.y1), x2: Float(bounds.x2), y2: Float(bounds.y2))
            result.visibility *= Float(mask.share(of: map, width: width, height: height))
        } else {
            result.box = clipped
            result.visibility *= min(clipped.area / hull.area, 1)
        }
        return result
    }
}

extension Homography {
    /// The smallest box around the transformed corners, of the part in front of the viewer; `nil` when all lies behind.
    package func hull(of box: BoundingBox) -> BoundingBox? {
        let corners = [(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)].map {
            mapped(x: Double($0.0), y: Double($0.1))
        }
        // Where an edge crosses W = nearest it is cut: beyond, places run to infinity and back from the other side.
        let nearest = 1e-3
        var (low, high) = (SIMD2<Double>(repeating: .infinity), SIMD2<Double>(repeating: -.infinity))
        func add(_ point: SIMD3<Double>) {
            let place = SIMD2(point.x, point.y) / point.z
            (low, high) = (pointwiseMin(low, place), pointwiseMax(high, place))
        }
        for (index, corner) in corners.enumerated() {
            if corner.z >= nearest { add(corner) }
            let next = corners[(index + 1) % 4]
            if (corner.z >= nearest) != (next.z >= nearest) {
                add(corner + (next - corner) * ((nearest - corner.z) / (next.z - corner.z)))
            }
        }
        let result = BoundingBox(x1: Float(low.x), y1: Float(low.y), x2: Float(high.x), y2: Float(high.y))
        return result.isFinite ? result : nil
    }
}

extension ObjectMask {
    /// The mask on a canvas, nearest pixel; `nil` when nothing of it can be there.
    package func transformed(by map: Homography, width: Int, height: Int) -> ObjectMask? {
        let window = BoundingBox(x: Float(x), y: Float(y), width: Float(self.width), height: Float(self.height))
        guard let way = map.inverse, let hull = map.hull(of: window)?.clamped(width: width, height: height)
        else { return nil }
        let (left, top) = (Int(hull.x1.rounded(.down)), Int(hull.y1.rounded(.down)))
        let (columns, rows) = (Int(hull.x2.rounded(.up)) - left, Int(hull.y2.rounded(.up)) - top)
        guard columns > 0, rows > 0 else { return nil }
        let (limitX, limitY) = (Double(self.width), Double(self.height))
        var seen = [UInt8](repeating: 0, count: columns * rows)
        for row in 0..<rows {
            let start = way.mapped(x: Double(left) + 0.5, y: Double(top + row) + 0.5)
            for column in 0..<columns {
                let at = Double(column)
                let w = start.z + at * way.c.x
                guard w > 0 else { continue }
                let u = (start.x + at * way.a.x) / w - Double(x)
                let v = (start.y + at * way.b.x) / w - Double(y)
                guard u >= 0, u < limitX, v >= 0, v < limitY else { continue }
                seen[row * columns + column] = bits[Int(v) * self.width + Int(u)]
            }
        }
        return ObjectMask(x: left, y: top, width: columns, height: rows, bits: seen)
    }

    /// The share of the mask's transformed area that lies on the canvas, 0 to 1.
    func share(of map: Homography, width: Int, height: Int) -> Double {
        var (inside, all) = (0.0, 0.0)
        for j in 0..<self.height {
            for i in 0..<self.width where bits[j * self.width + i] != 0 {
                let (px, py) = (Double(x + i) + 0.5, Double(y + j) + 0.5)
                let point = map.mapped(x: px, y: py)
                guard point.z > 0 else { continue }
                let area = map.areaScale(x: px, y: py)
                all += area
                let (u, v) = (point.x / point.z, point.y / point.z)
                if u >= 0, u < Double(width), v >= 0, v < Double(height) { inside += area }
            }
        }
        return all > 0 ? inside / all : 0
    }
}
