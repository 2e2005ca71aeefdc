import Detections
import Testing
import Tracking

private func detection(_ x: Float, score: Float = 0.75) -> Detection {
    Detection(box: BoundingBox(x: x, y: 100, width: 40, height: 100), classIndex: 3, score: score)
}

@Suite struct TrackInterpolatorTests {
    @Test func skippedFramesLieOnTheLineBetweenTheReportedBoxes() throws {
        var tracker = Tracker()
        var interpolator = TrackInterpolator()
        let first = try #require(tracker.update(detections: [detection(0, score: 0.5)], at: 0).first)
        #expect(interpolator.advance(tracker, heldBack: []).isEmpty)
        let second = try #require(tracker.update(detections: [detection(8, score: 0.9)], at: 0.25).first)
        let frames = interpolator.advance(tracker, heldBack: [0, 0.0625, 0.125, 0.1875])
        #expect(frames.allSatisfy { $0.count == 1 && $0[0].trackID == 1 && $0[0].classIndex == 3 })
        #expect(frames[0] == [first])
        for (index, part) in [Float(0.25), 0.5, 0.75].enumerated() {
            let found = frames[index + 1][0]
            #expect(found.origin == .interpolated)
            #expect(abs(found.box.x1 - (first.box.x1 + part * (second.box.x1 - first.box.x1))) < 1e-4)
            #expect(abs(found.box.y2 - (first.box.y2 + part * (second.box.y2 - first.box.y2))) < 1e-4)
            #expect(abs(found.score - (0.5 + part * 0.4)) < 1e-6)
        }
    }

    @Test func aTrackThatIsConfirmedLaterIsFilledBackByOneInterval() {
        var tracker = Tracker()
        var interpolator = TrackInterpolator()
        var result: [[Detection]] = []
        _ = tracker.update(detections: [], at: 0)
        result += interpolator.advance(tracker, heldBack: [])
        for (step, x) in [(1, Float(0)), (2, 4), (3, 8)] {
            let time = Double(step) * 0.25
            let live = tracker.update(detections: [detection(x)], at: time)
            #expect(live.isEmpty == (step < 2))
            result += interpolator.advance(tracker, heldBack: [time - 0.25, time - 0.125])
        }
        // Held back frames 0 … 0.625: the first observation is at 0.25, and confirmed at 0.5.
        #expect(result.map(\.count) == [0, 0, 1, 1, 1, 1])
        #expect(result[2].first?.origin == .detected && result[3].first?.origin == .interpolated)
        #expect(result.joined().allSatisfy { $0.trackID == 1 })
    }

    @Test func aMissIsFilledWithinTheIntervalOfItsReturn() {
        var tracker = Tracker()
        var interpolator = TrackInterpolator(extrapolationTime: 0)
        var counts: [Int] = []
        var origins: [Detection.Origin?] = []
        for step in 0..<6 {
            let time = Double(step) * 0.2
            _ = tracker.update(detections: step == 3 ? [] : [detection(Float(step))], at: time)
            let held = step == 0 ? [] : [time - 0.2, time - 0.1]
            for frame in interpolator.advance(tracker, heldBack: held) {
                counts.append(frame.count)
                origins.append(frame.first?.origin)
            }
        }
        // Steps 0 … 4 and the middles: only the middle after step 2 went out before the return was known.
        #expect(counts == [1, 1, 1, 1, 1, 0, 1, 1, 1, 1])
        #expect(origins[6] == .interpolated && origins[7] == .interpolated && origins[8] == .detected)
    }

    @Test func anEndIsContinuedForALittleWhile() {
        var tracker = Tracker()
        var interpolator = TrackInterpolator(extrapolationTime: 0.2)
        for step in 0..<4 {
            _ = tracker.update(detections: [detection(Float(step) * 10)], at: Double(step) * 0.5)
            _ = interpolator.advance(tracker, heldBack: [])
        }
        _ = tracker.update(detections: [], at: 2)
        let frames = interpolator.advance(tracker, heldBack: [1.5, 1.625, 1.6875, 1.75, 1.875])
        #expect(frames.map { $0.first?.origin } == [.detected, .predicted, .predicted, nil, nil])
        #expect((frames[2].first?.box.x1 ?? 0) > (frames[0].first?.box.x1 ?? 0) + 2)
        #expect(interpolator.finish(heldBack: [2, 2.1]) == [[], []])
    }

    @Test func theTailOfTheFileEndsTheSameWay() {
        var tracker = Tracker()
        var interpolator = TrackInterpolator(extrapolationTime: 0.2)
        let last = tracker.update(detections: [detection(0), detection(300)], at: 0)
        _ = interpolator.advance(tracker, heldBack: [])
        let frames = interpolator.finish(heldBack: [0, 0.125, 0.25])
        #expect(frames[0] == last)
        #expect(frames.map(\.count) == [2, 2, 0])
        #expect(interpolator.finish(heldBack: [0]) == [[]])
    }

    @Test func everyFrameHasEachIDOnce() {
        var random = SplitMix(seed: 6)
        for every in 1...5 {
            var tracker = Tracker()
            var interpolator = TrackInterpolator()
            var held: [Double] = []
            var frames = 0
            for frame in 0..<200 {
                let time = Double(frame) / 25
                if frame.isMultiple(of: every) {
                    var detections = Scene.crossing.detections(at: time, noise: &random)
                    detections.removeAll { _ in Int.random(in: 0..<5, using: &random) == 0 }
                    _ = tracker.update(detections: detections, at: time)
                    for boxes in interpolator.advance(tracker, heldBack: held) {
                        #expect(Set(boxes.map(\.trackID)).count == boxes.count)
                        frames += 1
                    }
                    held.removeAll()
                }
                held.append(time)
            }
            frames += interpolator.finish(heldBack: held).count
            #expect(frames == 200)
        }
    }
}
