import Detections
import Tensors
import Tracking

/// People who walk about, and what the tracker takes to follow them.
struct TrackerBenchmark {
    /// Seconds for an update.
    struct Figures: Encodable {
        let objects: Int
        /// Tracks that are alive at the end.
        let tracks: Int
        let p50, p95, p99: Double
        /// Medians of the first and of the last tenth of the frames: an update does not grow longer with the time.
        let firstTenth, lastTenth: Double
    }

    let objects: Int
    let frames: Int

    fileprivate struct Walker {
        var x, y, dx, dy: Float
        let height: Float
    }

    func measure() -> Figures {
        var random = Philox(seed: 1)
        var walkers = (0..<objects).map { _ in
            Walker(
                x: .random(in: 0...1920, using: &random), y: .random(in: 0...1080, using: &random),
                dx: .random(in: -4...4, using: &random), dy: .random(in: -1...1, using: &random),
                height: .random(in: 40...160, using: &random))
        }
        var tracker = Tracker()
        var seen: [Detection] = []
        var found: [Detection] = []
        var times: [Double] = []
        let warmUp = frames / 10
        for frame in 0..<warmUp + frames {
            found.removeAll(keepingCapacity: true)
            for index in walkers.indices {
                walkers[index].walk()
                if Float.random(in: 0..<1, using: &random) >= 0.05 {
                    found.append(walkers[index].detection(using: &random))
                }
            }
            let start = ContinuousClock.now
            tracker.update(detections: found, at: Double(frame) / 25, into: &seen)
            if frame >= warmUp { times.append((ContinuousClock.now - start) / .seconds(1)) }
        }
        func quantile(_ share: Double, of times: some Sequence<Double>) -> Double {
            let sorted = times.sorted()
            return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
        }
        let tenth = frames / 10
        return Figures(
            objects: objects, tracks: tracker.tracks.count, p50: quantile(0.5, of: times),
            p95: quantile(0.95, of: times), p99: quantile(0.99, of: times),
            firstTenth: quantile(0.5, of: times.prefix(tenth)), lastTenth: quantile(0.5, of: times.suffix(tenth)))
    }
}

extension TrackerBenchmark.Walker {
    /// A step; at the edge of the picture he turns.
    fileprivate mutating func walk() {
        x += dx
        y += dy
        if !(0...1920).contains(x) { dx = -dx }
        if !(0...1080).contains(y) { dy = -dy }
    }

    fileprivate func detection(using random: inout Philox) -> Detection {
        let tremble = height * 0.02
        let box = BoundingBox(
            centerX: x + .random(in: -tremble...tremble, using: &random),
            centerY: y + .random(in: -tremble...tremble, using: &random), width: height * 0.4, height: height)
        let isSure = Float.random(in: 0..<1, using: &random) < 0.9
        return Detection(box: box, classIndex: 0, score: isSure ? 0.8 : 0.2)
    }
}
