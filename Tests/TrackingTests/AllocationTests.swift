import CAllocationCounter
import Detections
import Testing
import Tracking

/// In the steady state an update of the tracker costs no memory of the heap.
@Suite struct TrackerAllocationTests {
    @Test func updatesAllocateNothingOnceEverythingHasGrown() {
        var random = SplitMix(seed: 11)
        // Forty people who come and go, and noise that starts tracks now and then.
        let walkers = (0..<40).map { index in
            let x = Double(index % 8) * 200
            let start = Double(index % 5) * 0.7
            return Scene.Walker(
                x: x, y: Double(index / 8) * 180, dx: 20, dy: 5, classIndex: index % 3,
                visible: [start...start + 2, start + 3...100])
        }
        let scene = Scene(walkers: walkers)
        let frames = (0..<400).map { step -> [Detection] in
            var found = scene.detections(at: Double(step) * 0.04, noise: &random)
            if step % 3 == 0 {
                let x = Float.random(in: 0...1600, using: &random)
                let box = BoundingBox(x: x, y: 950, width: 30, height: 60)
                found.append(Detection(box: box, classIndex: 0, score: 0.4))
            }
            return found
        }
        var tracker = Tracker()
        var seen: [Detection] = []
        for step in 0..<200 { tracker.update(detections: frames[step], at: Double(step) * 0.04, into: &seen) }
        #expect(seen.count > 30)
        let ids = tracker.nextID
        allocation_counter_begin(0)
        for step in 200..<400 { tracker.update(detections: frames[step], at: Double(step) * 0.04, into: &seen) }
        let count = allocation_counter_end()
        #expect(count == 0)
        #expect(seen.count > 30 && tracker.nextID >= ids)
    }

    @Test func theResultIsThatOfTheOtherForm() {
        var random = SplitMix(seed: 5)
        let scene = Scene(walkers: [.init(x: 10, y: 20, dx: 30, dy: 1), .init(x: 400, y: 100, dx: -20, dy: 3)])
        var (one, other) = (Tracker(), Tracker())
        var seen: [Detection] = []
        for step in 0..<50 {
            let detections = scene.detections(at: Double(step) * 0.04, noise: &random)
            one.update(detections: detections, at: Double(step) * 0.04, into: &seen)
            #expect(other.update(detections: detections, at: Double(step) * 0.04) == seen)
        }
    }
}
