package import Augmentation
import Detections

/// Pictures with the boxes of their objects: YOLO's text files or PASCAL VOC's XML.
///
///     let files = try SampleFiles(["trainset"])
///     let pictures = try LabelledPictures(files.files, names: ["person", "bicycle", "car"])
///     let sample = try pictures.load(17)
///
/// Labels are looked for beside the picture, in `labels` beside a folder `images` (and in `labels/train` for
/// `images/train`), and in `Annotations` beside `JPEGImages`. Where one picture has labels all must have them; an empty
/// file says that there is nothing. Boxes in `ignore` beside `labels` are places of which nothing is known.
package struct LabelledPictures: Sendable {
    package let files: [String]
    /// Of the classes; empty when nobody says them.
    package let names: [String]
    /// Of each picture; all nil when there are none.
    package let labels: [String?]

    /// - Parameters:
    ///   - folder: where the labels are; nil: where they usually are.
    ///   - names: of the classes; empty: what `classes.txt` in the labels' folder says, or the annotations.
    ///   - isLabelled: false: labels are not looked for.
    package init(
        _ files: [String], labels folder: String? = nil, names: [String] = [], isLabelled: Bool = true
    ) throws(DataSetError) {
        self.files = files
        guard isLabelled else {
            (labels, self.names) = (files.map { _ in nil }, names)
            return
        }
        if let folder { _ = try DataFolder.names(in: folder) }
        var found: [String?] = []
        for file in files { found.append(Self.candidates(file, folder).first(where: FileName.exists)) }
        if let missing = found.firstIndex(of: nil), folder != nil || found.contains(where: { $0 != nil }) {
            let wanted = Self.candidates(files[missing], folder).joined(separator: ", ")
            throw DataSetError(
                .missing, file: files[missing],
                reason: "it has no labels: looked for \(wanted) (an empty file says that there is nothing to see)")
        }
        labels = found
        self.names = names.isEmpty ? try Self.names(of: found.compactMap { $0 }) : names
    }

    package var count: Int { files.count }
    package var isLabelled: Bool { labels.contains { $0 != nil } }

    private static func candidates(_ file: String, _ folder: String?) -> [String] {
        let name = FileName(file)
        let parent = FileName(name.folder)
        var folders = [folder ?? name.folder]
        if folder == nil, parent.last == "images" { folders.append(FileName.join(parent.folder, "labels")) }
        let above = FileName(parent.folder)
        if folder == nil, above.last == "images" {
            folders.append(FileName.join(FileName.join(above.folder, "labels"), parent.last))
        }
        if folder == nil, parent.last == "JPEGImages" { folders.append(FileName.join(parent.folder, "Annotations")) }
        return folders.flatMap { folder in
            ["txt", "xml"].map { FileName.join(folder, "\(name.stem).\($0)") }
        }
    }

    /// Names from `classes.txt`, or in alphabetical order from annotations.
    private static func names(of labels: [String]) throws(DataSetError) -> [String] {
        guard let first = labels.first else { return [] }
        let folder = FileName(first).folder
        for place in [folder, FileName(folder).folder] {
            let file = FileName.join(place, "classes.txt")
            if FileName.exists(file) { return try readNames(file) }
        }
        var names: Set<String> = []
        for file in labels where FileName(file).ending == "xml" {
            for object in try AnnotationFile(path: file).objects { names.insert(object.name) }
        }
        return names.sorted()
    }

    /// The names of classes out of a file, one a line.
    package static func readNames(_ file: String) throws(DataSetError) -> [String] {
        var lines = try DataFolder.text(of: file, limit: 1 << 20)
            .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        guard !lines.isEmpty else { throw DataSetError(.corrupt, file: file, reason: "it has no names") }
        if let empty = lines.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
            throw DataSetError(.corrupt, file: file, place: "line \(empty + 1)", reason: "the name is empty")
        }
        return lines
    }

    /// A picture with its labels. Throws `DataSetError` with the file, and the line where there is one.
    package func load(_ index: Int) throws(DataSetError) -> LabelledImage {
        let image = try PictureFile.read(files[index])
        let objects = try objects(of: index, width: image.width, height: image.height)
        return LabelledImage(image, objects: objects, name: files[index])
    }

    /// The labels of a picture of that many pixels.
    package func objects(of index: Int, width: Int, height: Int) throws(DataSetError) -> [LabelledObject] {
        guard let file = labels[index] else { return [] }
        if FileName(file).ending == "xml" { return try objects(annotated: file, width: width, height: height) }
        var objects = try objects(file, width: width, height: height, kind: .object)
        let ignored = Self.ignored(beside: file)
        if FileName.exists(ignored) {
            objects += try self.objects(ignored, width: width, height: height, kind: .ignored)
        }
        return objects
    }

    private static func ignored(beside labels: String) -> String {
        let (name, folder) = (FileName(labels), FileName(FileName(labels).folder))
        if folder.last == "labels" { return FileName.join(folder.folder, "ignore/\(name.stem).txt") }
        // labels/train has ignore/train.
        let above = FileName(folder.folder)
        return above.last == "labels"
            ? FileName.join(above.folder, "ignore/\(folder.last)/\(name.stem).txt") : ""
    }

    private func objects(
        _ file: String, width: Int, height: Int, kind: LabelledObject.Kind
    ) throws(DataSetError) -> [LabelledObject] {
        let text = try DataFolder.text(of: file, limit: BoxFile.largestFile)
        return try BoxFile(text, file: file, width: width, height: height, names: names).rows
            .map { LabelledObject(box: $0.box, classIndex: $0.classIndex, kind: kind, weight: $0.confidence) }
    }

    private func objects(
        annotated file: String, width: Int, height: Int
    ) throws(DataSetError) -> [LabelledObject] {
        let annotation = try AnnotationFile(path: file)
        guard annotation.width == width, annotation.height == height else {
            throw DataSetError(
                .corrupt, file: file,
                reason: "it is of \(annotation.width)×\(annotation.height) pixels, the picture has "
                    + "\(width)×\(height)")
        }
        var objects: [LabelledObject] = []
        for object in annotation.objects {
            guard let index = names.firstIndex(of: object.name) else {
                throw DataSetError(
                    .corrupt, file: file, place: "line \(object.line)",
                    reason: "\"\(object.name.prefix(40))\" is none of \(names.joined(separator: ", "))")
            }
            // A box of no width, as some tools leave behind, shows nothing.
            if object.box.area > 0 { objects.append(LabelledObject(box: object.box, classIndex: index)) }
        }
        return objects
    }
}
