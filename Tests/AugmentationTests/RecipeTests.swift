import Augmentation
import Detections
import Imaging
import Testing

@Suite struct RecipeTests {
    static let everything: [ImageOperation] = [
        .mosaic(side: 96, probability: 0.5), .horizontalFlip(), .verticalFlip(probability: 0.2), .quarterTurn(),
        .rotation(degrees: -10...10), .scale(0.5...1.5), .translation(0.1), .shear(degrees: -3...3),
        .perspective(0.0005), .crop(area: 0.5...1), .letterbox(width: 96, height: 96), .mixup(probability: 0.3),
        .colorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.7, hue: 0.015), .grayscale(probability: 0.1),
        .blur(sigma: 0...1.5, probability: 0.4), .noise(sigma: 0...10, probability: 0.4),
        .jpeg(quality: 20...95, probability: 0.4), .cutout(count: 1...3, side: 0.05...0.2, probability: 0.3),
        .randomErasing(area: 0.02...0.1, probability: 0.3),
    ]

    static func load(_ index: Int) -> LabelledImage {
        let (width, height) = (80 + index * 7, 120 - index * 5)
        return LabelledImage(
            RGBImage.smooth(width: width, height: height, key: UInt64(index)),
            objects: [
                LabelledObject(box: box(10, 10, 50, 60), classIndex: index),
                LabelledObject(
                    box: box(30, 20, 60, 50), classIndex: index, mask: ellipse(x: 30, y: 20, width: 30, height: 30)),
                LabelledObject(box: box(5, 40, 25, 60), classIndex: 0, kind: .ignored),
            ], name: "sample \(index)")
    }

    @Test func theSameSeedGivesTheSameBits() throws {
        let recipe = try ImageAugmentation(Self.everything)
        var seen: Set<ImageAugmentation.Result> = []
        for index in 0..<8 {
            for epoch in 0..<3 {
                let seed = SampleSeed(run: 42, epoch: epoch, index: index)
                let first = try recipe.apply(seed: seed, count: 8, load: Self.load)
                let again = try recipe.apply(
                    seed: try #require(SampleSeed(seed.description)), count: 8, load: Self.load)
                #expect(first == again)
                #expect(first.sample.image.width == 96 && first.sample.image.height == 96)
                try first.sample.validate()
                seen.insert(first)
            }
        }
        #expect(seen.count == 24)
    }

    /// What the others drew is written in the record: it must stay when an operation goes.
    @Test func anOperationMoreChangesNoOtherDraw() throws {
        let whole = try ImageAugmentation(Self.everything)
        for removed in ["mosaic", "rotation", "colour", "cutout", "JPEG"] {
            let part = whole.removing(removed)
            #expect(part.operations.count == whole.operations.count - 1)
            for index in 0..<8 {
                let seed = SampleSeed(run: 7, epoch: 0, index: index)
                var all = try whole.apply(seed: seed, count: 8, load: Self.load).record
                var fewer = try part.apply(seed: seed, count: 8, load: Self.load).record
                all.draws.removeAll { $0.operation == removed }
                // A crop's size in pixels follows from the canvas, which a mosaic changes.
                if removed == "mosaic" {
                    all.draws.removeAll { $0.operation == "crop" }
                    fewer.draws.removeAll { $0.operation == "crop" }
                }
                #expect(all == fewer)
            }
        }
    }

    @Test func twoOperationsOfOneNameDrawApart() throws {
        let recipe = try ImageAugmentation([.rotation(degrees: -90...90), .rotation(degrees: -90...90)])
        let record = try recipe.apply(to: Self.load(1), seed: SampleSeed(run: 0, epoch: 0, index: 0)).record
        #expect(record.draws.count == 2)
        #expect(record.draws[0] != record.draws[1])
        #expect(record.description.hasPrefix("0/0/0: rotation "))
    }

    @Test func seedsAreReadBack() {
        #expect(SampleSeed("42/3/17") == SampleSeed(run: 42, epoch: 3, index: 17))
        for text in ["", "1/2", "1/2/3/4", "a/2/3", "-1/2/3", "1/2/"] { #expect(SampleSeed(text) == nil) }
    }

    /// In a mosaic each picture keeps to its own quarter around the corner.
    @Test func aMosaicHasFourPictures() throws {
        let colors: [Color] = [
            .white, .black, Color(red: 255, green: 0, blue: 0), Color(red: 0, green: 0, blue: 255),
        ]
        let recipe = try ImageAugmentation([.mosaic(side: 64)], limit: VisibilityLimit(minimumVisibility: 0))
        var loads: [Int] = []
        let result = try recipe.apply(seed: SampleSeed(run: 3, epoch: 0, index: 0), count: 4) { index in
            loads.append(index)
            return LabelledImage(
                RGBImage(width: 50, height: 50, fill: colors[index]),
                objects: [LabelledObject(box: box(0, 0, 50, 50), classIndex: index)])
        }.sample
        #expect(loads.count == 4 && loads[0] == 0)
        #expect(result.objects.map(\.classIndex) == loads)
        // The boxes tile the canvas, and their middles have their colours.
        #expect(abs(result.objects.reduce(0) { $0 + $1.box.area } - 4096) < 0.1)
        for object in result.objects {
            #expect(result.image[Int(object.box.centerX), Int(object.box.centerY)] == colors[object.classIndex])
        }
        #expect(!result.image.pixels.contains(Letterbox.fill))
    }

    @Test func mixupBlendsPixelsAndWeights() throws {
        let recipe = try ImageAugmentation([.mixup(alpha: 1)])
        for index in 0..<6 {
            let result = try recipe.apply(seed: SampleSeed(run: 5, epoch: 0, index: index), count: 6) { index in
                LabelledImage(
                    RGBImage(width: 40, height: 30, fill: index % 2 == 0 ? .black : .white),
                    objects: [LabelledObject(box: box(5, 5, 20, 20), classIndex: index % 2)])
            }.sample
            #expect(result.objects.count == 2)
            #expect(abs(result.objects.reduce(0) { $0 + $1.weight } - 1) < 1e-6)
            let white = result.objects.reduce(0) { $0 + ($1.classIndex == 1 ? $1.weight : 0) }
            #expect(abs(Float(result.image[0, 0].red) / 255 - white) < 0.01)
        }
    }

    /// Whatever a recipe may ask for: labels stay possible labels, whatever the size of the picture.
    @Test(arguments: 0..<40) func anyRecipeMakesValidSamples(number: Int) throws {
        var stream = RandomStream(key: UInt64(number))
        func range(_ limits: ClosedRange<Double>) -> ClosedRange<Double> {
            let (a, b) = (stream.uniform(limits), stream.uniform(limits))
            return min(a, b)...max(a, b)
        }
        let choices: [ImageOperation] = [
            .mosaic(side: stream.integer(2...60), probability: 0.5), .mixup(alpha: stream.logUniform(0.01...100)),
            .horizontalFlip(), .verticalFlip(), .quarterTurn(), .rotation(degrees: range(-720...720)),
            .scale(range(0.01...20)), .translation(stream.uniform(0...2)), .shear(degrees: range(-80...80)),
            .perspective(stream.logUniform(0.0001...1)), .crop(area: range(0.001...1), aspect: range(0.05...20)),
            .resize(width: stream.integer(1...70), height: stream.integer(1...70)),
            .letterbox(width: stream.integer(1...70), height: stream.integer(1...70)),
            .colorJitter(
                brightness: stream.unit(), contrast: stream.unit(), saturation: stream.unit(), hue: stream.unit() / 2),
            .grayscale(probability: 0.2), .blur(sigma: range(0...20)), .noise(sigma: range(0...255)),
            .jpeg(quality: 1...stream.integer(1...100)), .cutout(count: 0...5, side: range(0.001...1)),
            .randomErasing(area: range(0.001...1)),
        ]
        let picked = stream.choose(stream.integer(1...9), of: choices.count)
        let recipe = try ImageAugmentation(
            picked.map { choices[$0] },
            limit: VisibilityLimit(minimumVisibility: stream.unit() / 2, minimumSide: 0.01))
        for index in 0..<10 {
            let result = try recipe.apply(seed: SampleSeed(run: 0, epoch: number, index: index), count: 10) { index in
                let (width, height) = (1 + index * index, 1 + (index * 37) % 50)
                let (w, h) = (max(width / 2, 1), max(height / 2, 1))
                return LabelledImage(
                    RGBImage.noise(width: width, height: height, key: UInt64(index)),
                    objects: [
                        LabelledObject(box: box(-0.5, 0, Float(width), Float(height) + 0.5), classIndex: 0),
                        LabelledObject(
                            box: box(0, 0, Float(w), Float(h)), classIndex: 1,
                            mask: ellipse(x: 0, y: 0, width: w, height: h)),
                    ])
            }
            try result.sample.validate()
            for object in result.sample.objects {
                #expect(object.visibility >= 0 && object.visibility <= 1.0001)
                #expect(
                    object.box
                        == object.box.clamped(
                            width: result.sample.image.width, height: result.sample.image.height))
            }
        }
    }

    @Test func mixingNeedsTheOtherSamples() throws {
        let recipe = try ImageAugmentation([.mixup()])
        #expect(recipe.needsPartners)
        #expect(throws: AugmentationError(.needsPartners("mixup"))) {
            try recipe.apply(to: Self.load(0), seed: SampleSeed(run: 0, epoch: 0, index: 0))
        }
    }

    @Test func drawsHaveTheirDistributions() {
        var stream = SampleSeed(run: 1, epoch: 1, index: 1).stream("test")
        var (sum, squares, half) = (0.0, 0.0, 0.0)
        for _ in 0..<20_000 {
            let x = stream.normal()
            sum += x
            squares += x * x
            half += stream.beta(0.4)
        }
        // Five standard deviations of each mean.
        #expect(abs(sum / 20_000) < 0.036 && abs(squares / 20_000 - 1) < 0.05 && abs(half / 20_000 - 0.5) < 0.015)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<7000 { counts[stream.integer(below: 7)] += 1 }
        for count in counts { #expect(abs(count - 1000) < 150) }
        #expect(stream.choose(5, of: 5).sorted() == [0, 1, 2, 3, 4])
        #expect(stream.choose(3, of: 0).isEmpty)
    }

    /// Even and odd sides of cells and counts of lines.
    @Test(arguments: [(100, 4), (101, 5), (64, 3), (33, 1)])
    func aPreviewShowsEveryCell(side: Int, lines: Int) throws {
        let recipe = try ImageAugmentation(Self.everything)
        let style = AugmentationPreview(cellSide: side, captionLines: lines)
        let sheet = try recipe.preview(run: 1, samples: [0, 1], epochs: 3, count: 8, style: style, load: Self.load)
        let drawn = RGBImage(sheet)
        for row in 0..<2 {
            for column in 0..<4 {
                let x = 8 + (side + 9) / 2 * 2 * column + side / 2
                let y = 8 + (side + 8 + lines * 15 + 7) / 2 * 2 * row + side / 2
                #expect(drawn[x, y] != Color(red: 250, green: 250, blue: 250))
            }
        }
        #expect(AugmentationPreview(cellSide: 64).grid([]).width > 0)
    }
}
