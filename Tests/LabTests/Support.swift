import Augmentation
import Foundation
import Imaging
import Media
import Testing

import Lab

/// The folder with real data sets, if there is one.
let dataFolder = ProcessInfo.processInfo.environment["SACCADE_DATA"].map { DataFolder($0) }

extension Trait where Self == ConditionTrait {
    /// Needs `SACCADE_DATA`.
    static var needsData: Self { .enabled(if: dataFolder != nil, "needs SACCADE_DATA") }
}

/// A folder that is removed with its owner.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "saccade-lab-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path(percentEncoded: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: some Sequence<UInt8>, _ name: String) throws {
        let path = path + "/" + name
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}

/// Made-up data that are as easy to tell apart as can be.
enum Made {
    /// A WAV file of 16 bits with a tone.
    static func tone(hertz: Double, seconds: Double = 0.3, rate: Int = 8000) -> [UInt8] {
        let count = Int(seconds * Double(rate))
        func number(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var bytes = Array("RIFF".utf8) + number(36 + 2 * count, 4) + Array("WAVEfmt ".utf8)
        bytes += number(16, 4) + number(1, 2) + number(1, 2) + number(rate, 4) + number(2 * rate, 4)
        bytes += number(2, 2) + number(16, 2) + Array("data".utf8) + number(2 * count, 4)
        for index in 0..<count {
            let value = 8000 * sin(2 * .pi * hertz * Double(index) / Double(rate))
            bytes += number(Int(value.rounded()), 2)
        }
        return bytes
    }

    /// Digits 0 ..< `digits` as tones of their own, each with takes 0 ..< `takes`.
    static func digits(_ digits: Int = 3, takes: Int = 8) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for digit in 0..<digits {
            for take in 0..<takes {
                let hertz = 300 * Double(digit + 1) + 7 * Double(take)
                try folder.write(tone(hertz: hertz), "\(digit)_ann_\(take).wav")
            }
        }
        return folder
    }

    /// Sentences with a word that gives them away: `count` of each intent in training, 2 elsewhere.
    static func intents(_ names: [String] = ["greet", "pay", "stop"], count: Int = 8) -> String {
        func list(_ count: Int) -> String {
            names.flatMap { name in (0..<count).map { "[\"please \($0) \(name) now\", \"\(name)\"]" } }
                .joined(separator: ", ")
        }
        let rest = "\"test\": [\(list(2))], \"oos_val\": [[\"x\", \"oos\"]]"
        return "{\"train\": [\(list(count))], \"val\": [\(list(2))], \(rest)}"
    }

    /// Two pictures for each part with a red, a white and a violet square in each.
    static func cells() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (part, list) in ["train", "val", "test"].enumerated() {
            let names = (0..<2).map { "picture\(part)\($0)" }
            try folder.write((names.joined(separator: "\n") + "\n").utf8, "ImageSets/Main/\(list).txt")
            for name in names {
                try folder.write(annotation().utf8, "Annotations/\(name).xml")
                try folder.write([], "JPEGImages/.keep")
                var pixels: [UInt8] = []
                for _ in 0..<48 {
                    for x in 0..<96 { pixels += x < 32 ? [200, 40, 40] : x < 64 ? [230, 230, 230] : [90, 20, 160] }
                }
                let image = RGBImage(width: 96, height: 48, pixels: pixels)
                try ImageWriter().write(image.image(), to: "\(folder.path)/JPEGImages/\(name).jpg")
            }
        }
        return folder
    }

    static func annotation(
        names: [String] = ["RBC", "WBC", "Platelets"], width: Int = 96, boxes: [[Int]]? = nil
    ) -> String {
        let boxes = boxes ?? [[4, 8, 28, 40], [36, 8, 60, 40], [68, 8, 92, 40]]
        let objects = zip(names, boxes).map { name, box in
            """
            <object>
            <name>\(name)</name>
            <bndbox><xmin>\(box[0])</xmin><ymin>\(box[1])</ymin><xmax>\(box[2])</xmax><ymax>\(box[3])</ymax></bndbox>
            </object>
            """
        }
        return """
            <?xml version="1.0"?>
            <annotation>
            <size><width>\(width)</width><height>48</height><depth>3</depth></size>
            \(objects.joined(separator: "\n"))
            </annotation>

            """
    }
}

/// What a body throws as a data set's error.
func dataSetError(_ body: () throws -> Void) -> DataSetError? {
    do {
        try body()
        return nil
    } catch { return error as? DataSetError }
}
