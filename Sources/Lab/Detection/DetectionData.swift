package import Augmentation
import Detections
import Evaluation

/// Pictures with the objects in them, to train and to judge a detector: a folder in one of the usual forms.
///
/// - YOLO: `images` with `labels` beside it, and `ignore` where there are places of which nothing is known. The pictures
///   that `val.txt` names (names or paths, one a line) are kept apart for validation; in place of it there may be
///   `images/train` and `images/val`. Names of the classes are in `classes.txt`.
/// - COCO: `instances_train….json` and `instances_val….json`, in the folder or in `annotations`, with the images in folders
///   that are called like the parts, or in `images`. Crowds and objects with `ignore` are places of which nothing is known.
///
/// Where nothing is kept apart, every twentieth picture is, or the last one of less than twenty.
package struct DetectionData: Sendable {
    private enum Labels: Sendable {
        /// A picture's place in `files`.
        case file(Int)
        case objects([LabelledObject])
    }

    private struct Picture: Sendable {
        var path: String
        var isKeptApart: Bool
        var labels: Labels
    }

    package let folder: String
    package private(set) var names: [String]
    private var files: LabelledPictures?
    private var pictures: [Picture] = []

    /// - Parameter names: of the classes, where the folder does not say them; for COCO those of its categories that are
    ///   wanted, in this order.
    package init(_ folder: String, names: [String] = []) throws {
        self.folder = folder
        self.names = names
        let inside = try DataFolder.names(in: folder)
        if let parts = try Self.instances(folder, inside) {
            try readInstances(parts)
        } else if inside.contains("images") {
            try readFiles(inside)
        } else {
            throw DataSetError(
                .missing, file: folder, reason: "there is no folder \"images\" in it, and no instances_train….json")
        }
        guard !pictures.isEmpty else { throw DataSetError(.unusable, file: folder, reason: "it has no pictures") }
        guard !self.names.isEmpty else {
            throw DataSetError(
                .missing, file: folder,
                reason: "nobody says what the classes are called: --names person,car, or a file classes.txt")
        }
        if !pictures.contains(where: \.isKeptApart) {
            let step = min(20, pictures.count)
            for index in pictures.indices where index % step == step - 1 { pictures[index].isKeptApart = true }
        }
        guard pictures.contains(where: { !$0.isKeptApart }) else {
            throw DataSetError(.unusable, file: folder, reason: "all of its pictures are kept apart for validation")
        }
    }

    package var count: Int { pictures.count }
    package var paths: [String] { pictures.map(\.path) }
    /// The pictures to train on, and those that are kept apart.
    package var training: [Int] { pictures.indices.filter { !pictures[$0].isKeptApart } }
    package var validation: [Int] { pictures.indices.filter { pictures[$0].isKeptApart } }

    /// The objects of a picture of that many pixels, in its pixels.
    package func objects(of index: Int, width: Int, height: Int) throws -> [LabelledObject] {
        switch pictures[index].labels {
        case .objects(let objects):
            return objects.compactMap { object in
                var object = object
                object.box = object.box.clamped(width: width, height: height)
                return object.box.area > 0 ? object : nil
            }
        case .file(let place): return try files?.objects(of: place, width: width, height: height) ?? []
        }
    }

    // MARK: YOLO

    private mutating func readFiles(_ inside: [String]) throws {
        let images = FileName.join(folder, "images")
        let parts = try DataFolder.names(in: images).filter { name in
            (name.hasPrefix("train") || name.hasPrefix("val")) && FileName.isFolder(FileName.join(images, name))
        }
        var paths: [(path: String, isKeptApart: Bool)] = []
        if parts.contains(where: { $0.hasPrefix("train") }) {
            for part in parts {
                let files = try SampleFiles([FileName.join(images, part)]).files
                paths += files.map { ($0, part.hasPrefix("val")) }
            }
        } else {
            let list = FileName.join(folder, "val.txt")
            let apart = inside.contains("val.txt") ? try Self.stems(list) : []
            let files = try SampleFiles([images]).files
            paths = files.map { ($0, apart.contains(FileName($0).stem)) }
            if let stranger = apart.subtracting(files.map { FileName($0).stem }).min() {
                throw DataSetError(.corrupt, file: list, reason: "there is no picture \"\(stranger)\" in \(images)")
            }
        }
        if names.isEmpty, inside.contains("classes.txt") {
            names = try LabelledPictures.readNames(FileName.join(folder, "classes.txt"))
        }
        let labelled = try LabelledPictures(paths.map(\.path), names: names)
        guard labelled.isLabelled else {
            throw DataSetError(
                .missing, file: folder, reason: "its pictures have no labels: looked in \(folder)/labels")
        }
        names = labelled.names
        files = labelled
        pictures = paths.enumerated().map { place, file in
            Picture(path: file.path, isKeptApart: file.isKeptApart, labels: .file(place))
        }
    }

    /// The names of pictures out of a list of names or paths.
    private static func stems(_ list: String) throws(DataSetError) -> Set<String> {
        let lines = try DataFolder.text(of: list, limit: 1 << 28).split(whereSeparator: \.isNewline)
        return Set(lines.filter { !$0.allSatisfy(\.isWhitespace) }.map { FileName(String($0)).stem })
    }

    // MARK: COCO

    private struct Instances {
        var file: String
        var folders: [String]
        var isKeptApart: Bool
    }

    /// The files of a COCO folder; nil when it is none.
    private static func instances(_ folder: String, _ inside: [String]) throws -> [Instances]? {
        let below = inside.contains("annotations") ? try DataFolder.names(in: FileName.join(folder, "annotations")) : []
        let candidates =
            inside.map { FileName.join(folder, $0) } + below.map { FileName.join(folder, "annotations/\($0)") }
        let files = candidates.compactMap { file -> Instances? in
            let name = FileName(file)
            guard name.ending == "json", name.stem.hasPrefix("instances_") else { return nil }
            let part = String(name.stem.dropFirst("instances_".count))
            guard part.hasPrefix("train") || part.hasPrefix("val") else { return nil }
            return Instances(
                file: file,
                folders: ["images/\(part)", part, "images", ""].map { FileName.join(folder, $0) },
                isKeptApart: part.hasPrefix("val"))
        }
        return files.contains { !$0.isKeptApart } ? files : nil
    }

    private mutating func readInstances(_ parts: [Instances]) throws {
        for part in parts {
            let truth: COCOInstances
            do {
                truth = try COCOInstances(contentsOf: part.file)
            } catch {
                throw DataSetError(.corrupt, file: part.file, reason: "\(error)")
            }
            if names.isEmpty { names = truth.classNames }
            let places = truth.classNames.map { names.firstIndex(of: $0) }
            guard places.contains(where: { $0 != nil }) else {
                throw DataSetError(
                    .unusable, file: part.file, reason: "it has none of the classes \(names.joined(separator: ", "))")
            }
            for (name, objects) in zip(truth.imageNames, truth.objects) {
                guard let name, !name.isEmpty else {
                    throw DataSetError(.corrupt, file: part.file, reason: "an image has no file name")
                }
                let candidates = part.folders.map { FileName.join($0, name) }
                guard let path = candidates.first(where: FileName.exists) else {
                    throw DataSetError(
                        .missing, file: part.file, reason: "the picture \(name) is in none of its folders")
                }
                let own = objects.compactMap { object -> LabelledObject? in
                    guard let index = places[object.classIndex] else { return nil }
                    let box = object.box
                    return LabelledObject(
                        box: BoundingBox(
                            x1: Float(box.x), y1: Float(box.y), x2: Float(box.x + box.width),
                            y2: Float(box.y + box.height)),
                        classIndex: index, kind: object.isCrowd || object.isIgnored ? .ignored : .object)
                }
                pictures.append(Picture(path: path, isKeptApart: part.isKeptApart, labels: .objects(own)))
            }
        }
    }
}
