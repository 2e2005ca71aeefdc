import Detections
import Imaging
import Testing

@Suite struct CameraMotionTests {
    static let scene = TexturedScene(seed: 1, grain: 14)

    /// The largest distance between where two transforms put the corners of a picture.
    static func distance(_ a: SimilarityTransform, _ b: SimilarityTransform, _ width: Int, _ height: Int) -> Double {
        [(0, 0), (width, 0), (0, height), (width, height)].reduce(0.0) { largest, corner in
            let p = a.apply(x: Double(corner.0), y: Double(corner.1))
            let q = b.apply(x: Double(corner.0), y: Double(corner.1))
            return max(largest, ((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y)).squareRoot())
        }
    }

    /// The motion found between the scene at rest and the scene moved.
    static func motion(
        _ moved: SimilarityTransform, width: Int = 640, height: Int = 360, excluding boxes: [BoundingBox] = [],
        set: PixelInstructionSet = .best, scene: TexturedScene = scene,
        change: (Int, Int, Double) -> Double = { $2 }
    ) -> CameraMotion {
        var estimator = CameraMotionEstimator(instructionSet: set)
        let first = estimator.update(with: scene.picture(width: width, height: height))
        #expect(first == .unknown)
        return estimator.update(
            with: scene.picture(width: width, height: height, moved: moved, change: change), excluding: boxes)
    }

    static let middle = (x: 320.0, y: 180.0)
    static let motions = [
        SimilarityTransform(tx: 0.6, ty: -0.4),
        SimilarityTransform(tx: 7.3, ty: 2.9),
        SimilarityTransform(tx: -41, ty: 18.6),
        SimilarityTransform(rotation: 0.5 * .pi / 180, about: middle),
        SimilarityTransform(rotation: -3 * .pi / 180, about: middle),
        SimilarityTransform(scale: 1.005, about: middle),
        SimilarityTransform(scale: 1.06, about: middle),
        SimilarityTransform(scale: 0.95, about: middle),
        SimilarityTransform(scale: 1.02, rotation: 1.2 * .pi / 180, about: middle, tx: -12.4, ty: 6.1),
    ]

    @Test(arguments: motions)
    func knownMotionsAreRecovered(_ moved: SimilarityTransform) {
        let found = Self.motion(moved)
        // A pixel of the thumbnail is two of the picture: 0.2 of it everywhere, and 0.1 degrees.
        #expect(Self.distance(found.transform, moved, 640, 360) < 0.4, "\(found)")
        #expect(abs(found.transform.rotation - moved.rotation) < 0.1 * .pi / 180)
        #expect(found.confidence > 0.6)
        print("off by \(Self.distance(found.transform, moved, 640, 360)) pixels: \(moved)")
    }

    @Test(arguments: [(320, 240), (333, 247), (1001, 563), (176, 144), (181, 320), (64, 64)])
    func sizesOfAllKinds(_ width: Int, _ height: Int) {
        let moved = SimilarityTransform(tx: 1.7, ty: -1.3)
        let found = Self.motion(moved, width: width, height: height, scene: TexturedScene(seed: 3, grain: 9))
        let side = Double((max(width, height) + 319) / 320)
        #expect(Self.distance(found.transform, moved, width, height) < 0.2 * side, "\(found)")
    }

    @Test func aPictureAtRestIsTheIdentityExactly() {
        #expect(Self.motion(.identity) == CameraMotion(transform: .identity, confidence: 1))
        // With noise of five levels on each pixel, and with the light going up and down.
        var generator = SeededGenerator(state: 8)
        let noisy = Self.motion(.identity) { _, _, level in level + .random(in: -5...5, using: &generator) }
        #expect(Self.distance(noisy.transform, .identity, 640, 360) < 0.1 && noisy.confidence > 0.9)
        for light in [0.8, 1.05] {
            let lit = Self.motion(.identity) { _, _, level in light * level + 6 }
            #expect(Self.distance(lit.transform, .identity, 640, 360) < 0.2 && lit.confidence > 0.9, "\(lit)")
        }
    }

    @Test func noiseIsNotMotion() {
        let moved = SimilarityTransform(rotation: 0.3 * .pi / 180, about: Self.middle, tx: 3.2, ty: -5.5)
        var generator = SeededGenerator(state: 9)
        let found = Self.motion(moved) { _, _, level in level + .random(in: -12...12, using: &generator) }
        #expect(Self.distance(found.transform, moved, 640, 360) < 0.4, "\(found)")
    }

    /// An object that fills a quarter of the picture and goes its own way.
    @Test func whatMovesInAPictureAtRestIsLeftOut() {
        let object = TexturedScene(seed: 77, grain: 14)
        func isInside(_ x: Int, _ y: Int) -> Bool { (200..<520).contains(x) && (90..<270).contains(y) }
        let box = BoundingBox(x1: 200, y1: 90, x2: 520, y2: 270)
        for camera in [SimilarityTransform.identity, SimilarityTransform(tx: -6.5, ty: 2)] {
            for boxes in [[], [box]] {
                var estimator = CameraMotionEstimator()
                for (shift, moved) in [(0, SimilarityTransform.identity), (9, camera)] {
                    let image = Self.scene.picture(width: 640, height: 360, moved: moved) { x, y, level in
                        isInside(x - shift, y) ? object.level(Double(x - shift), Double(y)) : level
                    }
                    let found = estimator.update(with: image, excluding: boxes)
                    guard shift > 0 else { continue }
                    #expect(Self.distance(found.transform, camera, 640, 360) < 0.4, "\(found)")
                    #expect(found.confidence > (boxes.isEmpty ? 0.5 : 0.7))
                }
            }
        }
    }

    @Test func aCutIsNoMotion() {
        var estimator = CameraMotionEstimator()
        _ = estimator.update(with: Self.scene.picture(width: 640, height: 360))
        for seed in 50..<60 as Range<UInt64> {
            let other = TexturedScene(seed: seed, grain: 14).picture(width: 640, height: 360)
            let found = estimator.update(with: other)
            #expect(found == .unknown)
        }
    }

    @Test func withoutTextureItIsUnknown() {
        for (width, height) in [(1, 1), (2, 300), (300, 1), (17, 16), (640, 360)] {
            var estimator = CameraMotionEstimator()
            for level in [100, 100, 103] {
                let image = Image.made(width: width, height: height, y: { _, _ in level })
                let found = estimator.update(with: image)
                #expect(found == .unknown)
            }
        }
        // Noise alone, and a pattern without a second direction.
        var estimator = CameraMotionEstimator()
        for seed in 1...4 as ClosedRange<UInt64> {
            let found = estimator.update(with: Image.noise(width: 640, height: 360, seed: seed))
            #expect(found == .unknown)
        }
        estimator.reset()
        for shift in 0..<3 {
            let stripes = Image.made(width: 640, height: 360, y: { x, _ in (x + 3 * shift) / 20 % 2 * 200 })
            let found = estimator.update(with: stripes)
            #expect(found == .unknown)
        }
    }

    @Test func anotherSizeAndAResetBeginAnew() {
        var estimator = CameraMotionEstimator()
        for (width, height) in [(640, 360), (360, 640), (640, 360)] {
            let image = Self.scene.picture(width: width, height: height)
            let first = estimator.update(with: image)
            let second = estimator.update(with: image)
            #expect(first == .unknown && second.confidence == 1)
        }
        estimator.reset()
        let found = estimator.update(with: Self.scene.picture(width: 640, height: 360))
        #expect(found == .unknown)
    }

    @Test func boxesOfAnyKindAreAccepted() {
        let strange: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, 0, 1e-30]
        let boxes = strange.flatMap { a in strange.map { b in BoundingBox(x1: a, y1: b, x2: b, y2: a) } }
        #expect(Self.motion(.identity, excluding: boxes).transform == .identity)
        let all = BoundingBox(x1: -1e9, y1: -1e9, x2: 1e9, y2: 1e9)
        #expect(Self.motion(.identity, excluding: [all]) == .unknown)
        let reversed = BoundingBox(x1: 1e9, y1: 1e9, x2: -1e9, y2: -1e9)
        #expect(Self.motion(.identity, excluding: [reversed]).confidence == 1)
    }

    @Test func everyInstructionSetFindsTheSame() {
        let reference = Self.motion(Self.motions[8], set: .portable)
        for set in PixelInstructionSet.allCases where set <= .best {
            #expect(Self.motion(Self.motions[8], set: set) == reference)
        }
    }

    /// Prints how long a frame takes; the figure depends on the machine and its load and is not judged.
    @Test func time() {
        let first = Self.scene.picture(width: 1280, height: 720)
        let second = Self.scene.picture(width: 1280, height: 720, moved: SimilarityTransform(tx: 9, ty: 4))
        for set in PixelInstructionSet.allCases where set <= .best {
            var estimator = CameraMotionEstimator(instructionSet: set)
            let best = (0..<20).map { _ in
                _ = estimator.update(with: first)
                return ContinuousClock().measure { _ = estimator.update(with: second) }
            }.min()
            print("camera motion of 1280x720, \(set): \(best ?? .zero)")
        }
    }
}
