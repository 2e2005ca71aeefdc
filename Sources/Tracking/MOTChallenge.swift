package import Detections

/// MOTChallenge text: one box per line, 1-based frames, `frame, id, left, top, width, height, confidence, x, y, z`.
///
/// Read are detection files (id −1) and results with at least seven columns; written are strictly ten, with
/// `-1,-1,-1` for the world coordinates. (Evaluators take an eighth column that is greater than 1 for a class and
/// refuse the file.)
package enum MOTChallenge {
    /// What is wrong with a line.
    package struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The line, from 1.
        package let line: Int
        /// What is wrong with it.
        package let reason: String

        package var description: String { "line \(line): \(reason)" }
    }

    /// The most frames that a file may span.
    package static let maximumFrame = 10_000_000

    /// Reads a file's text: the detections of frame n stand at index n − 1, in the order of their lines. Boxes are taken
    /// as they are; ids below 1 are no ids.
    package static func read(_ text: String, classIndex: Int = 0) throws(FormatError) -> [[Detection]] {
        var frames: [[Detection]] = []
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            if fields.count == 1, fields[0].allSatisfy(\.isWhitespace) { continue }
            guard fields.count >= 7 else { throw FormatError(line: number, reason: "fewer than seven columns") }
            var values = InlineArray<7, Double>(repeating: 0)
            for column in 0..<7 {
                guard let value = parse(fields[column]) else {
                    throw FormatError(line: number, reason: "column \(column + 1) is no finite number")
                }
                values[column] = value
            }
            guard let frame = Int(exactly: values[0]), frame >= 1, frame <= maximumFrame else {
                throw FormatError(line: number, reason: "the frame is not between 1 and \(maximumFrame)")
            }
            while frames.count < frame { frames.append([]) }
            frames[frame - 1].append(
                Detection(
                    box: BoundingBox(
                        x: Float(values[2]), y: Float(values[3]), width: Float(values[4]), height: Float(values[5])),
                    classIndex: classIndex, score: Float(values[6]),
                    trackID: values[1] >= 1 ? UInt64(exactly: values[1]) : nil))
        }
        return frames
    }

    /// The row of a detection in a frame (from 1), without a line end: pixels with two decimals, the confidence with
    /// four; id −1 for a detection without a track.
    package static func row(frame: Int, detection: Detection) -> String {
        let box = detection.box
        var row = "\(frame),"
        row += detection.trackID.map(String.init) ?? "-1"
        for value in [box.x1, box.y1, box.width, box.height] { row += "," + fixed(Double(value), decimals: 2) }
        row += "," + fixed(Double(detection.score), decimals: 4) + ",-1,-1,-1"
        return row
    }

    /// A number with a fixed count of decimals (at most six), rounded half away from zero; 0 when it is not finite or
    /// beyond ±10¹². The same text in every locale.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return fixed(0, decimals: decimals) }
        var scale = 1
        for _ in 0..<min(max(decimals, 0), 6) { scale *= 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard scale > 1 else { return sign + String(scaled) }
        let fraction = String(scale + scaled % scale).dropFirst()
        return sign + String(scaled / scale) + "." + fraction
    }

    private static func parse(_ field: Substring) -> Double? {
        let text = field.filter { !$0.isWhitespace }
        guard let value = Double(text), value.isFinite, abs(value) < 1e15 else { return nil }
        return value
    }
}
