package import Augmentation
import Detections
package import Tensors
package import Training

/// The pictures that a detector is trained on, changed anew in each epoch: mosaics (Bochkovskiy et al. 2020), mixtures
/// (Zhang et al. 2018), flips, sizes and colours. The last epochs do without mosaics and mixtures, so that the detector ends
/// on pictures as they are.
package struct DetectionSamples: TrainingSamples {
    private let cache: PictureCache
    /// In pixels of the cache.
    private let objects: [[LabelledObject]]
    /// The places in the cache of the pictures that are trained on.
    private let places: [Int]
    /// The input's sides, one of which is drawn for each batch, and the recipes of each.
    private let recipes: [(side: Int, mixing: ImageAugmentation, plain: ImageAugmentation)]
    /// The first epoch without mosaics and mixtures.
    private let closingEpoch: Int
    private let strides: [Int]

    package init(
        _ cache: PictureCache, objects: [[LabelledObject]], places: [Int], options: DetectionAugmentation,
        sides: [Int], strides: [Int], closingEpoch: Int
    ) throws {
        self.cache = cache
        self.objects = objects
        self.places = places
        self.closingEpoch = closingEpoch
        self.strides = strides
        recipes = try sides.map { (side: $0, mixing: try options.recipe(side: $0), plain: try options.plain(side: $0)) }
    }

    package var count: Int { places.count }

    /// A picture as it is.
    private func load(_ index: Int) -> LabelledImage {
        let place = places[index]
        return LabelledImage(cache.picture(place), objects: objects[place])
    }

    /// A picture as epoch and seed change it.
    package func sample(_ index: Int, draw: BatchDraw, sideOf first: Int) throws -> LabelledImage {
        var stream = SampleSeed(run: draw.seed, epoch: draw.epoch, index: first).stream("side")
        let recipe = recipes[stream.integer(below: recipes.count)]
        let augmentation = draw.epoch >= closingEpoch ? recipe.plain : recipe.mixing
        return try augmentation.apply(
            seed: SampleSeed(run: draw.seed, epoch: draw.epoch, index: index), count: count, load: { load($0) }
        ).sample
    }

    package func batch(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor] {
        let draw = draw ?? BatchDraw(seed: 0, epoch: closingEpoch)
        return try Self.batch(try indices.map { try sample($0, draw: draw, sideOf: indices[0]) }, strides: strides)
    }

    /// The tensors of pictures of one size.
    package static func batch(_ samples: [LabelledImage], strides: [Int]) throws -> [String: Tensor] {
        let (width, height) = (samples[0].image.width, samples[0].image.height)
        let most = max(samples.map(\.objects.count).max() ?? 0, 1)
        var labels: [Float] = []
        for sample in samples {
            for object in sample.objects {
                let kind = object.kind == .ignored ? -1 : Float(object.classIndex)
                labels += [kind, object.box.x1, object.box.y1, object.box.x2, object.box.y2, object.weight]
            }
            for _ in sample.objects.count..<most { labels += [-2, 0, 0, 0, 0, 0] }
        }
        let cells = DetectionCells(width: width, height: height, strides: strides)
        return [
            DetectionLoss.Names.images: try images(samples.map(\.image)),
            DetectionLoss.Names.labels: try Tensor(labels, shape: [samples.count, most, 6]),
            DetectionLoss.Names.cells: try Tensor(cells.rows, shape: [cells.count, 3]),
        ]
    }

    /// N×3×H×W of pictures of one size, RGB in 0…1.
    static func images(_ pictures: [RGBImage]) throws -> Tensor {
        let (width, height) = (pictures[0].width, pictures[0].height)
        let plane = width * height
        return try Tensor(dtype: .float32, shape: Shape([pictures.count, 3, height, width])) { bytes in
            let values = bytes.bindMemory(to: Float.self)
            for (place, picture) in pictures.enumerated() {
                picture.pixels.withUnsafeBufferPointer { pixels in
                    for channel in 0..<3 {
                        let start = (3 * place + channel) * plane
                        for pixel in 0..<plane {
                            values[start + pixel] = Float(pixels[3 * pixel + channel]) * (1 / 255)
                        }
                    }
                }
            }
        }
    }
}

/// How the pictures of a detector's training are changed.
package struct DetectionAugmentation: Hashable, Sendable {
    /// How many of the pictures become mosaics of four.
    package var mosaic = 0.8
    /// How many are mixed with another.
    package var mixup = 0.1
    package var scale: ClosedRange<Double> = 0.55...1.7
    package var translation = 0.15
    package var flip = 0.5

    package init() {}

    /// Geometry and colours without mixing.
    private func operations(side: Int) -> [ImageOperation] {
        [
            .horizontalFlip(probability: flip), .scale(scale), .translation(translation),
            .letterbox(width: side, height: side),
            .colorJitter(brightness: 0.35, contrast: 0.25, saturation: 0.6, hue: 0.015, probability: 0.8),
            .grayscale(probability: 0.05),
        ]
    }

    private static let limit = VisibilityLimit(minimumVisibility: 0.35, minimumSide: 3, ignoresTheRest: true)

    func plain(side: Int) throws(AugmentationError) -> ImageAugmentation {
        try ImageAugmentation(operations(side: side), limit: Self.limit)
    }

    func recipe(side: Int) throws(AugmentationError) -> ImageAugmentation {
        try ImageAugmentation(
            [.mosaic(side: side, probability: mosaic)] + operations(side: side)
                + [.mixup(alpha: 8, probability: mixup)], limit: Self.limit)
    }
}
