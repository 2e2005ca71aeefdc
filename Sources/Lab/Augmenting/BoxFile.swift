package import Augmentation
package import Detections

/// The boxes of one picture in the form of YOLO: a line "class cx cy w h" for each, shares of the picture's sides. A sixth
/// number is a confidence, 0 to 1, as detectors write it.
package struct BoxFile: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        package var classIndex: Int
        package var box: BoundingBox
        package var confidence: Float = 1
        /// From 1.
        package var line: Int
    }

    package let rows: [Row]

    static let largestFile = 1 << 24
    /// How far a box may reach beyond the picture, as a share: files round.
    static let tolerance: Float = 0.001

    /// Reads the text of a file, whose name is for messages.
    ///
    /// - Parameter names: of the classes; with none any class is taken.
    package init(
        _ text: String, file: String, width: Int, height: Int, names: [String] = []
    ) throws(DataSetError) {
        var rows: [Row] = []
        var line = 0
        for words in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            line += 1
            let fields = words.split(whereSeparator: \.isWhitespace)
            if fields.isEmpty { continue }
            func failure(_ reason: String) -> DataSetError {
                DataSetError(.corrupt, file: file, place: "line \(line)", reason: reason)
            }
            guard fields.count == 5 || fields.count == 6 else {
                throw failure("\(fields.count) fields, but \"class cx cy w h\" has 5, and 6 with a confidence")
            }
            guard let classIndex = Int(fields[0]), classIndex >= 0 else {
                throw failure("\"\(fields[0].prefix(20))\" is no index of a class")
            }
            guard names.isEmpty || classIndex < names.count else {
                throw failure("class \(classIndex), but there are \(names.count) names, 0 to \(names.count - 1)")
            }
            var values: [Float] = []
            for field in fields.dropFirst() {
                guard let value = Float(field), value.isFinite else {
                    throw failure("\"\(field.prefix(20))\" is no number")
                }
                values.append(value)
            }
            let confidence = values.count > 4 ? values[4] : 1
            guard (0...1).contains(confidence) else { throw failure("the confidence \(fields[5]) is not in 0 to 1") }
            guard values[2] > 0, values[3] > 0 else {
                throw failure("the box has no area: \(fields[3]) × \(fields[4])")
            }
            let box = BoundingBox(centerX: values[0], centerY: values[1], width: values[2], height: values[3])
            let allowed = -Self.tolerance...1 + Self.tolerance
            guard [box.x1, box.y1, box.x2, box.y2].allSatisfy({ allowed.contains($0) }) else {
                let corners = [box.x1, box.y1, box.x2, box.y2].map { Self.share($0) }.joined(separator: " ")
                throw failure("the box reaches beyond the picture, whose sides are 0 to 1: its corners are \(corners)")
            }
            let (across, down) = (Float(width), Float(height))
            let pixels = BoundingBox(
                x1: box.x1 * across, y1: box.y1 * down, x2: box.x2 * across, y2: box.y2 * down
            ).clamped(width: width, height: height)
            guard pixels.area > 0 else { throw failure("the box lies at the edge and has no area in the picture") }
            rows.append(Row(classIndex: classIndex, box: pixels, confidence: confidence, line: line))
        }
        self.rows = rows
    }

    /// The text of a file with some objects of a picture.
    package static func text(_ objects: [LabelledObject], width: Int, height: Int) -> String {
        objects.map { object in
            let (box, across, down) = (object.box, Float(width), Float(height))
            let values = [box.centerX / across, box.centerY / down, box.width / across, box.height / down]
            return "\(object.classIndex) \(values.map { share($0) }.joined(separator: " "))\n"
        }.joined()
    }

    /// With six decimals.
    private static func share(_ value: Float) -> String {
        guard abs(value) < 1e6 else { return "\(value)" }
        let millionths = Int((Double(value) * 1e6).rounded())
        let digits = String(1_000_000 + abs(millionths) % 1_000_000).dropFirst()
        return "\(millionths < 0 ? "-" : "")\(abs(millionths) / 1_000_000).\(digits)"
    }
}
