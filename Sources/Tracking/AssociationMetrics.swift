package import Detections

/// What makes a detection likely to be of a track: 0 when it lies where the track is expected, +∞ when it cannot be.
///
///     motion  = d² / gate                                     0 to 1; d² the Mahalanobis distance of the box
///     overlap = IoU of both boxes, each grown by a margin     the margin grows with the time since the track was seen
///     cost    = 1 − score · (1 − motionWeight · motion − (1 − motionWeight) · (1 − overlap)) + change of class
///
/// The overlap is what SORT and ByteTrack use (the product with the score is ByteTrack's, and like there it is left out
/// where low scores are associated: the score is then 1); the motion term is DeepSORT's gate and keeps people apart whose
/// boxes overlap; the margin (as in "C-BIoU", Yang et al. 2023) lets an object be found again that moved by more than its
/// width between two detections.
///
/// Classes: a detection of another class may continue a track, since detectors waver between car and truck, but it pays
/// `classChangeCost`, so that it must fit better than one of the track's own class. (Street
/// traffic seen by yolov8n: tracks last 22 frames in the mean, and 20 when classes are kept apart.)
package struct AssociationMetrics: Hashable, Sendable {
    /// The 0.95 quantile of the chi-square distribution with 4 degrees of freedom (x, y, aspect, height).
    package static let chiSquare95 = 9.4877

    /// The greatest squared Mahalanobis distance.
    package var gate = 2 * chiSquare95
    /// The part of the motion in the cost, 0 to 1.
    package var motionWeight: Float = 0.3
    /// The margin around boxes for a track that was just seen, in parts of width and height.
    package var margin: Float = 0.1
    /// How much the margin grows in a second, up to `maximumMargin`.
    package var marginPerSecond: Float = 0.3
    /// The greatest margin.
    package var maximumMargin: Float = 1
    /// The cost of a class that is not the track's; 1 or more keeps classes apart.
    package var classChangeCost: Float = 0.1

    /// The defaults.
    package init() {}

    /// The margin for a track that was seen `age` seconds ago.
    package func margin(age: Double) -> Float {
        min(margin + marginPerSecond * Float(max(0, age)), maximumMargin)
    }

    /// The cost of a detection for a track that is expected at `predicted`; both boxes with their margins.
    ///
    /// - Parameter distance: The squared Mahalanobis distance, asked for only where the boxes touch.
    @inline(__always)
    package func cost(
        predicted: BoundingBox, detected: BoundingBox, score: Float, isClassChange: Bool, distance: () -> Double
    ) -> Float {
        let overlap = predicted.iou(detected)
        guard overlap > 0 else { return .infinity }
        let distance = distance()
        guard distance <= gate else { return .infinity }
        let motion = Float(distance / gate)
        let likeness = 1 - motionWeight * motion - (1 - motionWeight) * (1 - overlap)
        return 1 - score * likeness + (isClassChange ? classChangeCost : 0)
    }
}

extension BoundingBox {
    /// The box grown on each side by a part of its width and height.
    package func grown(by margin: Float) -> BoundingBox {
        let (dx, dy) = (width * margin, height * margin)
        return BoundingBox(x1: x1 - dx, y1: y1 - dy, x2: x2 + dx, y2: y2 + dy)
    }
}
