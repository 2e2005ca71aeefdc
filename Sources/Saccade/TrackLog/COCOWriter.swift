package import Detections

/// COCO results: a JSON array of `{"image_id":…,"category_id":…,"bbox":[left,top,width,height],"score":…}`, one object
/// to a line, with 3 decimals for boxes and 5 for scores. A killed run leaves the array without its closing bracket.
///
/// The image id is the number in an image's file name (`000000000139.jpg` is 139), else, and for the frames of a video,
/// the place in the run from 1. The category id is COCO's own (1 to 90, with gaps) when every class name of the model is
/// one of COCO's 80, else the class index plus 1.
package final class COCOWriter: ResultWriter {
    private let source: ResultSource
    private let categories: [Int]?
    private var file: OutputFile
    private var entries = LineBuffer()
    private var hasEntry = false

    package init(path: String, source: ResultSource, calls: FileCalls = .system) throws(OutputError) {
        self.source = source
        categories = COCOCategories.identifiers(of: source.labels)
        file = try OutputFile(path: path, calls: calls)
    }

    package func write(_ frame: FrameResult) throws(OutputError) {
        entries.removeAll()
        let image = imageID(of: frame)
        for detection in frame.detections {
            entries.append(hasEntry ? ",\n{\"image_id\":" : "[\n{\"image_id\":")
            hasEntry = true
            entries.append(image)
            entries.append(",\"category_id\":")
            entries.append(categoryID(of: detection.classIndex))
            entries.append(",\"bbox\":[")
            entries.append(Double(detection.box.x1), decimals: 3)
            entries.append(",")
            entries.append(Double(detection.box.y1), decimals: 3)
            entries.append(",")
            entries.append(Double(detection.box.width), decimals: 3)
            entries.append(",")
            entries.append(Double(detection.box.height), decimals: 3)
            entries.append("],\"score\":")
            entries.append(Double(detection.score), decimals: 5)
            entries.append("}")
        }
        try file.write(entries)
    }

    package func finish() throws(OutputError) {
        if file.isFinished { return }
        entries.removeAll()
        entries.append(hasEntry ? "\n]\n" : "[]\n")
        try file.write(entries)
        try file.finish()
    }

    private func imageID(of frame: FrameResult) -> Int {
        let place = frame.index + 1
        guard source.medium == .images else { return place }
        let stem = source.stem(of: frame)
        guard stem.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return place }
        return Int(stem) ?? place
    }

    private func categoryID(of classIndex: Int) -> Int {
        guard let categories, categories.indices.contains(classIndex) else { return classIndex + 1 }
        return categories[classIndex]
    }
}

/// The category ids of the COCO detection task.
package enum COCOCategories {
    /// The names of the 80 categories with their ids, ascending.
    package static let all: [(name: String, id: Int)] = [
        ("person", 1), ("bicycle", 2), ("car", 3), ("motorcycle", 4), ("airplane", 5), ("bus", 6), ("train", 7),
        ("truck", 8), ("boat", 9), ("traffic light", 10), ("fire hydrant", 11), ("stop sign", 13),
        ("parking meter", 14), ("bench", 15), ("bird", 16), ("cat", 17), ("dog", 18), ("horse", 19), ("sheep", 20),
        ("cow", 21), ("elephant", 22), ("bear", 23), ("zebra", 24), ("giraffe", 25), ("backpack", 27),
        ("umbrella", 28), ("handbag", 31), ("tie", 32), ("suitcase", 33), ("frisbee", 34), ("skis", 35),
        ("snowboard", 36), ("sports ball", 37), ("kite", 38), ("baseball bat", 39), ("baseball glove", 40),
        ("skateboard", 41), ("surfboard", 42), ("tennis racket", 43), ("bottle", 44), ("wine glass", 46),
        ("cup", 47), ("fork", 48), ("knife", 49), ("spoon", 50), ("bowl", 51), ("banana", 52), ("apple", 53),
        ("sandwich", 54), ("orange", 55), ("broccoli", 56), ("carrot", 57), ("hot dog", 58), ("pizza", 59),
        ("donut", 60), ("cake", 61), ("chair", 62), ("couch", 63), ("potted plant", 64), ("bed", 65),
        ("dining table", 67), ("toilet", 70), ("tv", 72), ("laptop", 73), ("mouse", 74), ("remote", 75),
        ("keyboard", 76), ("cell phone", 77), ("microwave", 78), ("oven", 79), ("toaster", 80), ("sink", 81),
        ("refrigerator", 82), ("book", 84), ("clock", 85), ("vase", 86), ("scissors", 87), ("teddy bear", 88),
        ("hair drier", 89), ("toothbrush", 90),
    ]

    /// The ids of a model's classes in order; `nil` when a class is none of COCO's.
    package static func identifiers(of labels: ClassLabels) -> [Int]? {
        let ids = Dictionary(all.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
        var result: [Int] = []
        for name in labels.names {
            guard let id = ids[name] else { return nil }
            result.append(id)
        }
        return result.isEmpty ? nil : result
    }
}
