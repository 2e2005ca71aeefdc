import CSaccadePixels
package import Detections

/// Tells from frame to frame how the camera moved, for a tracker to move its boxes along.
///
///     var estimator = CameraMotionEstimator()
///     let motion = estimator.update(with: image, excluding: boxes)  // since the last update
///     let expected = motion.transform.apply(box)
///
/// Some hundred windows of a thumbnail (`LumaPyramid`, `CornerDetector`) are followed to the next one
/// (`LucasKanadeTracker`), and the similarity transform that most of them agree on is taken (`SimilarityFit`). What
/// moves by itself is the error here: give the boxes of the objects in the earlier picture, so that their windows are
/// left out. Scenery at very different distances moves differently, and then the transform is that of the larger part.
///
/// The motion is unknown, and the transform the identity, for the first picture, after a change of size, for a picture
/// without texture and at a cut. The same pictures and boxes give the same result, on every processor. In the steady
/// state nothing is allocated.
package struct CameraMotionEstimator: Sendable {
    /// With fewer windows that agree, or a smaller share of those looked for, the motion is unknown.
    private static let fewestInliers = 8
    private static let leastConfidence: Float = 0.3
    /// Windows that agree but lie together tell of one object: the least spread, as a share of the thumbnail's diagonal.
    private static let leastSpread = 0.08
    /// What no camera does between two frames: a scale outside these, or a turn of more than this sine.
    private static let scales = 0.7...1.4
    private static let largestSine = 0.5
    /// Where the corners of the picture move by less than this, in pixels of the thumbnail, nothing has moved.
    private static let smallestMotion = 0.02

    private let instructionSet: PixelInstructionSet
    private var earlier: LumaPyramid
    private var later: LumaPyramid
    private var detector = CornerDetector()
    private var fit = SimilarityFit()
    private var correspondences: [Correspondence] = []
    private var window = [sp_window()]

    /// An estimator that has seen no picture.
    package init(instructionSet: PixelInstructionSet = .best) {
        self.instructionSet = min(instructionSet, .best)
        earlier = LumaPyramid(instructionSet: instructionSet)
        later = LumaPyramid(instructionSet: instructionSet)
        correspondences.reserveCapacity(4 * CornerDetector.squares)
    }

    /// Forgets the picture of the last update.
    package mutating func reset() {
        earlier = LumaPyramid(instructionSet: instructionSet)
        later = earlier
    }

    /// The motion since the picture of the last update. The boxes, in pixels of that earlier picture, are those of
    /// objects that may move by themselves; boxes may lie anywhere, and what is not finite is passed over.
    package mutating func update(with image: borrowing Image, excluding boxes: [BoundingBox] = []) -> CameraMotion {
        swap(&earlier, &later)
        later.update(from: image)
        return motion(from: earlier, to: later, excluding: boxes)
    }

    /// The motion between two pictures of one size.
    package mutating func motion(
        from earlier: LumaPyramid, to later: LumaPyramid, excluding boxes: [BoundingBox] = []
    ) -> CameraMotion {
        guard earlier.sourceWidth == later.sourceWidth, earlier.sourceHeight == later.sourceHeight,
            earlier.width > 0
        else { return .unknown }
        detector.detect(in: earlier, excluding: boxes, instructionSet)
        follow(from: earlier, to: later)
        guard let result = fit.fit(correspondences) else { return .unknown }
        let confidence = Float(result.inliers) / Float(detector.corners.count)
        let (width, height) = (Double(earlier.width), Double(earlier.height))
        let transform = result.transform
        guard result.inliers >= Self.fewestInliers, confidence >= Self.leastConfidence, transform.isFinite,
            result.spread >= Self.leastSpread * (width * width + height * height).squareRoot(),
            Self.scales.contains(transform.scale), abs(transform.b) <= Self.largestSine * transform.scale
        else { return .unknown }
        let largest = [(0.0, 0.0), (width, 0), (0, height), (width, height)].reduce(0.0) { largest, corner in
            let moved = transform.apply(x: corner.0, y: corner.1)
            return max(largest, abs(moved.x - corner.0), abs(moved.y - corner.1))
        }
        return CameraMotion(
            transform: largest < Self.smallestMotion
                ? .identity : transform.inPixels(finerBy: Double(earlier.cellSide)),
            confidence: confidence)
    }

    /// Follows the middles of the corners' windows.
    private mutating func follow(from earlier: LumaPyramid, to later: LumaPyramid) {
        correspondences.removeAll(keepingCapacity: true)
        let set = instructionSet.rawValue
        let half = Double(SP_WINDOW) / 2
        earlier.bytes.withUnsafeBufferPointer { from in
            later.bytes.withUnsafeBufferPointer { to in
                window.withUnsafeMutableBufferPointer { window in
                    guard let from = from.baseAddress, let to = to.baseAddress, let window = window.baseAddress
                    else { return }
                    let tracker = LucasKanadeTracker(
                        levels: earlier.levels, from: from, to: to, window: window, instructionSet: set)
                    for corner in detector.corners {
                        guard let shift = tracker.shift(x: corner.x, y: corner.y) else { continue }
                        let (x, y) = (Double(corner.x) + half, Double(corner.y) + half)
                        correspondences.append(
                            Correspondence(x: x, y: y, toX: x + Double(shift.x), toY: y + Double(shift.y)))
                    }
                }
            }
        }
    }
}
