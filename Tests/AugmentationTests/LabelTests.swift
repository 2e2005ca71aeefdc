import Augmentation
import Detections
import Imaging
import Testing

@Suite struct LabelTests {
    private static let seed = SampleSeed(run: 1, epoch: 0, index: 0)

    /// An object of 40 x 40 pixels is moved to the left by a share of the width of 100: what remains in view?
    private static func moved(by share: Double, limit: VisibilityLimit, kind: LabelledObject.Kind = .object) throws
        -> [LabelledObject]
    {
        let object = LabelledObject(box: box(0, 10, 40, 50), classIndex: 0, kind: kind)
        let map = Homography.translation(x: -share * 100, y: 0)
        guard let seen = object.transformed(by: map, width: 100, height: 100) else { return [] }
        let sample = LabelledImage(RGBImage(width: 100, height: 100), objects: [seen])
        return try ImageAugmentation([.cutout(count: 1...1, side: 0.001...0.001)], limit: limit)
            .apply(to: sample, seed: seed).sample.objects
    }

    @Test func visibilityIsTheShareInView() throws {
        let object = LabelledObject(box: box(0, 10, 40, 50), classIndex: 0)
        let seen = try #require(object.transformed(by: .translation(x: -10, y: 0), width: 100, height: 100))
        #expect(seen.visibility == 0.75)
        #expect(seen.box == box(0, 10, 30, 50))
        #expect(object.transformed(by: .translation(x: -40, y: 0), width: 100, height: 100) == nil)
    }

    @Test func aMaskTellsHowMuchIsInView() throws {
        // The box is full of nothing but the mask's right half.
        var bits = [UInt8](repeating: 0, count: 1600)
        for y in 0..<40 { for x in 20..<40 { bits[y * 40 + x] = 1 } }
        let mask = ObjectMask(x: 0, y: 10, width: 40, height: 40, bits: bits)
        let object = LabelledObject(box: box(0, 10, 40, 50), classIndex: 0, mask: mask)
        let seen = try #require(object.transformed(by: .translation(x: -20, y: 0), width: 100, height: 100))
        #expect(seen.visibility == 1)
        #expect(seen.box == box(0, 10, 20, 50))
        let half = try #require(object.transformed(by: .translation(x: -30, y: 0), width: 100, height: 100))
        #expect(half.visibility == 0.5)
        #expect(half.mask?.count == 400)
    }

    @Test func hiddenObjectsAreDroppedAndUnknownPlacesStay() throws {
        let limit = VisibilityLimit(minimumVisibility: 0.5)
        #expect(try Self.moved(by: 0.1, limit: limit).count == 1)
        #expect(try Self.moved(by: 0.3, limit: limit).isEmpty)
        #expect(try Self.moved(by: 0.3, limit: limit, kind: .ignored).count == 1)
        #expect(try Self.moved(by: 0.1, limit: VisibilityLimit(minimumVisibility: 0, minimumSide: 31)).isEmpty)
    }

    @Test func hiddenObjectsMayBecomeUnknownPlaces() throws {
        let limit = VisibilityLimit(minimumVisibility: 0.5, ignoresTheRest: true)
        #expect(try Self.moved(by: 0.1, limit: limit).map(\.kind) == [.object])
        let hidden = try Self.moved(by: 0.3, limit: limit)
        #expect(hidden.map(\.kind) == [.ignored])
        #expect(hidden.map(\.box) == [box(0, 10, 10, 50)])
        #expect(try Self.moved(by: 0.4, limit: limit).isEmpty, "nothing of it is in view")
    }

    @Test func coveredObjectsAreDropped() throws {
        let objects = (0..<10).map {
            LabelledObject(box: box(Float($0) * 20, 0, Float($0) * 20 + 18, 100), classIndex: $0)
        }
        let sample = LabelledImage(RGBImage(width: 200, height: 100, fill: .white), objects: objects)
        let recipe = try ImageAugmentation(
            [.cutout(count: 2...2, side: 0.7...0.9)], limit: VisibilityLimit(minimumVisibility: 0.5))
        var dropped = 0
        for index in 0..<20 {
            let result = try recipe.apply(to: sample, seed: SampleSeed(run: 2, epoch: 0, index: index)).sample
            dropped += 10 - result.objects.count
            for object in objects {
                // White pixels are free; count them in the box.
                var free = 0
                for y in 0..<100 {
                    for x in Int(object.box.x1)..<Int(object.box.x2) where result.image[x, y] == .white { free += 1 }
                }
                #expect(result.objects.contains { $0.classIndex == object.classIndex } == (free >= 900))
            }
        }
        #expect(dropped > 10)
    }

    @Test func labelsThatCannotBeAreNamed() throws {
        func reason(_ object: LabelledObject, width: Int = 50) -> AugmentationError? {
            let sample = LabelledImage(RGBImage(width: width, height: 40), objects: [object], name: "a.jpg")
            do {
                _ = try ImageAugmentation([]).apply(to: sample, seed: Self.seed)
                return nil
            } catch {
                return error
            }
        }
        func expected(_ reason: AugmentationError.Reason) -> AugmentationError {
            AugmentationError(reason, sample: "a.jpg")
        }
        let good = LabelledObject(box: box(1, 1, 9, 9), classIndex: 0)
        #expect(reason(good) == nil)
        #expect(reason(good, width: 0) == expected(.emptyImage))
        var bad = good
        bad.box.x2 = .nan
        #expect(reason(bad) == expected(.nonFiniteBox(object: 0)))
        bad.box.x2 = .infinity
        #expect(reason(bad) == expected(.nonFiniteBox(object: 0)))
        bad.box.x2 = 1
        #expect(reason(bad) == expected(.emptyBox(object: 0)))
        bad.box.x2 = 50.9
        #expect(reason(bad) == nil)
        bad.box.x2 = 51.1
        #expect(reason(bad) == expected(.boxOutsideImage(object: 0)))
        bad.box = box(50.2, 1, 50.9, 9)
        #expect(reason(bad) == expected(.boxOutsideImage(object: 0)))
        bad = good
        bad.classIndex = -1
        #expect(reason(bad) == expected(.negativeClass(object: 0)))
        bad = good
        bad.mask = ellipse(x: 45, y: 0, width: 6, height: 6)
        #expect(reason(bad) == expected(.maskOutsideImage(object: 0)))
        #expect(expected(.negativeClass(object: 0)).description == "'a.jpg': the class of object 1 is negative")
    }

    @Test(arguments: [
        ImageOperation.rotation(degrees: 0 ... .infinity), .scale(0...1), .blur(sigma: 0...21),
        .jpeg(quality: 0...50), .mosaic(side: 1), .horizontalFlip(probability: 1.5), .horizontalFlip(probability: .nan),
        .letterbox(width: 0, height: 5), .crop(area: 0...1), .colorJitter(hue: 0.6), .mixup(alpha: 0),
    ]) func senselessOperationsAreRefused(operation: ImageOperation) {
        #expect(throws: AugmentationError.self) { try ImageAugmentation([operation]) }
    }
}
