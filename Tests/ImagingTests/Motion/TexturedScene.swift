import Detections
import Imaging

/// A surface with texture at every place, to be seen by a camera that moves: value noise, smooth between the points of
/// several lattices.
struct TexturedScene {
    var seed: UInt64
    /// The distance of the points of the finest lattice, in pixels.
    var grain: Double

    /// The level at a place, about 20 to 235.
    func level(_ x: Double, _ y: Double) -> Double {
        128 + 55 * noise(x / grain, y / grain, 1) + 35 * noise(x / (4 * grain), y / (4 * grain), 2)
            + 17 * noise(x / (16 * grain), y / (16 * grain), 3)
    }

    /// What a camera sees when the places of the scene are moved by a transform. A pixel is the mean of four samples;
    /// `change` may alter each level, which it gets with its place.
    func picture(
        width: Int, height: Int, moved: SimilarityTransform = .identity,
        change: (Int, Int, Double) -> Double = { $2 }
    ) -> Image {
        let back = moved.inverse ?? .identity
        return Image.made(
            width: width, height: height, color: fullRange601,
            y: { column, row in
                var sum = 0.0
                for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                    let place = back.apply(x: Double(column) + dx, y: Double(row) + dy)
                    sum += level(place.x, place.y)
                }
                return Int(change(column, row, sum / 4).rounded())
            })
    }

    /// -1 to 1.
    private func noise(_ x: Double, _ y: Double, _ octave: UInt64) -> Double {
        let (left, top) = (x.rounded(.down), y.rounded(.down))
        let (i, j) = (Int64(left), Int64(top))
        func smooth(_ t: Double) -> Double { t * t * (3 - 2 * t) }
        let (u, v) = (smooth(x - left), smooth(y - top))
        let upper = point(i, j, octave) * (1 - u) + point(i + 1, j, octave) * u
        let lower = point(i, j + 1, octave) * (1 - u) + point(i + 1, j + 1, octave) * u
        return upper * (1 - v) + lower * v
    }

    private func point(_ i: Int64, _ j: Int64, _ octave: UInt64) -> Double {
        var generator = SeededGenerator(
            state: seed &+ octave &* 0x1000_0000_0001 &+ UInt64(bitPattern: i) &* 0x9E37_79B1
                &+ UInt64(bitPattern: j) &* 0x85EB_CA77_0000_0003)
        return Double(generator.next() >> 11) / 4_503_599_627_370_496 - 1
    }
}
