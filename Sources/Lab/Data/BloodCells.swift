package import Augmentation
package import Detections
import Imaging

/// Cells cut out of the pictures of BCCD (Shenggan and others, "Blood cell count and detection", 2017): red and white
/// blood cells and platelets, in the folders of PASCAL VOC (`Annotations`, `ImageSets/Main`, `JPEGImages`).
///
/// Pictures are divided as the data set's lists have it. Red cells are eleven times as many as the others together.
package struct BloodCells: Sendable {
    package struct Cell: Hashable, Sendable {
        /// Of `side`×`side` pixels, whatever the box's size was.
        package var image: RGBImage
        /// Index in `classNames`.
        package var label: Int
        /// Where it comes from: "BloodImage_00012.xml, line 17".
        package var name: String
    }

    package let folder: String
    package let cells: [DataPart: [Cell]]
    /// Boxes that are too small to show anything.
    package let skippedCount: Int

    package static let classNames = ["RBC", "WBC", "Platelets"]
    static let lists: [(part: DataPart, name: String)] = [(.training, "train"), (.validation, "val"), (.test, "test")]
    /// In pixels.
    static let smallestBox: Float = 4

    /// Reads the pictures of a folder and cuts out their cells.
    ///
    /// - Parameter tick: called after each picture with the number so far and that of all.
    package init(folder: String, side: Int = 32, tick: (Int, Int) -> Void = { _, _ in }) throws {
        self.folder = folder
        var names: [DataPart: [String]] = [:]
        for (part, name) in Self.lists {
            names[part] = try Self.pictureNames(folder + "/ImageSets/Main/\(name).txt")
        }
        let total = names.values.reduce(0) { $0 + $1.count }
        var cells: [DataPart: [Cell]] = [:]
        var (done, skipped) = (0, 0)
        for (part, _) in Self.lists {
            for name in names[part, default: []] {
                let file = "\(folder)/Annotations/\(name).xml"
                let annotation = try AnnotationFile(path: file)
                let picture = try Self.picture("\(folder)/JPEGImages/\(name).jpg", like: annotation)
                for object in annotation.objects {
                    guard let label = Self.classNames.firstIndex(of: object.name) else {
                        throw DataSetError(
                            .corrupt, file: file, place: "line \(object.line)",
                            reason: "\"\(object.name.prefix(40))\" is none of "
                                + Self.classNames.joined(separator: ", "))
                    }
                    guard min(object.box.width, object.box.height) >= Self.smallestBox else {
                        skipped += 1
                        continue
                    }
                    cells[part, default: []].append(
                        Cell(
                            image: picture.resampled(object.box, width: side, height: side), label: label,
                            name: "\(name).xml, line \(object.line)"))
                }
                done += 1
                tick(done, total)
            }
        }
        self.cells = cells
        skippedCount = skipped
        try DataPart.check(cells.mapValues { $0.map(\.label) }, classNames: Self.classNames, file: folder)
    }

    /// The names of a list, one a line.
    private static func pictureNames(_ list: String) throws(DataSetError) -> [String] {
        let lines = try DataFolder.text(of: list, limit: 1 << 24).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        var names: [String] = []
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            guard !line.contains(where: { $0 == "/" || $0 == "\0" || $0.isWhitespace }) else {
                throw DataSetError(
                    .corrupt, file: list, place: "line \(index + 1)", reason: "it is not the name of a picture")
            }
            names.append(String(line))
        }
        return names
    }

    private static func picture(
        _ path: String, like annotation: AnnotationFile
    ) throws(DataSetError) -> RGBImage {
        let image = try PictureFile.read(path)
        guard image.width == annotation.width, image.height == annotation.height else {
            throw DataSetError(
                .corrupt, file: path,
                reason: "it has \(image.width)×\(image.height) pixels, "
                    + "\(annotation.width)×\(annotation.height) in \(annotation.file)")
        }
        return image
    }
}

extension RGBImage {
    /// A rectangle of the picture in another size. Each pixel is the mean of the area that it covers, so that nothing of
    /// a large rectangle is left out; a rectangle that is smaller is enlarged in blocks.
    package func resampled(_ box: BoundingBox, width: Int, height: Int) -> RGBImage {
        let columns = Self.shares(from: box.x1, to: box.x2, in: self.width, parts: width)
        let rows = Self.shares(from: box.y1, to: box.y2, in: self.height, parts: height)
        var result = [UInt8](repeating: 0, count: width * height * 3)
        for (y, row) in rows.enumerated() {
            for (x, column) in columns.enumerated() {
                var sums: (Float, Float, Float) = (0, 0, 0)
                for (offsetY, shareY) in row.shares.enumerated() {
                    let start = (row.first + offsetY) * self.width + column.first
                    for (offsetX, shareX) in column.shares.enumerated() {
                        let (place, share) = ((start + offsetX) * 3, shareX * shareY)
                        sums.0 += share * Float(pixels[place])
                        sums.1 += share * Float(pixels[place + 1])
                        sums.2 += share * Float(pixels[place + 2])
                    }
                }
                let place = (y * width + x) * 3
                result[place] = UInt8(min(sums.0 + 0.5, 255))
                result[place + 1] = UInt8(min(sums.1 + 0.5, 255))
                result[place + 2] = UInt8(min(sums.2 + 0.5, 255))
            }
        }
        return RGBImage(width: width, height: height, pixels: result)
    }

    /// For each of `parts` equal parts of a range of one axis: the first pixel that it touches, and the shares of that
    /// one and the next, which sum to 1.
    private static func shares(
        from low: Float, to high: Float, in count: Int, parts: Int
    ) -> [(first: Int, shares: [Float])] {
        let step = (high - low) / Float(parts)
        return (0..<parts).map { part in
            let start = min(max(low + Float(part) * step, 0), Float(count) - 1)
            let end = min(max(start + step, start + 1e-3), Float(count))
            let first = Int(start)
            let last = max(first, min(Int(end.rounded(.up)) - 1, count - 1))
            let shares = (first...last).map { pixel in
                max(min(end, Float(pixel) + 1) - max(start, Float(pixel)), 0) / (end - start)
            }
            return (first, shares)
        }
    }
}
