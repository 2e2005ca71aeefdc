import Augmentation
import Foundation
import Lab
import Media
import Saccade

/// A line of records.jsonl: what a sample was made of, how, and what became of it.
struct LabAugmentRecord: Encodable {
    struct Draw: Encodable {
        let operation: String
        let detail: String
    }

    let seed: String
    let source: String
    let draws: [Draw]
    /// The file in the folder; nil when none was written.
    let file: String?
    /// Equal digests, equal samples.
    let digest: String
    let text: String?
    let objects: Int?
    /// The objects' shares in blends; nil when all are whole.
    let weights: [Float]?

    init(_ sample: AugmentedSample, file: String?) {
        seed = "\(sample.record.seed)"
        source = sample.source
        draws = sample.record.draws.map { Draw(operation: $0.operation, detail: $0.detail) }
        self.file = file
        digest = sample.digest
        text = sample.line
        var found: [LabelledObject]?
        if case .picture(let picture) = sample.content { found = picture.objects.filter { $0.kind == .object } }
        objects = found?.count
        weights = found.flatMap { found in found.contains { $0.weight != 1 } ? found.map(\.weight) : nil }
    }

    func json() throws -> String { try jsonLine(self) }
}

/// A folder of changed samples: `images`, `labels` and `ignore` as YOLO has them, `sounds`, or `texts.txt`.
final class LabAugmentWriter {
    let path: String
    private let folder: OutputFolder
    private let images = ImageWriter()
    private var parts: [String: OutputFolder] = [:]
    private var lines = ""

    init(folder path: String, samples: AugmentedSamples) throws {
        self.path = path
        folder = try OutputFolder(path)
        let names = samples.classNames
        if !names.isEmpty { try folder.write((names.joined(separator: "\n") + "\n").utf8, to: "classes.txt") }
    }

    private struct Recipe: Encodable {
        let kind: String
        let operations: String
        let minVisibility: Double
        let seed: UInt64
        let count: Int
        let paths: [String]
        let samples: Int
    }

    /// What the run was asked for, in recipe.json.
    func writeRecipe(
        _ samples: AugmentedSamples, run: UInt64, count: Int, paths: [String], minimumVisibility: Double
    ) throws {
        let kind: SampleKind =
            switch samples.source {
            case .pictures: .pictures
            case .sounds: .sounds
            case .texts: .texts
            }
        let recipe = Recipe(
            kind: kind.rawValue, operations: samples.recipe.text, minVisibility: minimumVisibility, seed: run,
            count: count, paths: paths, samples: samples.count)
        try folder.write(try jsonLine(recipe).utf8, to: "recipe.json")
    }

    private func part(_ name: String) throws -> OutputFolder {
        if let part = parts[name] { return part }
        let part = try OutputFolder("\(path)/\(name)")
        parts[name] = part
        return part
    }

    /// Writes a sample; the file's name in the folder.
    func write(_ sample: AugmentedSample) throws -> String {
        switch sample.content {
        case .picture(let picture):
            let (image, name) = (picture.image, "images/\(sample.stem).png")
            _ = try part("images")
            try images.write(rgb: image.pixels, width: image.width, height: image.height, to: "\(path)/\(name)")
            try write(picture, .object, to: "labels", sample.stem)
            if picture.objects.contains(where: { $0.kind == .ignored }) {
                try write(picture, .ignored, to: "ignore", sample.stem)
            }
            return name
        case .sound(let clip):
            try part("sounds").write(clip.wav, to: "\(sample.stem).wav")
            return "sounds/\(sample.stem).wav"
        case .text:
            lines += (sample.line ?? "") + "\n"
            return "texts.txt"
        }
    }

    private func write(_ picture: LabelledImage, _ kind: LabelledObject.Kind, to name: String, _ stem: String) throws {
        let (width, height) = (picture.image.width, picture.image.height)
        let text = BoxFile.text(picture.objects.filter { $0.kind == kind }, width: width, height: height)
        try part(name).write(text.utf8, to: "\(stem).txt")
    }

    /// Writes the texts and the records.
    func finish(records: String, name: String = "records.jsonl") throws {
        if !lines.isEmpty { try folder.write(lines.utf8, to: "texts.txt") }
        try folder.write(records.utf8, to: name)
    }
}

/// A value as one line of JSON.
func jsonLine(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}
