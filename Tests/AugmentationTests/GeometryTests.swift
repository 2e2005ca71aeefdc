import Augmentation
import Detections
import Imaging
import Testing

@Suite struct GeometryTests {
    private static let seed = SampleSeed(run: 1, epoch: 2, index: 3)

    private static func apply(_ operations: [ImageOperation], _ sample: LabelledImage) throws -> LabelledImage {
        try ImageAugmentation(operations).apply(to: sample, seed: seed).sample
    }

    /// Odd and even sides, a single row and a single pixel.
    @Test(arguments: [(64, 48), (33, 17), (1, 9), (1, 1)]) func twoFlipsChangeNothing(width: Int, height: Int) throws {
        let image = RGBImage.noise(width: width, height: height, key: 5)
        let object = LabelledObject(
            box: box(0, 0, Float(width), Float(height)), classIndex: 0,
            mask: ellipse(x: 0, y: 0, width: width, height: height))
        let sample = LabelledImage(image, objects: [object])
        let limit = VisibilityLimit(minimumSide: 0)
        for flip in [ImageOperation.horizontalFlip(probability: 1), .verticalFlip(probability: 1)] {
            let recipe = try ImageAugmentation([flip], limit: limit)
            let once = try recipe.apply(to: sample, seed: Self.seed).sample
            let twice = try recipe.apply(to: once, seed: Self.seed).sample
            #expect(twice.image == image)
            #expect(twice.objects.map(\.box) == sample.objects.map(\.box))
            #expect(twice.objects.first?.mask?.bits == object.mask?.bits)
            if width > 8 { #expect(once.image != image) }
        }
    }

    @Test func aFlipTakesEveryPixelToItsMirror() throws {
        let image = RGBImage.noise(width: 21, height: 10, key: 6)
        let flipped = try Self.apply(
            [.horizontalFlip(probability: 1)],
            LabelledImage(image, objects: [LabelledObject(box: box(2, 1, 7, 9), classIndex: 4)]))
        for y in 0..<10 { for x in 0..<21 { #expect(flipped.image[x, y] == image[20 - x, y]) } }
        #expect(flipped.objects == [LabelledObject(box: box(14, 1, 19, 9), classIndex: 4)])
    }

    @Test func fourQuarterRotationsChangeNothing() throws {
        let image = RGBImage.noise(width: 40, height: 40, key: 7)
        var sample = LabelledImage(image, objects: [LabelledObject(box: box(3, 5, 20, 30), classIndex: 1)])
        for turn in 1...4 {
            sample = try Self.apply([.rotation(degrees: 90...90)], sample)
            if turn == 1 {
                #expect(sample.image[39 - 5, 3] == image[3, 5])
                #expect(sample.objects.map(\.box) == [box(10, 3, 35, 20)])
            }
        }
        #expect(sample.image == image)
        #expect(sample.objects.map(\.box) == [box(3, 5, 20, 30)])
    }

    @Test func quarterTurnsExchangeTheSides() throws {
        let image = RGBImage.noise(width: 30, height: 20, key: 8)
        let recipe = try ImageAugmentation([.quarterTurn(probability: 1)])
        var shapes: Set<[Int]> = []
        for index in 0..<20 {
            let turned = try recipe.apply(
                to: LabelledImage(image, objects: []), seed: SampleSeed(run: 0, epoch: 0, index: index))
            shapes.insert([turned.sample.image.width, turned.sample.image.height])
            #expect(turned.sample.image.pixels.sorted() == image.pixels.sorted())
        }
        #expect(shapes == [[30, 20], [20, 30]])
    }

    /// The hull of a mask, which was resampled pixel by pixel, against the hull of the box's corners.
    @Test(arguments: 0..<60) func masksStayInsideTheirBoxes(index: Int) throws {
        let recipe = try ImageAugmentation(
            [
                .horizontalFlip(), .rotation(degrees: -40...40), .scale(0.5...2), .shear(degrees: -15...15),
                .translation(0.3), .perspective(0.002),
            ], limit: VisibilityLimit(minimumVisibility: 0, minimumSide: 0))
        let image = RGBImage(width: 160, height: 120)
        var stream = RandomStream(key: UInt64(index))
        for _ in 0..<5 {
            let (width, height) = (stream.integer(12...70), stream.integer(12...60))
            let (x, y) = (stream.integer(0...160 - width), stream.integer(0...120 - height))
            let whole = BoundingBox(x: Float(x), y: Float(y), width: Float(width), height: Float(height))
            let full = ObjectMask(
                x: x, y: y, width: width, height: height, bits: [UInt8](repeating: 1, count: width * height))
            let round = ellipse(x: x, y: y, width: width, height: height)
            let sample = LabelledImage(
                image,
                objects: [
                    LabelledObject(box: whole, classIndex: 0), LabelledObject(box: whole, classIndex: 1, mask: full),
                    LabelledObject(box: whole, classIndex: 2, mask: round),
                ])
            let seen = try recipe.apply(to: sample, seed: SampleSeed(run: 9, epoch: 0, index: index)).sample.objects
            guard let hull = seen.first(where: { $0.classIndex == 0 })?.box else {
                // What has left the canvas has left it with every kind of label.
                #expect(!seen.contains { $0.classIndex > 0 })
                continue
            }
            for object in seen where object.classIndex > 0 {
                #expect(object.box.x1 >= hull.x1 - 1 && object.box.y1 >= hull.y1 - 1)
                #expect(object.box.x2 <= hull.x2 + 1 && object.box.y2 <= hull.y2 + 1)
            }
            // A full mask touches every side of the hull, where no side was clipped.
            if let rectangle = seen.first(where: { $0.classIndex == 1 })?.box, seen[0].visibility == 1 {
                #expect(rectangle.iou(hull) > 0.7)
            }
        }
    }

    /// The picture and the labels go the same way: a bright rectangle is found where its box says.
    @Test(arguments: 0..<30) func pixelsGoWhereTheirLabelsGo(index: Int) throws {
        let image = RGBImage.made(width: 120, height: 90) { x, y, _ in
            (40..<80).contains(x) && (30..<60).contains(y) ? 250 : 10
        }
        let sample = LabelledImage(image, objects: [LabelledObject(box: box(40, 30, 80, 60), classIndex: 0)])
        let recipe = try ImageAugmentation([
            .rotation(degrees: -180...180), .scale(0.6...1.2), .translation(0.05), .perspective(0.001),
            .letterbox(width: 96, height: 100),
        ])
        let result = try recipe.apply(to: sample, seed: SampleSeed(run: 4, epoch: 1, index: index)).sample
        let found = try #require(result.objects.first?.box)
        var (x1, y1, x2, y2) = (Int.max, Int.max, 0, 0)
        for y in 0..<result.image.height {
            for x in 0..<result.image.width where result.image[x, y].red > 180 {
                (x1, y1, x2, y2) = (min(x1, x), min(y1, y), max(x2, x + 1), max(y2, y + 1))
            }
        }
        for (edge, label) in [(x1, found.x1), (y1, found.y1), (x2, found.x2), (y2, found.y2)] {
            #expect(abs(Float(edge) - label) < 2.6)
        }
    }

    @Test func aLetterboxIsTheDetectors() throws {
        let sample = LabelledImage(
            RGBImage.noise(width: 100, height: 50, key: 3),
            objects: [LabelledObject(box: box(10, 20, 50, 40), classIndex: 0)])
        let fitted = try Self.apply([.letterbox(width: 80, height: 80)], sample)
        let letterbox = Letterbox(sourceWidth: 100, sourceHeight: 50, canvasWidth: 80, canvasHeight: 80)
        #expect(fitted.image.width == 80 && fitted.image.height == 80)
        let (found, wanted) = (try #require(fitted.objects.first).box, letterbox.canvasBox(sample.objects[0].box))
        #expect(found.iou(wanted) > 0.9999)
        #expect(fitted.image[0, letterbox.top - 1] == RGBImage.fill)
        #expect(fitted.image[40, letterbox.top] != RGBImage.fill)
    }

    @Test func cropsHaveTheirAreaAndAspect() throws {
        let sample = LabelledImage(RGBImage(width: 200, height: 200), objects: [])
        let recipe = try ImageAugmentation([.crop(area: 0.25...0.5, aspect: 0.5...2)])
        var widths: Set<Int> = []
        for index in 0..<50 {
            let image = try recipe.apply(to: sample, seed: SampleSeed(run: 0, epoch: 0, index: index)).sample.image
            let (area, aspect) = (
                Double(image.width * image.height) / 40_000, Double(image.width) / Double(image.height)
            )
            #expect(area > 0.24 && area < 0.51 && aspect > 0.48 && aspect < 2.05)
            widths.insert(image.width)
        }
        #expect(widths.count > 10)
    }

    /// Half of the detail lies beyond what the small picture can show: it must become gray, not stripes.
    @Test func shrinkingDoesNotAlias() throws {
        let stripes = RGBImage.made(width: 256, height: 256) { x, _, _ in x % 2 * 255 }
        let small = try Self.apply([.resize(width: 60, height: 60)], LabelledImage(stripes, objects: [])).image
        for level in small.pixels { #expect(abs(Int(level) - 128) < 20) }
    }

    @Test func inverseUndoesAMap() throws {
        let map =
            Homography.rotation(degrees: 33).around(x: 50, y: 20) * .perspective(x: 0.001, y: -0.002)
            * .shear(xDegrees: 10, yDegrees: -4) * .scale(x: 2, y: 0.7)
        let way = try #require(map.inverse)
        for (x, y) in [(0.0, 0.0), (30, 40), (100, 7)] {
            let there = map.mapped(x: x, y: y)
            let back = way.mapped(x: there.x / there.z, y: there.y / there.z)
            #expect(abs(back.x / back.z - x) < 1e-9 && abs(back.y / back.z - y) < 1e-9)
        }
        #expect(Homography.scale(x: 0, y: 1).inverse == nil)
    }

    @Test func aBoxThatReachesBehindTheViewerIsCut() throws {
        let map = Homography.perspective(x: -0.02, y: 0)  // the line x = 50 lies at infinity
        let hull = try #require(map.hull(of: box(0, 0, 100, 10)))
        #expect(hull.x1 == 0 && hull.x2 > 1000)
        #expect(map.hull(of: box(60, 0, 100, 10)) == nil)
    }
}
