package import Detections

/// What YOLO exports say of themselves in ONNX metadata: class names, image size, stride, task. Values are written as
/// Python literals (`{0: 'person', 1: 'bicycle'}`, `[640, 640]`).
package struct ModelMetadata: Sendable {
    /// The class names by index; `nil` when missing or not readable.
    package let labels: ClassLabels?
    /// The input's height and width in pixels.
    package let imageSize: (height: Int, width: Int)?
    package let task: String?
    /// The overlap above which the weaker of two boxes is best dropped, as this project's own models say it.
    let iou: Float?
    /// Of what number of pixels the sides of the input are a multiple.
    package let stride: Int

    package init(_ properties: [String: String]) {
        labels = properties["names"].flatMap(Self.names)
        task = properties["task"]
        iou = properties["iou"].flatMap { Float($0) }.flatMap { (0...1).contains($0) ? $0 : nil }
        let number = properties["stride"].flatMap { Int($0.prefix { $0.isNumber }) } ?? 32
        stride = (1...256).contains(number) ? max(number, 32) : 32
        let extents = properties["imgsz"]?.split { !$0.isNumber }.compactMap { Int($0) } ?? []
        switch extents.count {
        case 1: imageSize = (extents[0], extents[0])
        case 2: imageSize = (extents[0], extents[1])
        default: imageSize = nil
        }
    }

    /// Reads `{0: 'a', 1: "b"}`, `{"0": "a"}` or `['a', 'b']`; `nil` unless the indices are 0, 1, 2 … without a gap.
    static func names(_ literal: String) -> ClassLabels? {
        var names: [Int: String] = [:]
        var index: Int?
        var characters = Substring(literal)
        while let character = characters.popFirst() {
            if character.isNumber {
                let digits = String(character) + characters.prefix { $0.isNumber }
                characters = characters.drop { $0.isNumber }
                index = Int(digits)
            } else if character == "'" || character == "\"" {
                guard let name = quoted(&characters, until: character) else { return nil }
                if characters.drop(while: \.isWhitespace).first == ":" {  // a key in quotes, as JSON writes it
                    index = Int(name)
                    continue
                }
                names[index ?? names.count] = name
                index = nil
            }
        }
        let ordered = names.keys.sorted()
        guard !ordered.isEmpty, ordered == Array(0..<ordered.count) else { return nil }
        return ClassLabels(ordered.compactMap { names[$0] })
    }

    private static func quoted(_ characters: inout Substring, until quote: Character) -> String? {
        var name = ""
        while let character = characters.popFirst() {
            if character == quote { return name }
            if character == "\\" {
                guard let escaped = characters.popFirst() else { return nil }
                name.append(escaped)
            } else {
                name.append(character)
            }
        }
        return nil
    }
}
