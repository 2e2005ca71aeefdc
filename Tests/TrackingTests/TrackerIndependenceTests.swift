import Detections
import Testing
import Tracking

@Suite struct TrackerIndependenceTests {
    private func run(_ seed: UInt64, frames: Int = 120) -> [[Detection]] {
        var random = SplitMix(seed: seed)
        var tracker = Tracker()
        return (0..<frames).map { frame in
            let time = Double(frame) / 15
            return tracker.update(detections: Scene.crossing.detections(at: time, noise: &random), at: time)
        }
    }

    @Test func theSameInputGivesTheSameResult() {
        #expect(run(1) == run(1))
        #expect(run(1) != run(2))
    }

    @Test func interleavedTrackersKnowNothingOfEachOther() {
        var order = SplitMix(seed: 77)
        var randoms = [SplitMix(seed: 1), SplitMix(seed: 2)]
        var trackers = [Tracker(), Tracker()]
        var results: [[[Detection]]] = [[], []]
        while results.contains(where: { $0.count < 120 }) {
            let which = Int.random(in: 0...1, using: &order)
            guard results[which].count < 120 else { continue }
            let time = Double(results[which].count) / 15
            let detections = Scene.crossing.detections(at: time, noise: &randoms[which])
            results[which].append(trackers[which].update(detections: detections, at: time))
        }
        #expect(results == [run(1), run(2)])
    }

    @Test func theOrderOfDetectionsDoesNotMatter() {
        var random = SplitMix(seed: 4)
        var straight = Tracker()
        var shuffled = Tracker()
        for frame in 0..<120 {
            let time = Double(frame) / 15
            var detections = Scene.crossing.detections(at: time, noise: &random)
            // Scores that differ: the order of equal scores is the order of their lines.
            for index in detections.indices { detections[index].score -= Float(index) * 0.01 }
            let expected = straight.update(detections: detections, at: time)
            #expect(shuffled.update(detections: detections.shuffled(using: &random), at: time) == expected)
        }
    }

    @Test func tenThousandDetectionsInAFrameAreBounded() {
        var random = SplitMix(seed: 8)
        var tracker = Tracker()
        let time = ContinuousClock().measure {
            for frame in 0..<5 {
                let detections = (0..<10_000).map { _ in
                    Detection(
                        box: BoundingBox(
                            x: .random(in: 0...1900, using: &random), y: .random(in: 0...1000, using: &random),
                            width: .random(in: 5...60, using: &random), height: .random(in: 5...90, using: &random)),
                        classIndex: 0, score: .random(in: 0.1...1, using: &random))
                }
                _ = tracker.update(detections: detections, at: Double(frame) / 25)
            }
        }
        #expect(tracker.tracks.count <= tracker.configuration.maximumTracks)
        #expect(time < .seconds(20), "took \(time)")
    }

    @Test func emptyHoursCostNothingAndForgetEverything() {
        var tracker = Tracker()
        let box = BoundingBox(x: 10, y: 10, width: 40, height: 100)
        for frame in 0..<10 {
            _ = tracker.update(detections: [Detection(box: box, classIndex: 0, score: 0.9)], at: Double(frame) / 25)
        }
        let time = ContinuousClock().measure {
            for frame in 10..<270_000 {
                #expect(tracker.update(detections: [], at: Double(frame) / 25).isEmpty)
            }
        }
        #expect(tracker.tracks.isEmpty)
        #expect(time < .seconds(10), "three hours took \(time)")
        var last: [Detection] = []
        for frame in 270_000..<270_010 {
            last = tracker.update(detections: [Detection(box: box, classIndex: 0, score: 0.9)], at: Double(frame) / 25)
        }
        #expect(last.map(\.trackID) == [2])
    }

    @Test func weeksOfPassersByLeaveNoTrace() {
        // 20 000 objects, each seen for half a second, two at a time.
        var tracker = Tracker()
        var most = 0
        for frame in 0..<125_000 {
            let detections = (0..<2).map { lane in
                let x = Float(frame % 12) * 5 + Float((frame / 12 % 7) * 300)
                let box = BoundingBox(x: x, y: Float(lane) * 300, width: 40, height: 100)
                return Detection(box: box, classIndex: 0, score: 0.9)
            }
            _ = tracker.update(detections: detections, at: Double(frame) / 25)
            most = max(most, tracker.tracks.count)
        }
        #expect(tracker.nextID > 15_000)
        #expect(most < 30, "\(most) tracks at once")
    }
}
