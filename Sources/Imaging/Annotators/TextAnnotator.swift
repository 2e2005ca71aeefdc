/// Writes lines of text on a dark, translucent plate in the top left corner of the frame: the frame rate, say.
package struct TextAnnotator {
    private let text: TextRenderer

    package init(text: TextRenderer) { self.text = text }

    package func annotate(_ image: inout Image, _ string: String, size: Int) {
        let lines = string.split(separator: "\n").map(String.init)
        guard let width = lines.map({ text.width(of: $0, size: size) }).max() else { return }
        let margin = max(4, size / 2)
        let plate = LabelPlate(textWidth: width, size: size)
        for (index, line) in lines.enumerated() {
            plate.draw(
                line, on: &image, x: margin, y: margin + index * plate.height, plate: .black, ink: .white,
                opacity: 0.7, text: text)
        }
    }
}
