package import Foundation

/// What `seqinfo.ini` says of a sequence of the MOTChallenge.
package struct MOTSequenceInfo: Hashable, Sendable {
    /// How many frames it has.
    package let length: Int
    /// Frames a second, where the file tells.
    package let frameRate: Double?
    /// The width of its frames in pixels, where the file tells.
    package let width: Int?
    /// The height of its frames in pixels, where the file tells.
    package let height: Int?

    /// Reads a file.
    package init(contentsOf path: String) throws(EvaluationFileError) {
        try self.init(FileContent.read(path), name: path)
    }

    /// Reads a file's content; `name` is for errors. Other keys and sections are let be.
    package init(_ data: Data, name: String) throws(EvaluationFileError) {
        let lines = TextLines(data, name: name)
        var (length, frameRate) = (nil as Int?, nil as Double?)
        var (width, height) = (nil as Int?, nil as Int?)
        var isSequence = true
        for (index, line) in lines.ranges.enumerated() {
            let text = lines.text(line).trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("[") {
                isSequence = text.lowercased() == "[sequence]"
                continue
            }
            guard isSequence, let split = text.firstIndex(where: { "=:".contains($0) }) else { continue }
            let key = text[..<split].trimmingCharacters(in: .whitespaces).lowercased()
            let value = text[text.index(after: split)...].trimmingCharacters(in: .whitespaces)
            switch key {
            case "seqlength":
                guard let number = Int(value), (0...MOTFile.maximumFrames).contains(number) else {
                    throw lines.error(index + 1, "seqLength is not a number of frames up to \(MOTFile.maximumFrames)")
                }
                length = number
            case "framerate":
                guard let number = Double(value), number > 0, number < 1e6 else {
                    throw lines.error(index + 1, "frameRate is not a number of frames a second")
                }
                frameRate = number
            case "imwidth": width = Int(value).flatMap { (1...Self.maximumSide).contains($0) ? $0 : nil }
            case "imheight": height = Int(value).flatMap { (1...Self.maximumSide).contains($0) ? $0 : nil }
            default: break
            }
        }
        guard let length else {
            throw EvaluationFileError(kind: .corrupt, file: name, entry: nil, reason: "seqLength is missing")
        }
        self.length = length
        self.frameRate = frameRate
        (self.width, self.height) = (width, height)
    }

    /// Sides beyond it are taken for none.
    private static let maximumSide = 1 << 16
}
