import Detections
import Testing
import Tracking

private func person(_ x: Float, _ y: Float = 100, score: Float = 0.9, classIndex: Int = 0) -> Detection {
    Detection(box: BoundingBox(x: x, y: y, width: 40, height: 100), classIndex: classIndex, score: score)
}

@Suite struct TrackerTests {
    @Test(arguments: [7.0, 10, 25, 60, 120]) func theSameMotionGivesTheSameIDsAtEveryRate(rate: Double) {
        let scene = Scene.crossing
        var random = SplitMix(seed: UInt64(rate))
        var tracker = Tracker()
        var idsOfWalker: [Int: Set<UInt64>] = [:]
        for frame in 0...Int(8 * rate) {
            let time = Double(frame) / rate
            for track in tracker.update(detections: scene.detections(at: time, noise: &random), at: time) {
                let owner = scene.owner(of: track.box, at: time)
                #expect(owner != nil, "a box beside everybody at \(time)")
                if let owner, let id = track.trackID { idsOfWalker[owner, default: []].insert(id) }
            }
        }
        #expect(idsOfWalker == [0: [1], 1: [2], 2: [3], 3: [4]])
    }

    @Test(arguments: [1, 2, 3, 6]) func skippedFramesKeepTheIDs(every: Int) {
        let scene = Scene.crossing
        var random = SplitMix(seed: 1)
        var tracker = Tracker()
        var ids = Set<UInt64>()
        var worst: Float = 1
        for frame in 0..<200 {
            let time = Double(frame) / 25
            let isDetected = frame.isMultiple(of: every)
            let tracks =
                isDetected
                ? tracker.update(detections: scene.detections(at: time, noise: &random), at: time)
                : tracker.predicted(at: time)
            for track in tracks {
                #expect(track.origin == (isDetected ? .detected : .predicted))
                ids.insert(track.trackID ?? 0)
                worst = min(worst, scene.walkers.map { $0.box(at: time).iou(track.box) }.max() ?? 0)
            }
        }
        #expect(ids == [1, 2, 3, 4])
        // The worst is a person who was seen once, before there is a velocity.
        #expect(worst > (every < 4 ? 0.5 : 0.3), "a predicted box has IoU \(worst)")
    }

    @Test func predictingChangesNothing() {
        var tracker = Tracker()
        _ = tracker.update(detections: [person(10)], at: 0)
        _ = tracker.update(detections: [person(14)], at: 0.1)
        let before = tracker.tracks
        let once = tracker.predicted(at: 0.2)
        #expect(tracker.predicted(at: 0.2) == once && tracker.tracks == before)
        #expect((once.first?.box.x1 ?? 0) > 13 && once.first?.trackID == 1)
        #expect(tracker.predicted(at: 60).isEmpty)
    }

    @Test func idsAreDenseAndGivenAtConfirmation() {
        var tracker = Tracker()
        _ = tracker.update(detections: [], at: 0)
        var random = SplitMix(seed: 9)
        var seen = Set<UInt64>()
        // Flashes that last one frame, among people who stay: only people get ids.
        for frame in 1...300 {
            let time = Double(frame) / 30
            var detections = [person(0), person(200)]
            if frame > 150 { detections.append(person(400)) }
            for _ in 0..<3 { detections.append(person(.random(in: 600...5000, using: &random), 600)) }
            for track in tracker.update(detections: detections, at: time) { seen.insert(track.trackID ?? 0) }
        }
        #expect(seen == [1, 2, 3])
        #expect(tracker.nextID == 4)
        #expect(tracker.tracks.count < 10)
    }

    @Test func confirmationTakesTimeNotFrames() {
        for rate in [10.0, 25, 50, 100] {
            var tracker = Tracker()
            _ = tracker.update(detections: [], at: 0)
            var confirmed: Double?
            for frame in 1...Int(rate) where confirmed == nil {
                let time = Double(frame) / rate
                if !tracker.update(detections: [person(50)], at: time).isEmpty { confirmed = time - 1 / rate }
            }
            let wait = confirmed ?? .infinity
            #expect(wait >= 0.2 - 1e-6 && wait <= 0.2 + 1 / rate, "\(wait) s at \(rate) fps")
        }
    }

    @Test func lostTracksComeBackInTimeAndOnlyThen() {
        for (gap, id) in [(1.0, UInt64(1)), (1.4, 1), (1.7, 2), (30, 2)] {
            var tracker = Tracker()
            var time = 0.0
            for _ in 0..<20 {
                _ = tracker.update(detections: [person(50)], at: time)
                time += 0.04
            }
            let end = time + gap
            while time < end {
                #expect(tracker.update(detections: [], at: time).isEmpty)
                time += 0.04
            }
            var last: [Detection] = []
            for _ in 0..<10 {
                last = tracker.update(detections: [person(52)], at: time)
                time += 0.04
            }
            #expect(last.map(\.trackID) == [id], "after \(gap) s")
        }
    }

    @Test func aSlowDetectorStillTracks() {
        // One detection every five seconds, longer than a lost track lives.
        var tracker = Tracker()
        for step in 0..<5 {
            let tracks = tracker.update(detections: [person(50)], at: Double(step) * 5)
            #expect(tracks.map(\.trackID) == [1])
        }
    }

    @Test func lowScoresContinueButNeverStart() {
        var tracker = Tracker()
        for step in 0..<10 {
            let tracks = tracker.update(
                detections: [person(50, score: step < 5 ? 0.8 : 0.15), person(400, score: 0.2)],
                at: Double(step) * 0.04)
            #expect(tracks.map(\.trackID) == [1])
        }
        #expect(tracker.tracks.count == 1)
    }

    @Test func whatLivesOnLowScoresAloneIsKeptButNotReported() {
        var tracker = Tracker()
        var reported: [Bool] = []
        for step in 0..<60 {
            let score: Float = step < 10 || step >= 50 ? 0.8 : 0.15
            let tracks = tracker.update(detections: [person(50, score: score)], at: Double(step) * 0.04)
            reported.append(!tracks.isEmpty)
            #expect(tracks.allSatisfy { $0.trackID == 1 })
            #expect(tracker.tracks.count == 1)
        }
        // A dip is bridged, a second of doubt is not, and the id is the same afterwards.
        #expect(reported[0..<15].allSatisfy { $0 } && !reported[35..<50].contains(true) && reported[59])
    }

    @Test func theClassIsVotedAndADoubleStartsNothing() {
        // A car that is a truck in every third frame, and both at once in every fifth.
        var tracker = Tracker()
        for step in 0..<30 {
            var detections = [person(50, classIndex: step % 3 == 2 ? 7 : 2)]
            if step.isMultiple(of: 5) { detections.append(person(51, score: 0.5, classIndex: 7)) }
            let tracks = tracker.update(detections: detections, at: Double(step) * 0.04)
            #expect(tracks.count == (step == 0 ? tracks.count : 1) && tracks.first?.classIndex == 2)
            #expect(tracks.first?.trackID == 1)
        }
    }

    @Test func theOwnClassGoesFirst() {
        // A person and a bicycle at nearly the same place never swap.
        var tracker = Tracker()
        for step in 0..<30 {
            let x = Float(step) * 3
            let detections = [person(x, classIndex: 0), person(x + 4, 108, score: 0.8, classIndex: 1)]
            let tracks = tracker.update(
                detections: step.isMultiple(of: 2) ? detections : detections.reversed(), at: Double(step) * 0.04)
            #expect(tracks.sorted { ($0.trackID ?? 0) < ($1.trackID ?? 0) }.map(\.classIndex) == [0, 1])
        }
    }

    @Test func whatIsNotANumberDoesNoHarm() {
        var tracker = Tracker()
        let bad = [
            Detection(box: BoundingBox(x1: .nan, y1: 0, x2: 1, y2: 1), classIndex: 0, score: 0.9),
            Detection(box: BoundingBox(x1: 0, y1: 0, x2: .infinity, y2: 1), classIndex: 0, score: 0.9),
            Detection(box: BoundingBox(x1: 5, y1: 5, x2: 1, y2: 1), classIndex: 0, score: 0.9),
            Detection(box: BoundingBox(x1: -3e38, y1: -3e38, x2: 3e38, y2: 3e38), classIndex: 0, score: 0.9),
            person(50, score: .nan), person(50, score: .infinity),
        ]
        var times = [0, 0.04, .nan, 0.08, .infinity, 0.12, 0.12, 0.1, -.infinity, 0.16]
        times += [1e300, -1e300, 5]
        for time in times {
            let tracks = tracker.update(detections: bad + [person(50)], at: time)
            #expect(tracks.allSatisfy { $0.box.isFinite && $0.score.isFinite })
            let predicted = tracker.predicted(at: time)
            #expect(predicted.allSatisfy { $0.box.isFinite })
            #expect(tracker.tracks.count <= 2)
        }
        #expect(tracker.time == 5)
    }

    @Test func aSourceThatBeginsAnewGetsNewIDs() {
        var tracker = Tracker(TrackerConfiguration(), firstID: 41)
        for step in 0..<20 { _ = tracker.update(detections: [person(50)], at: 100 + Double(step) * 0.04) }
        var last: [Detection] = []
        for step in 0..<20 { last = tracker.update(detections: [person(50)], at: Double(step) * 0.04) }
        #expect(last.map(\.trackID) == [42])
    }

    @Test func theLastIDsDoNotTrap() {
        var tracker = Tracker(TrackerConfiguration(), firstID: .max - 1)
        let tracks = tracker.update(detections: [person(0), person(200), person(400)], at: 0)
        #expect(tracks.map(\.trackID) == [.max - 1, .max, 0])
    }
}
