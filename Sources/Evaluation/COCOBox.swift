package import Detections

/// A box as COCO writes it: the top left corner and the size, in pixels. Double precision, so that overlaps are the
/// numbers that pycocotools gets from the same file.
package struct COCOBox: Hashable, Sendable {
    /// The left edge.
    package var x: Double
    /// The top edge.
    package var y: Double
    /// The width.
    package var width: Double
    /// The height.
    package var height: Double

    /// A box from its top left corner and size.
    package init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// A box from corners.
    package init(_ box: BoundingBox) {
        let (x1, y1) = (Double(box.x1), Double(box.y1))
        self.init(x: x1, y: y1, width: Double(box.x2) - x1, height: Double(box.y2) - y1)
    }

    /// Width times height.
    package var area: Double { width * height }

    /// Whether all four numbers are finite.
    package var isFinite: Bool { x.isFinite && y.isFinite && width.isFinite && height.isFinite }

    /// The overlap with an object, 0 to 1: intersection over union, or, where the object is a crowd, the part of this
    /// box that lies inside it.
    package func overlap(with object: COCOBox, isCrowd: Bool = false) -> Double {
        let w = min(width + x, object.width + object.x) - max(x, object.x)
        guard w > 0 else { return 0 }
        let h = min(height + y, object.height + object.y) - max(y, object.y)
        guard h > 0 else { return 0 }
        let shared = w * h
        return shared / (isCrowd ? area : area + object.area - shared)
    }
}
