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
                _ = tracker.update(detections: [person(Float(100 + 4 * frame))], at: Double(frame) / 25)
            }
            for frame in 25..<35 { _ = tracker.update(detections: [], at: Double(frame) / 25) }
            _ = tracker.update(detections: [person(210)], at: 1.4)
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
            for frame in 0..<10 { _ = tracker.update(detections: [person(100), person(130)], at: Double(frame) / 25) }
            _ = tracker.update(detections: [person(100)], at: 0.4)
            let seen = tracker.update(detections: [person(122)], at: 0.44)
            #expect(seen.map(\.trackID) == [cascades ? 1 : 2])
        }
    }

    /// The camera is shaken by more than a person's width from frame to frame, and zooms.
    @Test func tracksGoWithTheCamera() {
        for follows in [true, false] {
            var tracker = Tracker()
            var view = SimilarityTransform.identity
            var random = SplitMix(seed: 4)
            var complete = 0
            for frame in 0..<50 {
                let step =
                    frame == 0
                    ? .identity
                    : SimilarityTransform(
                        scale: frame < 25 ? 1.01 : 0.99, about: (500, 300), tx: .random(in: -90...90, using: &random),
                        ty: 8)
                view = view.followed(by: step)
                // Two people stand in the world, one walks.
                let people = [person(100), person(300), person(500 + 3 * Float(frame))].map { person in
                    var person = person
                    person.box = view.apply(person.box)
                    return person
                }
                let seen = tracker.update(
                    detections: people, at: Double(frame) / 25, cameraMotion: follows ? step : .identity)
                if seen.map(\.trackID) == [1, 2, 3] { complete += 1 }
            }
            #expect(follows ? complete == 50 : complete < 25, "\(complete)")
            if follows {
                let step = SimilarityTransform(tx: 200, ty: -50)
                let before = tracker.predicted(at: 49 / 25), after = tracker.predicted(at: 49 / 25, cameraMotion: step)
                for (before, after) in zip(before, after) {
                    #expect(abs(after.box.centerX - before.box.centerX - 200) < 0.01)
                    #expect(abs(after.box.centerY - before.box.centerY + 50) < 0.01)
                }
            }
        }
    }

    @Test func aCameraThatIsNowhereChangesNothing() {
        var one = Tracker(), other = Tracker()
        for frame in 0..<10 {
            let nowhere = SimilarityTransform(a: .nan, b: 0, tx: .infinity, ty: 0)
            let detections = [person(100 + Float(frame))]
            let seconds = Double(frame) / 25
            #expect(
                one.update(detections: detections, at: seconds, cameraMotion: nowhere)
                    == other.update(detections: detections, at: seconds))
        }
    }
}
