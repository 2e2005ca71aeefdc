/// An axis-aligned box in pixels of the displayed frame: `x` to the right, `y` down, origin at the top left corner of
/// the top left pixel, so that a box which covers the whole frame is (0, 0, width, height).
public struct BoundingBox: Hashable, Sendable {
    /// The left edge.
    public var x1: Float
    /// The top edge.
    public var y1: Float
    /// The right edge.
    public var x2: Float
    /// The bottom edge.
    public var y2: Float

    /// A box from its corners.
    public init(x1: Float, y1: Float, x2: Float, y2: Float) {
        self.x1 = x1
        self.y1 = y1
        self.x2 = x2
        self.y2 = y2
    }

    /// A box from its centre and size.
    public init(centerX: Float, centerY: Float, width: Float, height: Float) {
        self.init(
            x1: centerX - width / 2, y1: centerY - height / 2, x2: centerX + width / 2, y2: centerY + height / 2)
    }

    /// A box from its top left corner and size.
    public init(x: Float, y: Float, width: Float, height: Float) {
        self.init(x1: x, y1: y, x2: x + width, y2: y + height)
    }

    /// The width; negative when the corners are the wrong way round.
    public var width: Float { x2 - x1 }
    /// The height; negative when the corners are the wrong way round.
    public var height: Float { y2 - y1 }
    /// The horizontal centre.
    public var centerX: Float { (x1 + x2) / 2 }
    /// The vertical centre.
    public var centerY: Float { (y1 + y2) / 2 }
    /// The area; zero when the box is empty or inside out.
    public var area: Float { max(0, width) * max(0, height) }
    /// Whether all four corners are finite numbers.
    public var isFinite: Bool { x1.isFinite && y1.isFinite && x2.isFinite && y2.isFinite }

    /// The part of the box inside a frame of the given size.
    public func clamped(width: Int, height: Int) -> BoundingBox {
        let (right, bottom) = (Float(width), Float(height))
        return BoundingBox(
            x1: min(max(x1, 0), right), y1: min(max(y1, 0), bottom),
            x2: min(max(x2, 0), right), y2: min(max(y2, 0), bottom))
    }

    /// Intersection over union with another box, 0 to 1; 0 when both are empty.
    public func iou(_ other: BoundingBox) -> Float {
        let overlap = BoundingBox(
            x1: max(x1, other.x1), y1: max(y1, other.y1), x2: min(x2, other.x2), y2: min(y2, other.y2)
        ).area
        let union = area + other.area - overlap
        return union > 0 ? overlap / union : 0
    }
}
