/// A box with an identity: an object of the ground truth, or what a tracker says, in one frame.
package struct TrackedBox: Hashable, Sendable {
    /// Who it is: the same number in every frame of the sequence. Objects and tracks are numbered apart.
    package var id: Int
    /// Where it is.
    package var box: COCOBox

    /// A box with an identity.
    package init(id: Int, box: COCOBox) {
        self.id = id
        self.box = box
    }
}

extension COCOBox {
    /// Intersection over union with another box, 0 to 1; 0 where a box has no extent or is not finite.
    ///
    /// Corners are formed first, as TrackEval forms them: an overlap that meets a threshold exactly must do so here as
    /// there, and `overlap(with:)` rounds as pycocotools does.
    package func intersectionOverUnion(_ other: COCOBox) -> Double {
        let (right, bottom) = (x + width, y + height)
        let (otherRight, otherBottom) = (other.x + other.width, other.y + other.height)
        let w = min(right, otherRight) - max(x, other.x)
        let h = min(bottom, otherBottom) - max(y, other.y)
        guard w > 0, h > 0 else { return 0 }
        let shared = w * h
        let (area, otherArea) = ((right - x) * (bottom - y), (otherRight - other.x) * (otherBottom - other.y))
        let union = area + otherArea - shared
        let least = Double.ulpOfOne
        guard area > least, otherArea > least, union > least, union.isFinite else { return 0 }
        return shared / union
    }
}
