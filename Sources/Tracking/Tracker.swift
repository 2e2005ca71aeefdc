package import Detections

/// Follows objects through time from their detections.
///
///     var tracker = Tracker(TrackerConfiguration())
///     let tracks = tracker.update(detections: detections, at: seconds)     // where the detector ran
///     let between = tracker.predicted(at: seconds)                         // where it did not, on a live source
///
/// An update moves every track to the new time and gives the detections to the tracks in three associations, each
/// solved exactly: confirmed and lost tracks with detections of a high score (in a cascade, if that is asked for); tracks
/// seen in the previous update with what is left of a low score (ByteTrack's idea: Zhang et al. 2022); tentative tracks
/// with what is left of a high score. What then remains of a high score starts new tracks.
///
/// The result depends on the configuration and on what was passed in, on nothing else: no clock, no shared state. Two
/// trackers know nothing of each other. Memory is bounded by `maximumTracks` and `maximumDetections`.
package struct Tracker: Sendable {
    /// How it decides.
    package let configuration: TrackerConfiguration
    /// The tracks that are alive, in the order of their creation.
    package private(set) var tracks: [Track] = []
    /// The time of the latest update in seconds; `nil` before the first.
    package private(set) var time: Double?
    /// The id that the next confirmed track gets.
    package private(set) var nextID: UInt64

    private var nextNumber: UInt64 = 0
    private var matching = Matching()

    /// A tracker without tracks. `firstID` lets a source that was opened again continue its ids.
    package init(_ configuration: TrackerConfiguration = TrackerConfiguration(), firstID: UInt64 = 1) {
        self.configuration = configuration
        nextID = firstID
    }

    /// Takes the detections of a frame, of any class and with scores down to `trackLow`, and gives the confirmed tracks
    /// that were seen in it: origin `.detected`, the box as the filter corrected it, the score of the detection, the
    /// class by vote. A track whose scores have fallen below `trackHigh` in the mean is kept but not given.
    ///
    /// Times that stand still or jitter backwards count as no time passed; a jump of more than `maximumTimeLost` back
    /// ends all tracks (the source began anew). Detections that are not finite are ignored.
    ///
    /// - Parameter cameraMotion: Where places of the picture of the previous update are in this one, in pixels.
    package mutating func update(
        detections: [Detection], at seconds: Double, cameraMotion: SimilarityTransform = .identity
    ) -> [Detection] {
        var seen: [Detection] = []
        update(detections: detections, at: seconds, cameraMotion: cameraMotion, into: &seen)
        return seen
    }

    /// The same, with the result in place of what `seen` held. Once everything has grown to its size, nothing is
    /// allocated.
    package mutating func update(
        detections: [Detection], at seconds: Double, cameraMotion: SimilarityTransform = .identity,
        into seen: inout [Detection]
    ) {
        seen.removeAll(keepingCapacity: true)
        let isFirst = time == nil
        if cameraMotion != .identity, cameraMotion.isFinite {
            for index in tracks.indices { tracks[index].move(by: cameraMotion, configuration.filter) }
        }
        advance(to: seconds)
        let now = time ?? 0
        matching.begin(tracks: tracks.count, detections: detections, configuration: configuration)

        if configuration.cascades {
            associate(detections, .high, at: now) { $0.state == .confirmed }
            associate(detections, .high, at: now) { $0.state == .lost }
        } else {
            associate(detections, .high, at: now) { $0.id != nil }
        }
        associate(detections, .low, at: now) { $0.state == .confirmed }
        associate(detections, .high, at: now) { $0.id == nil }

        miss(at: now)
        start(detections, at: now, confirmed: isFirst)

        for index in tracks.indices {
            if let detection = tracks[index].detection { seen.append(detection) }
        }
    }

    /// Where the tracks that were seen in the latest update should be at a later time: origin `.predicted`, the score of
    /// the latest detection. Nothing changes. Empty once more than `maximumTimeLost` has passed.
    ///
    /// - Parameter cameraMotion: Where places of the picture of the latest update are in the later one, in pixels.
    package func predicted(at seconds: Double, cameraMotion: SimilarityTransform = .identity) -> [Detection] {
        guard let time, seconds - time <= configuration.maximumTimeLost else { return [] }
        var result: [Detection] = []
        for track in tracks {
            guard var detection = track.detection else { continue }
            var motion = configuration.filter.moved(track.motion, by: cameraMotion)
            configuration.filter.predict(&motion, seconds: seconds - time)
            guard motion.isFinite else { continue }
            detection.box = motion.box
            detection.origin = .predicted
            result.append(detection)
        }
        return result
    }

    /// Moves all tracks to a new time.
    private mutating func advance(to seconds: Double) {
        guard let before = time, seconds.isFinite else {
            time = time ?? (seconds.isFinite ? seconds : 0)
            return
        }
        let passed = seconds - before
        if passed < -configuration.maximumTimeLost {
            tracks.removeAll(keepingCapacity: true)
            time = seconds
        } else if passed > 0 {
            time = seconds
            for index in tracks.indices { configuration.filter.predict(&tracks[index].motion, seconds: passed) }
            // Whoever was seen in the previous update gets one chance, however long the interval is.
            let limit = configuration.maximumTimeLost
            tracks.removeAll { $0.state == .lost && seconds - $0.latest.time > limit || !$0.motion.isFinite }
        }
    }

    /// Gives free detections of a level to the unmatched tracks that `isWanted` names.
    private mutating func associate(
        _ detections: [Detection], _ level: Matching.Level, at now: Double, _ isWanted: (Track) -> Bool
    ) {
        matching.solve(
            tracks: tracks, detections: detections, level: level, now: now, configuration: configuration, isWanted)
        for pair in matching.pairs {
            let detection = detections[pair.detection]
            let measurement = detection.box.coordinates
            if configuration.reupdates, tracks[pair.track].state == .lost {
                reupdate(pair.track, with: measurement, at: now)
            } else {
                configuration.filter.update(&tracks[pair.track].motion, with: measurement)
            }
            if !tracks[pair.track].motion.isFinite {
                tracks[pair.track].motion = configuration.filter.initiate(measurement)
            }
            tracks[pair.track].observe(
                detection, box: tracks[pair.track].motion.box, time: now, configuration)
            if tracks[pair.track].isDue(configuration) {
                tracks[pair.track].confirm(id: takeID())
            }
        }
    }

    /// Filters a track that is found again along the straight way from where it was last seen: what the filter made up
    /// in the meantime is forgotten.
    private mutating func reupdate(_ index: Int, with measurement: SIMD4<Double>, at now: Double) {
        let track = tracks[index]
        let passed = now - track.latest.time
        // Ten observations a second are made up, twenty at most.
        let steps = Int(min(max((passed * 10).rounded(), 1), 20))
        let from = track.seenBox.coordinates
        var motion = track.seenMotion
        for step in 1...steps {
            configuration.filter.predict(&motion, seconds: passed / Double(steps))
            let part = Double(step) / Double(steps)
            configuration.filter.update(&motion, with: from + (measurement - from) * part)
        }
        tracks[index].motion = motion
    }

    /// What becomes of the tracks that got no detection.
    private mutating func miss(at now: Double) {
        for index in tracks.indices where !matching.isTrackMatched[index] {
            tracks[index].miss(at: now, configuration)
        }
        tracks.removeAll { $0.state == .deleted }
    }

    /// Starts tracks from the free detections of a high score.
    private mutating func start(_ detections: [Detection], at now: Double, confirmed: Bool) {
        for index in matching.high where !matching.isDetectionUsed[index] {
            guard tracks.count < configuration.maximumTracks else { return }
            guard !isDuplicate(index, of: detections) else { continue }
            let detection = detections[index]
            var track = Track(
                number: nextNumber, detection: detection,
                motion: configuration.filter.initiate(detection.box.coordinates), time: now)
            nextNumber &+= 1
            if confirmed { track.confirm(id: takeID()) }
            tracks.append(track)
            matching.isDetectionUsed[index] = true
        }
    }

    /// Whether a detection shows what another one shows that already belongs to a track.
    private func isDuplicate(_ index: Int, of detections: [Detection]) -> Bool {
        let detection = detections[index]
        for other in matching.usable where matching.isDetectionUsed[other] {
            let isSameClass = detections[other].classIndex == detection.classIndex
            let limit = isSameClass ? configuration.duplicateIoU : configuration.duplicateIoUAcrossClasses
            if detections[other].box.iou(detection.box) > limit { return true }
        }
        return false
    }

    private mutating func takeID() -> UInt64 {
        defer { nextID &+= 1 }
        return nextID
    }
}
