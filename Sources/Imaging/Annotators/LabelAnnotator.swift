package import Detections

/// Writes what an object is on a plate of its colour: "person #7 0.83", above the box, or inside it where there is no
/// room above, and always within the frame.
package struct LabelAnnotator {
    private let text: TextRenderer

    package init(text: TextRenderer) { self.text = text }

    package func annotate(
        _ image: inout Image, _ detection: Detection, labels: ClassLabels, style: AnnotationStyle
    ) {
        let lineWidth = style.lineWidth(width: image.width, height: image.height)
        guard let box = BoxAnnotator.outline(of: detection.box, lineWidth: lineWidth, in: image) else { return }
        let size = style.textSize(width: image.width, height: image.height)
        let label = Self.label(detection, labels: labels, style: style)
        let plate = LabelPlate(textWidth: text.width(of: label, size: size), size: size)

        let x = min(box.x1, image.width - plate.width)
        let above = box.y1 - plate.height
        let y = above >= 0 ? above : min(box.y1, image.height - plate.height)
        let color = Palette.color(trackID: detection.trackID, classIndex: detection.classIndex)
        plate.draw(
            label, on: &image, x: max(x, 0), y: max(y, 0), plate: color, ink: color.textColor, opacity: 1, text: text)
    }

    /// The words of a label: class, `#` and id, score with two digits.
    static func label(_ detection: Detection, labels: ClassLabels, style: AnnotationStyle) -> String {
        var label = labels[detection.classIndex]
        if style.showIDs, let id = detection.trackID { label += " #\(id)" }
        if style.showScores, detection.score.isFinite {
            let hundredths = Int((min(max(detection.score, 0), 1) * 100).rounded())
            label += " \(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
        }
        return label
    }
}

/// A filled rectangle with a line of text in its middle; its measures follow the size of the text.
struct LabelPlate {
    let width: Int
    let height: Int
    private let size: Int
    private let padding: Int

    init(textWidth: Int, size: Int) {
        self.size = size
        padding = max(3, size * 3 / 10)
        width = textWidth + 2 * padding
        height = TextRenderer.capitalHeight(size: size) + 2 * max(3, size * 3 / 10)
    }

    func draw(
        _ string: String, on image: inout Image, x: Int, y: Int, plate: Color, ink: Color, opacity: Float,
        text: TextRenderer
    ) {
        image.fill(PixelRect(x1: x, y1: y, x2: x + width, y2: y + height), plate, opacity: opacity)
        let baseline = y + (height + TextRenderer.capitalHeight(size: size)) / 2
        text.draw(string, on: &image, x: x + padding, baseline: baseline, size: size, color: ink)
    }
}
