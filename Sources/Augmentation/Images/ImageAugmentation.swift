/// A recipe of random changes to a picture and its labels.
///
///     let recipe = try ImageAugmentation(
///         [
///             .horizontalFlip(), .rotation(degrees: -10...10), .scale(0.5...1.5), .translation(0.1),
///             .perspective(0.0005), .letterbox(width: 320, height: 320),
///             .colorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.7, hue: 0.015),
///             .blur(sigma: 0...1.5, probability: 0.1), .jpeg(quality: 30...95, probability: 0.2),
///         ], limit: VisibilityLimit(minimumVisibility: 0.2))
///     let augmented = try recipe.apply(to: sample, seed: SampleSeed(run: 42, epoch: 3, index: 17))
///     print(augmented.record)   // 42/3/17: horizontal flip, rotation 4.2°, …
///
/// Whatever geometry was drawn is one homography from the source to the last canvas, and pixels are resampled once; what
/// an early crop or turn moved out of view and a later operation moves back is seen again. The same seed gives the same
/// bits. Each operation has a stream of random numbers of its own, so the draws of the others do not change when one is
/// added or removed.
package struct ImageAugmentation: Hashable, Sendable {
    /// A sample, changed, and what was drawn for it.
    package struct Result: Hashable, Sendable {
        package var sample: LabelledImage
        package var record: AugmentationRecord
    }

    package let operations: [ImageOperation]
    package let limit: VisibilityLimit

    /// A recipe; operations of different stages may stand in any order (see `ImageOperation`).
    package init(
        _ operations: [ImageOperation], limit: VisibilityLimit = VisibilityLimit()
    ) throws(AugmentationError) {
        for operation in operations {
            if let fault = operation.fault { throw AugmentationError(.invalidOperation(operation.name, fault)) }
        }
        self.init(checked: operations, limit: limit)
    }

    private init(checked operations: [ImageOperation], limit: VisibilityLimit) {
        self.operations = operations
        self.limit = limit
    }

    /// The recipe without the operations of a name: what is that operation worth?
    package func removing(_ name: String) -> ImageAugmentation {
        ImageAugmentation(checked: operations.filter { $0.name != name }, limit: limit)
    }

    /// Whether some operation mixes samples.
    package var needsPartners: Bool { operations.contains { $0.stage == .mosaic || $0.stage == .mixup } }

    /// Changes one sample. The recipe mixes no samples.
    package func apply(to sample: LabelledImage, seed: SampleSeed) throws(AugmentationError) -> Result {
        if let mixing = operations.first(where: { $0.stage == .mosaic || $0.stage == .mixup }) {
            throw AugmentationError(.needsPartners(mixing.name))
        }
        try sample.validate()
        var record = AugmentationRecord(seed: seed)
        var scene = Scene(layers: [sample])
        drawGeometry(&scene, seed, &record)
        return finish(scene.rendered(limit: limit), seed, &record)
    }

    /// Changes sample `seed.index` of `count`, and mixes it with others as the recipe asks. `load` reads a sample of
    /// 0..<count; it is called once for each sample needed, in an order that only the seed decides.
    package func apply(
        seed: SampleSeed, count: Int, load: (Int) throws -> LabelledImage
    ) throws -> Result {
        var record = AugmentationRecord(seed: seed)
        var sample = try compose(seed, first: seed.index, count: count, &record, load)
        var streams = OperationStreams(seed: seed)
        for operation in operations {
            guard case .mixup(let alpha, let probability) = operation else { continue }
            var stream = streams.stream(for: operation.name)
            guard stream.happens(probability) else { continue }
            let (partner, share) = (stream.integer(below: count), stream.beta(alpha))
            var ignored = AugmentationRecord(seed: seed.partner)
            let other = try compose(
                seed.partner, first: partner, count: count, &ignored, load,
                canvas: (sample.image.width, sample.image.height))
            sample.blend(other, share: share)
            record.add(operation.name, "with \(partner), \(short(share * 100, 0)) % : \(short(100 - share * 100, 0)) %")
        }
        return finish(sample, seed, &record)
    }

    /// One picture of mosaic and geometry, and at last on a canvas of a given size if there is one.
    private func compose(
        _ seed: SampleSeed, first: Int, count: Int, _ record: inout AugmentationRecord,
        _ load: (Int) throws -> LabelledImage, canvas: (width: Int, height: Int)? = nil
    ) throws -> LabelledImage {
        func loaded(_ index: Int) throws -> LabelledImage {
            let sample = try load(index)
            try sample.validate()
            return sample
        }
        var scene: Scene?
        var streams = OperationStreams(seed: seed)
        for operation in operations {
            guard case .mosaic(let side, let probability) = operation else { continue }
            var stream = streams.stream(for: operation.name)
            // One mosaic is enough; the streams of the others are counted.
            guard stream.happens(probability), scene == nil else { continue }
            let center = (x: stream.uniform(0.25...0.75), y: stream.uniform(0.25...0.75))
            let partners = (0..<3).map { _ in stream.integer(below: count) }
            scene = Scene(
                mosaic: [try loaded(first)] + (try partners.map { try loaded($0) }), side: side, center: center)
            record.add(
                operation.name,
                "with \(partners.map { "\($0)" }.joined(separator: " ")), corner at "
                    + "\(short(center.x * 100, 0)) % \(short(center.y * 100, 0)) %")
        }
        var composed = try scene ?? Scene(layers: [loaded(first)])
        drawGeometry(&composed, seed, &record)
        if let canvas, composed.geometry.width != canvas.width || composed.geometry.height != canvas.height {
            composed.geometry.letterbox(width: canvas.width, height: canvas.height)
        }
        return composed.rendered(limit: limit)
    }

    private func drawGeometry(_ scene: inout Scene, _ seed: SampleSeed, _ record: inout AugmentationRecord) {
        var streams = OperationStreams(seed: seed)
        for operation in operations where operation.stage == .geometry {
            var stream = streams.stream(for: operation.name)
            scene.geometry.add(operation, &stream, &record)
        }
    }

    /// Colour, pixels and covering.
    private func finish(
        _ sample: LabelledImage, _ seed: SampleSeed, _ record: inout AugmentationRecord
    ) -> Result {
        var sample = sample
        var streams = OperationStreams(seed: seed)
        recolor(&sample.image, &streams, &record)
        for operation in operations where operation.stage == .pixels {
            var stream = streams.stream(for: operation.name)
            guard stream.happens(operation.probability) else { continue }
            switch operation {
            case .blur(let range, _):
                let sigma = stream.uniform(range)
                GaussianBlur(sigma: sigma).apply(to: &sample.image)
                record.add(operation.name, "sigma \(short(sigma))")
            case .noise(let range, _):
                let sigma = stream.uniform(range)
                GaussianNoise.add(sigma: sigma, to: &sample.image, &stream)
                record.add(operation.name, "sigma \(short(sigma, 1))")
            case .jpeg(let range, _):
                let quality = stream.integer(range)
                JPEGArtifacts(quality: quality).apply(to: &sample.image)
                record.add(operation.name, "quality \(quality)")
            default: break
            }
        }
        var cover = Cover(width: sample.image.width, height: sample.image.height)
        for operation in operations where operation.stage == .covering {
            var stream = streams.stream(for: operation.name)
            cover.add(operation, to: &sample.image, &stream, &record)
        }
        if !cover.rectangles.isEmpty {
            sample.objects = sample.objects.compactMap { object in
                var object = object
                object.visibility *= Float(cover.share(of: object))
                return limit.limited(object)
            }
        }
        return Result(sample: sample, record: record)
    }

    private func recolor(
        _ image: inout RGBImage, _ streams: inout OperationStreams, _ record: inout AugmentationRecord
    ) {
        var jitter = ColorJitter()
        for operation in operations where operation.stage == .color {
            var stream = streams.stream(for: operation.name)
            guard stream.happens(operation.probability) else { continue }
            switch operation {
            case .colorJitter(let brightness, let contrast, let saturation, let hue, _):
                let factors = [brightness, contrast, saturation].map { stream.uniform(1 - $0...1 + $0) }
                let turns = stream.uniform(-hue...hue)
                jitter.brightness(factors[0])
                if contrast > 0 { jitter.contrast(factors[1], mean: image.meanLuma) }
                jitter.saturation(factors[2])
                jitter.hue(turns: turns)
                let detail = factors.map { "×\(short($0))" }.joined(separator: " ")
                record.add(operation.name, detail + " \(short(turns * 360, 1))°")
            case .grayscale:
                jitter.saturation(0)
                record.add(operation.name)
            default: break
            }
        }
        if jitter != ColorJitter() { jitter.apply(to: &image) }
    }
}
