import Detections
import Foundation
import Saccade
import Testing

/// Names come from models and file systems, so anything may stand in them.
struct TrackLogHostileNameTests {
    static let names = [
        "plain", "", "quote\"s", "back\\slash", "line\nfeed\r\ttab", "nul\u{0}byte", "bell\u{7}", "escape\u{1b}[31mred",
        "delete\u{7f}", "c1\u{85}\u{9b}31m", "separators\u{2028}\u{2029}", "comma,semi;", "猫 🐈‍⬛ e\u{301}",
        "\u{202e}reversed", "\u{10ffff}", "</script>", "a\u{feff}b",
    ]

    private func log(naming name: String, to path: String, format: ResultFormat = .jsonLines) throws {
        let source = ResultSource(name: name, medium: .video, labels: ClassLabels([name]))
        let box = BoundingBox(x1: 0, y1: 0, x2: 1, y2: 1)
        let writer = try ResultOutput(format, to: path).writer(source: source)
        try writer.write(
            FrameResult(
                index: 0, seconds: 0, detected: true, detections: [Detection(box: box, classIndex: 0, score: 1)],
                width: 1, height: 1))
        try writer.finish()
    }

    @Test(arguments: names.indices)
    func jsonHoldsAnyName(index: Int) throws {
        let name = Self.names[index]
        let folder = try TemporaryFolder()
        try log(naming: name, to: folder.file("a.jsonl"))
        let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.jsonl")))
        let controls = data.dropLast().filter { $0 < 0x20 || $0 == 0x7f }
        #expect(controls.isEmpty)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let tracks = try #require(object["tracks"] as? [[String: Any]])
        #expect((object["source"] as? String).map { Array($0.utf8) } == Array(name.utf8))
        #expect((tracks[0]["name"] as? String).map { Array($0.utf8) } == Array(name.utf8))

        var reader = try TrackLogReader(path: folder.file("a.jsonl"))
        let frame = try reader.next()
        #expect(frame != nil)
        #expect(Array(reader.sourceName.utf8) == Array(name.utf8))
        #expect(reader.labels.names.map { Array($0.utf8) } == [Array(name.utf8)])
    }

    @Test func everyControlCharacterIsEscaped() {
        var buffer = LineBuffer()
        buffer.append(json: String(String.UnicodeScalarView((0..<0xA0).compactMap(Unicode.Scalar.init))))
        let text = String(decoding: buffer.bytes, as: UTF8.self)
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        #expect(text.contains("\\u0000\\u0001") && text.contains("\\u009f") && text.contains("\\n"))
    }

    @Test func csvQuotes() throws {
        let folder = try TemporaryFolder()
        try log(naming: "a,\"b\"\nc", to: folder.file("a.csv"), format: .csv)
        #expect(
            try folder.text("a.csv").split(separator: "\n", maxSplits: 1)[1]
                == "\"a,\"\"b\"\"\nc\",0,0,0,0,1,1,0,1,,\"a,\"\"b\"\"\nc\",detected\n")
    }

    @Test(arguments: names.indices)
    func labelFilesStayInTheirFolder(index: Int) throws {
        let name = Self.names[index]
        let folder = try TemporaryFolder()
        try log(naming: name, to: folder.file("labels"), format: .yolo)
        #expect(try folder.names() == ["labels"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("labels")).count == 1)
    }
}
