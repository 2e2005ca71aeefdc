/// How well a tracker does on sequences with a ground truth: the figures of TrackEval, of each sequence and of all
/// together, and every identity switch.
///
///     var evaluation = TrackingEvaluation()
///     var sequence = TrackedSequence()
///     for frame in frames { sequence.append(objects: frame.objects, tracks: frame.tracks) }
///     evaluation.append(sequence, name: "PETS09-S2L1", frameRate: 7)
///     evaluation.combined.summary.hota              // 0.636…
///     evaluation.sequences[0].switches.first        // the frame, the object, and its tracks before and after
///
/// A sequence without objects, or without tracks, has figures too: where TrackEval says 0, so is it here.
package struct TrackingEvaluation: Sendable {
    /// A sequence that was evaluated.
    package struct Sequence: Sendable {
        /// Its name.
        package let name: String
        /// Frames a second, where it is known.
        package let frameRate: Double?
        /// How many frames it has.
        package let frameCount: Int
        /// Objects that have a box that counts.
        package let objectCount: Int
        /// The boxes of the objects.
        package let objectBoxes: Int
        /// Tracks.
        package let trackCount: Int
        /// The boxes of the tracks.
        package let trackBoxes: Int
        /// What the tracker is worth on it.
        package let figures: TrackingFigures
        /// Where objects go on under another track, by frame.
        package let switches: [IdentitySwitch]

        /// When a frame (from 0) is, in seconds from the first one; `nil` without a frame rate.
        package func seconds(ofFrame frame: Int) -> Double? { frameRate.map { Double(frame) / $0 } }
    }

    /// The sequences, as they were added.
    package private(set) var sequences: [Sequence] = []
    /// The figures of all sequences together: counts are added before shares are formed.
    package private(set) var combined = TrackingFigures()

    /// An evaluation of no sequence.
    package init() {}

    /// Evaluates a sequence.
    package mutating func append(_ sequence: TrackedSequence, name: String, frameRate: Double? = nil) {
        let matcher = CLEARMatcher(sequence)
        let figures = TrackingFigures(sequence, clear: matcher.figures)
        sequences.append(
            Sequence(
                name: name, frameRate: frameRate, frameCount: sequence.frameCount,
                objectCount: sequence.objectIDs.count, objectBoxes: sequence.objectBoxes,
                trackCount: sequence.trackIDs.count, trackBoxes: sequence.trackBoxes, figures: figures,
                switches: matcher.switches))
        combined = combined + figures
    }
}
