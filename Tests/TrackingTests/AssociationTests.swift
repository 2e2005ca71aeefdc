import Detections
import Testing
import Tracking

private func person(_ x: Float, score: Float = 0.9, height: Float = 100) -> Detection {
    Detection(box: BoundingBox(x: x, y: 50, width: 40, height: height), classIndex: 0, score: score)
}

@Suite struct AssociationTests {
    @Test func aTurnCostsLessTheLongerTheIntervalIs() {
        let metrics = AssociationMetrics()
        #expect(metrics.turnCost(interval: 0) == metrics.turnCost)
        #expect(metrics.turnCost(interval: metrics.turnTime) == metrics.turnCost / 2)
        #expect(metrics.turnCost(interval: 10) < 0.001)
    }

    @Test func costsAreThoseOfTheFormula() {
        var metrics = AssociationMetrics()
        metrics.turnCost = 0.4
        let predicted = BoundingBox(x: 0, y: 0, width: 40, height: 100)
        let detected = BoundingBox(x: 0, y: 0, width: 40, height: 50)
        let cost = metrics.cost(
            predicted: predicted, detected: detected, score: 0.8, isClassChange: true, turn: { 0.1 }, distance: { 4 })
        let overlap = 0.5 * Float(0.5).squareRoot()
        let motion = 4 / Float(metrics.gate)
        let likeness = 1 - metrics.motionWeight * motion - (1 - metrics.motionWeight) * (1 - overlap)
        #expect(abs(cost - (1 - 0.8 * (likeness - 0.1) + metrics.classChangeCost)) < 1e-6)
        let far = metrics.cost(
            predicted: predicted, detected: detected, score: 0.8, isClassChange: false, turn: { 0 },
            distance: { metrics.gate + 0.01 })
        #expect(far == .infinity)
    }

    /// Two people pass each other behind a tree, and are seen again with boxes in between: each goes on his way.
    @Test func whoWasHiddenGoesOnHisWay() throws {
        var tracker = Tracker()
        var seen: [Detection] = []
        for frame in 0...40 {
            let time = Double(frame) / 25
            let (left, right) = (Float(100 + 100 * time), Float(260 - 100 * time))
            let isHidden = (0.6...1.0).contains(time)
            seen = tracker.update(detections: isHidden ? [] : [person(left), person(right)], at: time)
        }
        let byPlace = seen.sorted { $0.box.x1 < $1.box.x1 }.map(\.trackID)
        #expect(byPlace == [2, 1], "the first went to the right")
    }

    @Test func whatWasMadeUpIsForgottenWhenATrackIsFoundAgain() {
        var configuration = TrackerConfiguration()
        /// The velocity right after a person who stopped behind a tree is seen again.
        func velocity(reupdates: Bool) -> Double {
            configuration.reupdates = reupdates
            var tracker = Tracker(configuration)
            for frame in 0..<25 {
                tracker.update(detections: [person(Float(100 + 4 * frame))], at: Double(frame) / 25)
            }
            for frame in 25..<35 { tracker.update(detections: [], at: Double(frame) / 25) }
            tracker.update(detections: [person(210)], at: 1.4)
            #expect(tracker.tracks.map(\.observationCount) == [26], "found again")
            return tracker.tracks.first { $0.id == 1 }?.motion.velocity.x ?? .nan
        }
        #expect(abs(velocity(reupdates: true)) < abs(velocity(reupdates: false)))
    }

    @Test func inACascadeWhoWasJustSeenChoosesFirst() {
        for cascades in [false, true] {
            var configuration = TrackerConfiguration()
            configuration.cascades = cascades
            var tracker = Tracker(configuration)
            // Both stand still; the second is missed once, and then one box lies between them, nearer to the second.
            for frame in 0..<10 { tracker.update(detections: [person(100), person(130)], at: Double(frame) / 25) }
            tracker.update(detections: [person(100)], at: 0.4)
            let seen = tracker.update(detections: [person(122)], at: 0.44)
            #expect(seen.map(\.trackID) == [cascades ? 1 : 2])
        }
    }
}
