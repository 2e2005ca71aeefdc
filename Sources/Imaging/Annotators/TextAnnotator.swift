/// Writes lines of text on a dark, translucent plate in the top left corner of the frame: the frame rate, say.
package struct TextAnnotator {
    private let text: TextRenderer

    package init(text: TextRenderer) { self.text = text }

    package func annotate(_ image: inout Image, _ string: String, size: Int) {
        let margin = max(4, size / 2)
        var y = margin
        for line in string.split(separator: "\n") {
            let plate = LabelPlate(textWidth: text.width(of: String(line), size: size), size: size)
            plate.draw(
                String(line), on: &image, x: margin, y: y, plate: .black, ink: .white, opacity: 0.6, text: text)
            y += plate.height
        }
    }
}
