import Detections
import Foundation
import Imaging
import Testing

/// What OpenCV finds in a pair of pictures; see Tests/Oracles/make_camera_motion_goldens.py.
struct CameraMotionGolden: CustomTestStringConvertible, Sendable {
    let width: Int
    let height: Int
    /// How far to the right the object goes that moves by itself.
    let objectShift: Int
    /// The true motion of the rest.
    let moved: SimilarityTransform
    let opencv: SimilarityTransform

    var testDescription: String { "\(width)x\(height)" }
}

@Suite struct CameraMotionGoldenTests {
    static let waves: [(x: Double, y: Double, phase: Double, height: Double)] = [
        (0.11, 0.07, 0.3, 17), (-0.05, 0.13, 1.1, 17), (0.031, -0.043, 2.0, 19), (0.19, -0.16, 0.7, 13),
        (0.017, 0.023, 4.0, 14), (-0.23, -0.09, 5.1, 10), (0.083, 0.211, 3.3, 11),
    ]

    static func level(_ x: Double, _ y: Double) -> Double {
        waves.reduce(128) { $0 + $1.height * sin($1.x * x + $1.y * y + $1.phase) }
    }

    static func noise(_ column: Int, _ row: Int, _ seed: Int) -> Double {
        var n = ((column * 73_856_093) ^ (row * 19_349_663) ^ (seed * 83_492_791)) & 0xffff_ffff
        for _ in 0..<2 { n = ((n ^ (n >> 13)) * 1_274_126_177) & 0xffff_ffff }
        return Double((n >> 16) % 16 - 8)
    }

    static func picture(_ golden: CameraMotionGolden, moved: SimilarityTransform, shift: Int, seed: Int) -> Image {
        let (width, height) = (golden.width, golden.height)
        let back = moved.inverse ?? .identity
        let columns = width * 3 / 8 + shift..<width * 5 / 8 + shift
        let rows = height / 4..<height * 3 / 4
        return Image.made(
            width: width, height: height,
            y: { column, row in
                let place = back.apply(x: Double(column) + 0.5, y: Double(row) + 0.5)
                let level =
                    columns.contains(column) && rows.contains(row)
                    ? level(1.3 * Double(column - shift) + 900, 1.3 * Double(row) + 500) : level(place.x, place.y)
                return Int((level + noise(column, row, seed)).rounded())
            })
    }

    @Test(arguments: cameraMotionGoldens) func findsWhatOpenCVFinds(_ golden: CameraMotionGolden) {
        var estimator = CameraMotionEstimator()
        _ = estimator.update(with: Self.picture(golden, moved: .identity, shift: 0, seed: 1))
        let found = estimator.update(
            with: Self.picture(golden, moved: golden.moved, shift: golden.objectShift, seed: 2)
        ).transform
        let difference = CameraMotionTests.distance(found, golden.opencv, golden.width, golden.height)
        let own = CameraMotionTests.distance(found, golden.moved, golden.width, golden.height)
        let other = CameraMotionTests.distance(golden.opencv, golden.moved, golden.width, golden.height)
        print("camera motion \(golden.testDescription): \(own) pixels from the truth, OpenCV \(other)")
        // A fifth of a pixel of the thumbnail, at the corner where it is largest.
        let side = Double((max(golden.width, golden.height) + 319) / 320)
        #expect(difference < 0.2 * side + other && own < 0.2 * side)
    }
}
