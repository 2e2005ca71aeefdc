package import Detections
package import Imaging

/// A sheet of samples beside what a recipe makes of them, for people to judge by eye.
package struct AugmentationPreview {
    /// A picture with its labels, and what is written under it.
    package struct Cell: Sendable {
        package var sample: LabelledImage
        package var caption: String

        package init(_ sample: LabelledImage, caption: String) {
            self.sample = sample
            self.caption = caption
        }
    }

    /// The names of the classes.
    package var labels: ClassLabels
    /// The width and height that pictures are fitted into, in pixels.
    package var cellSide: Int
    /// Lines of a caption; what does not fit is cut.
    package var captionLines: Int

    private static let margin = 8
    private static let textSize = 11
    private static let lineHeight = 15
    static let paper = Color(red: 250, green: 250, blue: 250)
    private static let ink = Color(red: 40, green: 40, blue: 40)

    package init(labels: ClassLabels = ClassLabels([]), cellSide: Int = 256, captionLines: Int = 5) {
        self.labels = labels
        self.cellSide = min(max(cellSide, 32), 1024)
        self.captionLines = min(max(captionLines, 1), 12)
    }

    /// Draws rows of cells. Boxes have their class's colour, dashed where nothing is known for sure; masks are tinted.
    package func grid(_ rows: [[Cell]]) -> Image {
        let columns = max(rows.map(\.count).max() ?? 0, 1)
        // Cells begin at even places, so that chroma samples are whole.
        let stepX = (cellSide + Self.margin + 1) & ~1
        let stepY = (cellSide + Self.margin + captionLines * Self.lineHeight + 7) & ~1
        // As many rows as a picture may hold.
        let shown = rows.prefix(Image.longestSide / stepY - 1)
        let color = ColorDescription(matrix: .bt601, isFullRange: true)
        var sheet = Image(
            width: min(columns * stepX + Self.margin, Image.longestSide),
            height: max(shown.count, 1) * stepY + Self.margin,
            color: color, fill: Self.paper)
        let text = TextRenderer()
        for (row, cells) in shown.enumerated() {
            for (column, cell) in cells.enumerated() where (column + 1) * stepX <= Image.longestSide {
                draw(cell, on: &sheet, x: column * stepX + Self.margin, y: row * stepY + Self.margin, text)
            }
        }
        return sheet
    }

    private func draw(_ cell: Cell, on sheet: inout Image, x: Int, y: Int, _ text: TextRenderer) {
        let sample = cell.sample
        if !sample.image.isEmpty {
            var geometry = GeometryDraw(width: sample.image.width, height: sample.image.height)
            geometry.letterbox(width: cellSide, height: cellSide)
            var picture = RGBImage(width: cellSide, height: cellSide, fill: Self.paper)
            Warp.draw(sample.image, through: geometry.map, onto: &picture)
            let objects = sample.objects.compactMap {
                $0.transformed(by: geometry.map, width: cellSide, height: cellSide)
            }
            for object in objects { if let mask = object.mask { picture.tint(mask, Self.color(of: object)) } }
            sheet.paste(picture, x: x, y: y)
            for object in objects { draw(object, on: &sheet, x: x, y: y, text) }
        }
        for (line, words) in lines(of: cell.caption, text).enumerated() {
            text.draw(
                words, on: &sheet, x: x, baseline: y + cellSide + (line + 1) * Self.lineHeight, size: Self.textSize,
                color: Self.ink)
        }
    }

    private func draw(_ object: LabelledObject, on sheet: inout Image, x: Int, y: Int, _ text: TextRenderer) {
        let box = object.box
        guard
            let rect = PixelRect(
                BoundingBox(
                    x1: box.x1 + Float(x), y1: box.y1 + Float(y), x2: box.x2 + Float(x), y2: box.y2 + Float(y)))?
                .intersection(PixelRect(x1: x, y1: y, x2: x + cellSide, y2: y + cellSide)), !rect.isEmpty
        else { return }
        let color = Self.color(of: object)
        sheet.outline(rect.inset(by: 1), .black, thickness: 2, opacity: 0.3)
        sheet.outline(rect, color, thickness: 2, dash: object.kind == .ignored ? 5 : nil)
        let name = object.kind == .ignored ? "ignored" : labels[object.classIndex]
        let title = object.weight < 1 ? "\(name) \(Int((object.weight * 100).rounded()))%" : name
        let width = text.width(of: title, size: 9) + 4
        guard rect.width >= width, rect.height >= 16 else { return }
        sheet.fill(PixelRect(x1: rect.x1, y1: rect.y1, x2: rect.x1 + width, y2: rect.y1 + 11), color, opacity: 0.85)
        text.draw(title, on: &sheet, x: rect.x1 + 2, baseline: rect.y1 + 9, size: 9, color: color.textColor)
    }

    private static func color(of object: LabelledObject) -> Color {
        object.kind == .ignored ? .gray : Palette.color(classIndex: object.classIndex)
    }

    /// A text in lines that fit the cell.
    private func lines(of caption: String, _ text: TextRenderer) -> [String] {
        var lines: [String] = []
        func fits(_ line: String) -> Bool { text.width(of: line, size: Self.textSize) <= cellSide }
        for word in caption.split(separator: " ") {
            if let last = lines.last, fits("\(last) \(word)") {
                lines[lines.count - 1] = "\(last) \(word)"
                continue
            }
            // A word that is too long for a line is broken where the line ends.
            lines.append("")
            for character in word {
                if !fits(lines[lines.count - 1] + String(character)) { lines.append("") }
                lines[lines.count - 1].append(character)
            }
        }
        if lines.count > captionLines {
            lines.removeLast(lines.count - captionLines)
            var last = lines[captionLines - 1]
            while !fits(last + " ..."), !last.isEmpty { last.removeLast() }
            lines[captionLines - 1] = last + " ..."
        }
        return lines
    }
}

extension ImageAugmentation {
    /// A sheet with one row for each of the first samples: the sample, then what epochs 0, 1 ... of a run make of it.
    /// Each caption begins with the seed that makes the picture again.
    package func preview(
        run: UInt64, samples indices: [Int], epochs: Int, count: Int,
        style: AugmentationPreview = AugmentationPreview(),
        load: (Int) throws -> LabelledImage
    ) throws -> Image {
        let rows = try indices.map { index in
            let original = try load(index)
            return [AugmentationPreview.Cell(original, caption: "sample \(index) \(original.name)")]
                + (try (0..<max(epochs, 0)).map { epoch in
                    let result = try apply(
                        seed: SampleSeed(run: run, epoch: epoch, index: index), count: count, load: load)
                    return AugmentationPreview.Cell(result.sample, caption: result.record.description)
                })
        }
        return style.grid(rows)
    }
}

extension RGBImage {
    /// Blends a colour over the pixels of a mask.
    fileprivate mutating func tint(_ mask: ObjectMask, _ color: Color) {
        func half(_ old: UInt8, _ new: UInt8) -> UInt8 { UInt8((Int(old) + Int(new) + 1) / 2) }
        for y in mask.y..<min(mask.y + mask.height, height) {
            for x in mask.x..<min(mask.x + mask.width, width) where mask[x, y] {
                let old = self[x, y]
                let new = Color(
                    red: half(old.red, color.red), green: half(old.green, color.green),
                    blue: half(old.blue, color.blue))
                fill(x: x..<x + 1, y: y..<y + 1, new)
            }
        }
    }
}

extension Image {
    /// Copies a picture to an even place where it fits.
    fileprivate mutating func paste(_ picture: RGBImage, x: Int, y: Int) {
        precondition(x % 2 == 0 && y % 2 == 0 && x + picture.width <= width && y + picture.height <= height)
        let source = picture.image()
        for row in 0..<source.height { (self.y.row(y + row) + x).update(from: source.y.row(row), count: source.width) }
        for row in 0..<source.u.height {
            (u.row(y / 2 + row) + x / 2).update(from: source.u.row(row), count: source.u.width)
            (v.row(y / 2 + row) + x / 2).update(from: source.v.row(row), count: source.v.width)
        }
    }
}
