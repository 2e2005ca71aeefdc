package import Detections

/// A rectangle of whole pixels: columns x1..<x2, rows y1..<y2.
package struct PixelRect: Hashable, Sendable {
    package var x1: Int
    package var y1: Int
    package var x2: Int
    package var y2: Int

    /// Coordinates beyond this are as far outside as any; sums of them cannot overflow.
    private static let farthest = 1 << 24

    /// A rectangle from its corners; the corners may be anything.
    package init(x1: Int, y1: Int, x2: Int, y2: Int) {
        func bounded(_ value: Int) -> Int { min(max(value, -Self.farthest), Self.farthest) }
        self.x1 = bounded(x1)
        self.y1 = bounded(y1)
        self.x2 = bounded(x2)
        self.y2 = bounded(y2)
    }

    /// The rectangle with its edges nearest to those of a box, at least one pixel wide and high; `nil` when the box has
    /// a coordinate that is not a number, or its corners are the wrong way round.
    package init?(_ box: BoundingBox) {
        func bounded(_ value: Float) -> Int { Int(min(max(value.rounded(), -16_777_216), 16_777_216)) }
        guard box.x1 <= box.x2, box.y1 <= box.y2 else { return nil }
        let (x1, y1) = (bounded(box.x1), bounded(box.y1))
        self.init(x1: x1, y1: y1, x2: max(bounded(box.x2), x1 + 1), y2: max(bounded(box.y2), y1 + 1))
    }

    package var width: Int { x2 - x1 }
    package var height: Int { y2 - y1 }
    package var isEmpty: Bool { x1 >= x2 || y1 >= y2 }

    /// The part inside another rectangle; empty when they do not meet.
    package func intersection(_ other: PixelRect) -> PixelRect {
        PixelRect(x1: max(x1, other.x1), y1: max(y1, other.y1), x2: min(x2, other.x2), y2: min(y2, other.y2))
    }

    /// The rectangle with each edge moved inwards (outwards when negative).
    package func inset(by distance: Int) -> PixelRect {
        PixelRect(x1: x1 + distance, y1: y1 + distance, x2: x2 - distance, y2: y2 - distance)
    }
}

extension Image {
    /// The whole picture.
    package var bounds: PixelRect { PixelRect(x1: 0, y1: 0, x2: width, y2: height) }
}
