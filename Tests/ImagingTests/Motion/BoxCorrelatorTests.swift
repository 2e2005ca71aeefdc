import Detections
import Imaging
import Testing

@Suite struct BoxCorrelatorTests {
    static let background = TexturedScene(seed: 5, grain: 11)

    /// A picture with an object in a box, which carries its texture with it, the finer the smaller it is.
    static func picture(
        _ box: BoundingBox, width: Int = 640, height: Int = 360, hidden: Bool = false, light: Double = 1
    ) -> Image {
        let object = TexturedScene(seed: 6, grain: Double(max(6, max(box.width, box.height) / 8)))
        let moved = SimilarityTransform(tx: Double(box.x1), ty: Double(box.y1))
        return object.picture(width: width, height: height, moved: moved) { x, y, level in
            let isInside = Float(x) >= box.x1 && Float(x) < box.x2 && Float(y) >= box.y1 && Float(y) < box.y2
            return light * (isInside && !hidden ? level : background.level(Double(x), Double(y)))
        }
    }

    static func distance(_ a: BoundingBox, _ b: BoundingBox) -> Float {
        let (dx, dy) = (a.centerX - b.centerX, a.centerY - b.centerY)
        return (dx * dx + dy * dy).squareRoot()
    }

    /// A walker of about 30 x 75 pixels, something small, and something wide.
    static let boxes = [
        BoundingBox(x: 300, y: 120, width: 31, height: 75),
        BoundingBox(x: 100, y: 200, width: 14, height: 22),
        BoundingBox(x: 200, y: 100, width: 170, height: 80),
    ]

    @Test(arguments: boxes)
    func partsOfPixelsAreRecovered(_ box: BoundingBox) throws {
        var correlator = BoxCorrelator()
        var template = BoxTemplate()
        correlator.take(&template, of: box, in: Self.picture(box))
        #expect(!template.isEmpty && template.box == box)
        let pixels = max(box.width, box.height) / 32
        var sum: Float = 0
        let shifts: [(Float, Float)] = [(0, 0), (0.5, 0), (-0.3, 0.7), (2.4, -1.6), (-3.75, 2.25), (4.1, 3.9)]
        for (dx, dy) in shifts {
            let truth = BoundingBox(x: box.x1 + dx, y: box.y1 + dy, width: box.width, height: box.height)
            let found = correlator.match(template, near: box, in: Self.picture(truth))
            let match = try #require(found)
            // Of a cell, which is more than a pixel in what is longer than 32 pixels.
            #expect(Self.distance(match.box, truth) < 0.25 * max(1, pixels.rounded(.up)), "\(dx), \(dy): \(match)")
            #expect(match.peak > 0.6 && match.distinctness > 0.05)
            sum += Self.distance(match.box, truth)
        }
        print("box of \(box.width) x \(box.height): off by \(sum / Float(shifts.count)) pixels in the mean")
    }

    @Test func thePredictionGivesPlaceAndSize() throws {
        var correlator = BoxCorrelator()
        var template = BoxTemplate()
        let box = Self.boxes[0]
        correlator.take(&template, of: box, in: Self.picture(box))
        // Far from where it was, a little off the prediction, and darker.
        let truth = BoundingBox(x: 120, y: 40, width: box.width, height: box.height)
        let predicted = BoundingBox(centerX: truth.centerX + 5, centerY: truth.centerY - 6, width: 33, height: 79)
        let found = correlator.match(template, near: predicted, in: Self.picture(truth, light: 0.6))
        let match = try #require(found)
        #expect(Self.distance(match.box, truth) < 0.75)
        #expect(abs(match.box.width - 33) < 1e-3 && abs(match.box.height - 79) < 1e-3)
        // Where nobody looks it is not found.
        let elsewhere = correlator.match(template, near: Self.boxes[1], in: Self.picture(truth))
        #expect(elsewhere == nil)
    }

    @Test func whatIsHiddenIsNotFound() {
        var correlator = BoxCorrelator()
        var template = BoxTemplate()
        for box in Self.boxes {
            correlator.take(&template, of: box, in: Self.picture(box))
            let hidden = correlator.match(template, near: box, in: Self.picture(box, hidden: true))
            #expect(hidden == nil)
            let flat = correlator.match(
                template, near: box, in: Image.made(width: 640, height: 360, y: { _, _ in 90 }))
            #expect(flat == nil)
        }
    }

    /// Everything as a match shows how low the figures are when there is nothing to find.
    @Test func qualityTellsTheTwoApart() throws {
        var correlator = BoxCorrelator(leastPeak: -1, leastDistinctness: -2)
        var template = BoxTemplate()
        let box = Self.boxes[0]
        correlator.take(&template, of: box, in: Self.picture(box))
        let found = correlator.match(template, near: box, in: Self.picture(box))
        let seen = try #require(found)
        #expect(seen.peak > 0.99 && seen.distinctness > 0.5 && Self.distance(seen.box, box) < 0.05)
        if let hidden = correlator.match(template, near: box, in: Self.picture(box, hidden: true)) {
            #expect(hidden.peak < 0.6)
        }
    }

    @Test func partsOutsideThePictureAreLeftOut() throws {
        var correlator = BoxCorrelator()
        var template = BoxTemplate()
        // A third of it is beyond the left edge.
        let box = BoundingBox(x: -12, y: 150, width: 36, height: 80)
        correlator.take(&template, of: box, in: Self.picture(box))
        #expect(!template.isEmpty)
        let truth = BoundingBox(x: -8, y: 153, width: 36, height: 80)
        let found = correlator.match(template, near: box, in: Self.picture(truth))
        let match = try #require(found)
        #expect(Self.distance(match.box, truth) < 0.75)
        // More than half of it: nothing to look for.
        correlator.take(&template, of: BoundingBox(x: -20, y: 150, width: 36, height: 80), in: Self.picture(box))
        #expect(template.isEmpty)
        let nothing = correlator.match(template, near: box, in: Self.picture(box))
        #expect(nothing == nil)
    }

    @Test func nothingTraps() {
        let strange: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, 0, 1e-30, 5, 300, -40, 639.5, 9000]
        var correlator = BoxCorrelator(leastPeak: -1, leastDistinctness: -2)
        for (width, height) in [(640, 360), (1, 1), (3, 200), (33, 31)] {
            let image = Self.picture(BoundingBox(x: 0, y: 0, width: 40, height: 40), width: width, height: height)
            var good = BoxTemplate()
            correlator.take(&good, of: BoundingBox(x: 1, y: 1, width: 30, height: 29), in: image)
            for a in strange {
                for b in strange {
                    for c in strange {
                        let box = BoundingBox(x1: a, y1: b, x2: c, y2: a)
                        var template = BoxTemplate()
                        correlator.take(&template, of: box, in: image)
                        if !box.isFinite || box.area == 0 { #expect(template.isEmpty) }
                        _ = correlator.match(template, near: box, in: image)
                        let match = correlator.match(good, near: box, in: image)
                        if let match { #expect(match.box.isFinite) }
                    }
                }
            }
        }
    }

    @Test func flatObjectsHaveNoTemplate() {
        var correlator = BoxCorrelator()
        var template = BoxTemplate()
        let image = Image.made(width: 200, height: 200, y: { x, _ in 90 + x % 2 })
        correlator.take(&template, of: BoundingBox(x: 20, y: 20, width: 30, height: 60), in: image)
        #expect(template.isEmpty)
    }

    @Test func everyInstructionSetFindsTheSame() {
        let truth = BoundingBox(x: 303.3, y: 118.2, width: 31, height: 75)
        let first = Self.picture(Self.boxes[0])
        let second = Self.picture(truth)
        let matches = PixelInstructionSet.allCases.filter { $0 <= .best }.map { set in
            var correlator = BoxCorrelator(instructionSet: set)
            var template = BoxTemplate()
            correlator.take(&template, of: Self.boxes[0], in: first)
            return correlator.match(template, near: Self.boxes[0], in: second)
        }
        #expect(matches.allSatisfy { $0 != nil && $0 == matches[0] })
    }

    /// Prints how long a box takes; the figure depends on the machine and its load and is not judged.
    @Test func time() {
        for box in Self.boxes {
            let image = Self.picture(box)
            for set in PixelInstructionSet.allCases where set <= .best {
                var correlator = BoxCorrelator(instructionSet: set)
                var template = BoxTemplate()
                let clock = ContinuousClock()
                let take = (0..<20).map { _ in clock.measure { correlator.take(&template, of: box, in: image) } }.min()
                let match = (0..<20).map { _ in
                    clock.measure { _ = correlator.match(template, near: box, in: image) }
                }.min()
                print("box of \(box.width) x \(box.height), \(set): take \(take ?? .zero), match \(match ?? .zero)")
            }
        }
    }
}
