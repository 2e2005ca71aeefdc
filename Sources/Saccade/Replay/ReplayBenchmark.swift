import Detections
package import Evaluation

/// Sequences with their detections and their ground truth: what a tracker is measured on.
///
///     let benchmark = try ReplayBenchmark(truth: "mot15", detections: DetectionSequence.all(at: "mot15"))
///     benchmark.evaluate(DetectionReplay()).combined.summary.hota
///
/// The figures are those that `saccade eval mot` has for the files that a replay writes: boxes are rounded as there.
package struct ReplayBenchmark: Sendable {
    /// A sequence.
    package struct Sequence: Sendable {
        /// What the detector says.
        package let detections: DetectionSequence
        /// What is there.
        package let truth: MOTTruth

        /// A sequence whose detections do not go on beyond the ground truth.
        package init(detections: DetectionSequence, truth: MOTTruth) throws(SaccadeError) {
            if let length = truth.info?.length, detections.frames.count > length {
                throw SaccadeError(
                    reason: "corrupt",
                    message:
                        "\(detections.path ?? detections.name) has \(detections.frames.count) frames, and the ground "
                        + "truth of \(truth.name) \(length) (seqLength)", exitCode: 65)
            }
            (self.detections, self.truth) = (detections, truth)
        }
    }

    /// The sequences, in the order of the ground truth.
    package let sequences: [Sequence]

    /// Joins detections and ground truth by the names of the sequences.
    ///
    /// - Parameters:
    ///   - truth: A folder; see `MOTFolders`.
    ///   - detections: Those of all its sequences, or of more.
    ///   - names: The sequences that are wanted; none for all of the ground truth.
    package init(
        truth folder: String, detections: [DetectionSequence], sequences names: [String] = [],
        rules: MOTBenchmark = .mot15
    ) throws(SaccadeError) {
        do {
            let truths = try MOTTruth.all(in: folder, sequences: names, benchmark: rules)
            let known = Dictionary(detections.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            sequences = try truths.map { truth in
                guard let own = known[truth.name] else {
                    throw SaccadeError.missing("there are no detections of the sequence \(truth.name)")
                }
                return try Sequence(detections: own, truth: truth)
            }
        } catch {
            throw SaccadeError(error)
        }
    }

    /// Evaluates a replay of all sequences.
    package func evaluate(_ replay: DetectionReplay) -> TrackingEvaluation {
        var evaluation = TrackingEvaluation()
        for sequence in sequences {
            evaluation.append(
                sequence.tracked(by: replay), name: sequence.truth.name, frameRate: sequence.detections.frameRate)
        }
        return evaluation
    }

    /// The share of the frames in which the detections are looked at.
    package func lookShare(_ replay: DetectionReplay) -> Double {
        var (looks, frames) = (0, 0)
        for sequence in sequences.map(\.detections) {
            var walk = FrameSchedule.Walk(replay.schedule)
            frames += sequence.frames.count
            for index in sequence.frames.indices {
                if walk.decide(index: index, seconds: sequence.seconds(ofFrame: index)) == .detect { looks += 1 }
            }
        }
        return Double(looks) / Double(max(frames, 1))
    }
}

extension ReplayBenchmark.Sequence {
    /// What a replay makes of the detections, beside the ground truth.
    package func tracked(by replay: DetectionReplay) -> TrackedSequence {
        var tracks: [[TrackedBox]] = Array(repeating: [], count: detections.frames.count)
        _ = replay.follow(detections) { frame in
            tracks[frame.index] = frame.detections.compactMap(TrackedBox.init(written:))
            return true
        }
        return truth.sequence(with: tracks)
    }
}

extension TrackedBox {
    /// A tracked object as it stands in MOTChallenge text; `nil` for one without an id.
    fileprivate init?(written detection: Detection) {
        guard let id = detection.trackID.flatMap(Int.init(exactly:)) else { return nil }
        func rounded(_ value: Float) -> Double { (Double(value) * 1000).rounded() / 1000 }
        let box = detection.box
        self.init(
            id: id,
            box: COCOBox(
                x: rounded(box.x1), y: rounded(box.y1), width: rounded(box.width), height: rounded(box.height)))
    }
}
