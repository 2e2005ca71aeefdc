/// The CLEAR MOT figures: misses, false boxes and identity switches, frame by frame (Bernardin and Stiefelhagen,
/// "Evaluating multiple object tracking performance: the CLEAR MOT metrics", 2008), with the counts of the MOTChallenge.
///
/// A match needs an overlap of `threshold`. In each frame, matches of the frame before are kept while they hold, then the
/// overlap decides. Figures of several sequences add up (`+`).
package struct CLEARFigures: Hashable, Sendable {
    /// The overlap from which a box is right.
    package static let threshold = 0.5

    /// Objects' boxes that are matched.
    package var truePositives = 0
    /// Objects' boxes that are not (FN).
    package var falseNegatives = 0
    /// Tracks' boxes that are not (FP).
    package var falsePositives = 0
    /// How often an object has another track than when it was last matched (IDSW).
    package var identitySwitches = 0
    /// How often an object is matched again after it was not (Frag).
    package var fragmentations = 0
    /// Objects that are matched in more than 80 % of their frames (MT).
    package var mostlyTracked = 0
    /// Objects in between (PT).
    package var partiallyTracked = 0
    /// Objects that are matched in less than 20 % of their frames (ML).
    package var mostlyLost = 0
    /// The overlaps of the matches, summed.
    package var overlapSum = 0.0

    /// The figures of no sequence.
    package init() {}

    /// Multiple object tracking accuracy: 1 − (misses + false boxes + switches) ÷ objects' boxes; below 0 where the
    /// faults are more, 0 without objects.
    package var mota: Double {
        let objects = truePositives + falseNegatives
        return objects > 0 ? Double(truePositives - falsePositives - identitySwitches) / Double(objects) : 0
    }
    /// Multiple object tracking precision: the mean overlap of the matches.
    package var motp: Double { overlapSum / Double(max(1, truePositives)) }
    /// Matches ÷ objects' boxes.
    package var recall: Double { Double(truePositives) / Double(max(1, truePositives + falseNegatives)) }
    /// Matches ÷ tracks' boxes.
    package var precision: Double { Double(truePositives) / Double(max(1, truePositives + falsePositives)) }

    /// The figures of both together.
    package static func + (one: CLEARFigures, other: CLEARFigures) -> CLEARFigures {
        var sum = one
        sum.truePositives += other.truePositives
        sum.falseNegatives += other.falseNegatives
        sum.falsePositives += other.falsePositives
        sum.identitySwitches += other.identitySwitches
        sum.fragmentations += other.fragmentations
        sum.mostlyTracked += other.mostlyTracked
        sum.partiallyTracked += other.partiallyTracked
        sum.mostlyLost += other.mostlyLost
        sum.overlapSum += other.overlapSum
        return sum
    }
}

/// An object that goes on under another track.
package struct IdentitySwitch: Hashable, Sendable {
    /// The frame in which it has the new track, from 0.
    package var frame: Int
    /// The object.
    package var object: Int
    /// The track that it had when it was last matched.
    package var from: Int
    /// The track that it has now.
    package var to: Int

    /// A switch.
    package init(frame: Int, object: Int, from: Int, to: Int) {
        (self.frame, self.object, self.from, self.to) = (frame, object, from, to)
    }
}
