package import Detections

/// What makes a detection likely to be of a track: 0 when it lies where the track is expected, +∞ when it cannot be.
///
///     motion  = d² / gate                                     0 to 1; d² the Mahalanobis distance of the box
///     overlap = IoU · √(ratio of the heights)                 of both boxes, each grown by a margin, which grows with the
///                                                             time since the track was seen
///     turn    = (1 − cos of the angle) / 2                    0 straight on, 1 back; of the way from where the track was
///                                                             last seen to the detection, against its velocity
///     cost    = 1 − score · (1 − motionWeight · motion − (1 − motionWeight) · (1 − overlap) − turnCost · turn)
///               + change of class
///
/// The overlap is what SORT and ByteTrack use (the product with the score is ByteTrack's, and like there it is left out
/// where low scores are associated: the score is then 1), with the heights as in "Hybrid-SORT" (Yang et al. 2024); the
/// motion term is DeepSORT's gate and keeps people apart whose boxes overlap; the turn is the momentum of "OC-SORT" (Cao
/// et al. 2023); the margin (as in "C-BIoU", Yang et al. 2023) lets an object be found again that moved by more than its
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

    /// What a detection costs that lies straight behind a track, where that came from; one on its way costs nothing, one
    /// beside it half of this.
    package var turnCost: Float = 0.15
    /// The interval between detections at which a turn costs half of that, in seconds: the longer it is, the less says the
    /// direction in which an object went before. Of a track that was missed a turn costs all of it.
    package var turnTime = 0.2

    /// The defaults.
    package init() {}

    /// The margin for a track that was seen `age` seconds ago.
    package func margin(age: Double) -> Float {
        min(margin + marginPerSecond * Float(max(0, age)), maximumMargin)
    }

    /// What a full turn costs with an interval between detections, in seconds.
    package func turnCost(interval: Double) -> Float {
        let share = max(0, interval) / turnTime
        return turnCost / Float(1 + share * share)
    }

    /// The cost of a detection for a track that is expected at `predicted`; both boxes with their margins.
    ///
    /// - Parameters:
    ///   - turn: What the turn costs.
    ///   - distance: The squared Mahalanobis distance. Both are asked for only where the boxes touch.
    @inline(__always)
    package func cost(
        predicted: BoundingBox, detected: BoundingBox, score: Float, isClassChange: Bool, turn: () -> Float,
        distance: () -> Double
    ) -> Float {
        let iou = predicted.iou(detected)
        guard iou > 0 else { return .infinity }
        let ratio = min(predicted.height, detected.height) / max(predicted.height, detected.height)
        let overlap = iou * ratio.squareRoot()
        let distance = distance()
        guard distance <= gate else { return .infinity }
        let motion = Float(distance / gate)
        let likeness = 1 - motionWeight * motion - (1 - motionWeight) * (1 - overlap)
        return 1 - score * (likeness - turn()) + (isClassChange ? classChangeCost : 0)
    }
}

extension BoundingBox {
    /// The box grown on each side by a part of its width and height.
    package func grown(by margin: Float) -> BoundingBox {
        let (dx, dy) = (width * margin, height * margin)
        return BoundingBox(x1: x1 - dx, y1: y1 - dy, x2: x2 + dx, y2: y2 + dy)
    }
}
