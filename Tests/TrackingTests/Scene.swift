import Detections

/// Objects that walk on straight lines, as a detector would see them: what the tests of the tracker look at.
struct Scene {
    /// One object: where it is at time 0, how it moves, when it is visible.
    struct Walker {
        var x: Double
        var y: Double
        var dx: Double
        var dy: Double
        var height = 100.0
        var classIndex = 0
        var score: Float = 0.9
        var visible: [ClosedRange<Double>] = [-1e9...1e9]

        func box(at time: Double) -> BoundingBox {
            BoundingBox(
                centerX: Float(x + dx * time), centerY: Float(y + dy * time), width: Float(height * 0.4),
                height: Float(height))
        }
    }

    var walkers: [Walker]

    /// The detections at a time, with noise of a few pixels when a generator is given.
    func detections(at time: Double, noise random: inout SplitMix) -> [Detection] {
        walkers.compactMap { walker in
            guard walker.visible.contains(where: { $0.contains(time) }) else { return nil }
            var box = walker.box(at: time)
            let (dx, dy) = (Float.random(in: -2...2, using: &random), Float.random(in: -2...2, using: &random))
            box.x1 += dx
            box.x2 += dx
            box.y1 += dy
            box.y2 += dy
            return Detection(box: box, classIndex: walker.classIndex, score: walker.score)
        }
    }

    /// Four people who cross a scene of 1000 × 600 in eight seconds, two of them in opposite directions, one hidden for a
    /// second, one who comes late.
    static let crossing = Scene(walkers: [
        Walker(x: 100, y: 200, dx: 90, dy: 0), Walker(x: 900, y: 260, dx: -90, dy: 5),
        Walker(x: 300, y: 450, dx: 40, dy: -10, visible: [-1...3, 4...100]),
        Walker(x: 800, y: 500, dx: -30, dy: 0, height: 60, visible: [2...100]),
    ])

    /// Which walker a box belongs to: the one with the greatest overlap, if that is more than a half.
    func owner(of box: BoundingBox, at time: Double) -> Int? {
        let overlaps = walkers.map { $0.box(at: time).iou(box) }
        guard let best = overlaps.indices.max(by: { overlaps[$0] < overlaps[$1] }), overlaps[best] > 0.5 else {
            return nil
        }
        return best
    }
}
