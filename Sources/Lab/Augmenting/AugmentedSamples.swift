package import Augmentation
import Detections
package import Imaging

/// Samples out of files, changed by a recipe. The seed says which sample is changed how: the same seed, the same bits.
///
///     let samples = try AugmentedSamples(.pictures(pictures), recipe: recipe)
///     let sample = try samples.sample(SampleSeed(run: 42, epoch: 3, index: 17))
///     print(sample.record, sample.digest)
package struct AugmentedSamples: Sendable {
    package enum Source: Sendable {
        case pictures(LabelledPictures)
        /// WAV files.
        case sounds([String])
        case texts(TextLines)
    }

    package let source: Source
    package let recipe: AugmentationRecipe

    /// The recipe is of the samples' kind.
    package init(_ source: Source, recipe: AugmentationRecipe) {
        switch (source, recipe.content) {
        case (.pictures, .pictures), (.sounds, .sounds), (.texts, .texts): break
        default: preconditionFailure("a recipe of the samples' kind")
        }
        self.source = source
        self.recipe = recipe
    }

    package var count: Int {
        switch source {
        case .pictures(let pictures): pictures.count
        case .sounds(let files): files.count
        case .texts(let texts): texts.lines.count
        }
    }

    /// The names of the pictures' classes.
    package var classNames: [String] {
        if case .pictures(let pictures) = source { pictures.names } else { [] }
    }

    /// Some of the samples, evenly spread over all.
    package func spread(_ wanted: Int) -> [Int] {
        let wanted = min(max(wanted, 0), count)
        return (0..<wanted).map { $0 * count / wanted }
    }

    /// What a sample is called in messages.
    package func name(of index: Int) -> String {
        switch source {
        case .pictures(let pictures): pictures.files[index]
        case .sounds(let files): files[index]
        case .texts(let texts): texts.lines[index].name
        }
    }

    /// Makes the sample of a seed. Throws `AugmentationSeedError` when there is no such sample, and what its file is at
    /// fault.
    package func sample(_ seed: SampleSeed) throws -> AugmentedSample {
        guard (0..<count).contains(seed.index) else { throw AugmentationSeedError(seed: seed, count: count) }
        let name = name(of: seed.index)
        switch (source, recipe.content) {
        case (.pictures(let pictures), .pictures(let recipe)):
            let result = try recipe.apply(seed: seed, count: count) { try pictures.load($0) }
            return AugmentedSample(content: .picture(result.sample), record: result.record, source: name)
        case (.sounds(let files), .sounds(let recipe)):
            var record = AugmentationRecord(seed: seed)
            let clip = try recipe.apply(to: WAVReader.read(path: files[seed.index]), &record)
            // Masks change what a network sees of the clip, and the draws belong to the record.
            _ = recipe.apply(
                to: LogMelFilterBank.speech(rate: clip.rate, bands: 40).spectrogram(of: clip.samples), &record)
            return AugmentedSample(content: .sound(clip), record: record, source: name)
        case (.texts(let texts), .texts(let recipe)):
            var record = AugmentationRecord(seed: seed)
            let line = texts.lines[seed.index]
            let tokens = recipe.apply(to: line.tokens, &record)
            return AugmentedSample(content: .text(label: line.label, tokens), record: record, source: name)
        default: preconditionFailure("a recipe of the samples' kind")
        }
    }

    /// A sheet with a row for each of some samples; nil for texts.
    package func preview(run: UInt64, samples: [Int], epochs: Int, cellSide: Int) throws -> Image? {
        let style = AugmentationPreview(labels: ClassLabels(classNames), cellSide: cellSide)
        switch (source, recipe.content) {
        case (.pictures(let pictures), .pictures(let recipe)):
            return try recipe.preview(run: run, samples: samples, epochs: epochs, count: count, style: style) {
                var sample = try pictures.load($0)
                sample.name = FileName(sample.name).last
                return sample
            }
        case (.sounds(let files), .sounds(let recipe)):
            let clips = try samples.map { try WAVReader.read(path: files[$0]) }
            return try recipe.preview(run: run, clips: clips, indices: samples, epochs: epochs, style: style)
        default: return nil
        }
    }
}

/// A seed of a sample that is not there.
package struct AugmentationSeedError: Error, Hashable, Sendable, CustomStringConvertible {
    package let seed: SampleSeed
    package let count: Int

    package var description: String {
        "sample \(seed.index) of seed \(seed): there are \(count) samples, 0 to \(count - 1)"
    }
}

/// A changed sample.
package struct AugmentedSample: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case picture(LabelledImage)
        case sound(AudioClip)
        case text(label: String?, [String])
    }

    package let content: Content
    package let record: AugmentationRecord
    /// The file, and the line of a text, that it was made of.
    package let source: String

    /// The name for its file, without an ending, that no other sample of the run has: "street_17_3" for sample 17 in
    /// epoch 3.
    package var stem: String { "\(FileName(source).stem)_\(record.seed.index)_\(record.seed.epoch)" }

    /// A line of a text as it was read: the label and a tab before it where there is one.
    package var line: String? {
        guard case .text(let label, let tokens) = content else { return nil }
        return (label.map { "\($0)\t" } ?? "") + tokens.joined(separator: " ")
    }

    /// FNV-1a over all that the sample is, in hexadecimal: equal digests, equal samples.
    package var digest: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        }
        func add(_ number: UInt64) { add((0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }) }
        switch content {
        case .picture(let sample):
            add(UInt64(sample.image.width))
            add(UInt64(sample.image.height))
            add(sample.image.pixels)
            for object in sample.objects {
                add(UInt64(truncatingIfNeeded: object.classIndex))
                add(object.kind.rawValue.utf8)
                for edge in [object.box.x1, object.box.y1, object.box.x2, object.box.y2, object.weight] {
                    add(UInt64(edge.bitPattern))
                }
            }
        case .sound(let clip):
            add(clip.rate.bitPattern)
            for sample in clip.samples { add(UInt64(sample.bitPattern)) }
        case .text: add((line ?? "").utf8)
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
