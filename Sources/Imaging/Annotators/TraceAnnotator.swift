package import Detections

/// Draws the path that each track has come along: the middles of the lower edges of its boxes over the last seconds,
/// fading with age. Memory is bounded: at most 256 points a track and 1024 tracks.
package struct TraceAnnotator {
    package static let mostPoints = 256
    package static let mostTracks = 1024

    private struct Point {
        var time: Double
        var x: Float
        var y: Float
    }

    private var paths: [UInt64: [Point]] = [:]
    private var latest = -Double.infinity
    private let mask = CoverageMask()

    package init() {}

    /// Adds this frame's places and draws the paths. `time` is the frame's in seconds; when it goes backwards, or is not
    /// a number, the paths begin anew.
    package mutating func annotate(
        _ image: inout Image, _ detections: [Detection], time: Double, seconds: Double, lineWidth: Int
    ) {
        record(detections, time: time, seconds: seconds)
        let radius = Float(max(lineWidth, 2)) * 0.5
        for detection in detections {
            guard let id = detection.trackID, let path = paths[id], path.count > 1 else { continue }
            var (low, high) = (SIMD2(repeating: Float.infinity), SIMD2(repeating: -Float.infinity))
            for point in path {
                low = pointwiseMin(low, SIMD2(point.x, point.y))
                high = pointwiseMax(high, SIMD2(point.x, point.y))
            }
            let reach = radius + 2
            guard
                let extent = PixelRect(
                    BoundingBox(x1: low.x - reach, y1: low.y - reach, x2: high.x + reach, y2: high.y + reach)),
                mask.begin(within: extent, of: image)
            else { continue }
            for (from, to) in zip(path, path.dropFirst()) {
                let age = Float((time - to.time) / seconds)
                mask.addLine(
                    from: (from.x, from.y), to: (to.x, to.y), radius: radius,
                    opacity: min(max(1 - age * age, 0), 1))
            }
            mask.paint(
                on: &image, Palette.color(trackID: id, classIndex: detection.classIndex), opacity: 0.9)
        }
    }

    private mutating func record(_ detections: [Detection], time: Double, seconds: Double) {
        guard time.isFinite, time >= latest else {
            paths.removeAll()
            latest = time.isFinite ? time : -.infinity
            return
        }
        latest = time
        for detection in detections {
            guard let id = detection.trackID, detection.box.isFinite else { continue }
            let point = Point(time: time, x: detection.box.centerX, y: detection.box.y2)
            if paths[id] == nil, paths.count >= Self.mostTracks { continue }
            paths[id, default: []].append(point)
        }
        for id in Array(paths.keys) {
            let old = paths[id]?.firstIndex { $0.time > time - seconds } ?? Int.max
            let count = paths[id]?.count ?? 0
            let surplus = max(min(old, count), count - Self.mostPoints)
            if surplus >= count {
                paths[id] = nil
            } else if surplus > 0 {
                paths[id]?.removeFirst(surplus)
            }
        }
    }
}
