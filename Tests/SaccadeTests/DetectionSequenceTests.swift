import Detections
import Foundation
import Saccade
import Testing

@Suite struct DetectionSequenceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String, _ name: String) throws {
        let path = URL(filePath: folder.file(name))
        try FileManager.default.createDirectory(
            at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: path, atomically: true, encoding: .utf8)
    }

    /// The error of reading a file, as its exit code and its words behind the folder's name.
    private func error(_ name: String, rate: Double? = nil) -> String {
        do throws(SaccadeError) {
            let sequence = try DetectionSequence(contentsOf: folder.file(name), frameRate: rate)
            return "read \(sequence.frames.count)"
        } catch {
            return "\(error.exitCode) \(error.message.replacingOccurrences(of: folder.path + "/", with: ""))"
        }
    }

    private let line = "1,-1,10,20,30,40,0.9,-1,-1,-1\n"

    @Test func rateLengthAndNameComeFromTheFolder() throws {
        try write(line + "3,7,10,20,30,40,0.5\n", "SEQ/det/det.txt")
        try write(ReplayScenes.info(rate: "12.5", length: 5), "SEQ/seqinfo.ini")
        let sequence = try DetectionSequence(contentsOf: folder.file("SEQ/det/det.txt"))
        #expect(sequence.name == "SEQ")
        #expect(sequence.frameRate == 12.5)
        #expect(sequence.frames.map(\.count) == [1, 0, 1, 0, 0])
        #expect(sequence.frames[2].first?.trackID == nil)
        #expect((sequence.width, sequence.height) == (640, 480))
        #expect(sequence.seconds(ofFrame: 5) == 0.4)
        #expect(try DetectionSequence(contentsOf: folder.file("SEQ/det/det.txt"), frameRate: 50).frameRate == 50)
        // Beside the file.
        try write(line, "flat/det.txt")
        try write(ReplayScenes.info(rate: "7", length: 1), "flat/seqinfo.ini")
        #expect(try DetectionSequence(contentsOf: folder.file("flat/det.txt")).name == "flat")
        try write(line, "texts/A.txt")
        let alone = try DetectionSequence(contentsOf: folder.file("texts/A.txt"), frameRate: 25)
        #expect(alone.name == "A")
        #expect(alone.frames.count == 1)
    }

    @Test func anUnknownRateIsSaid() throws {
        try write(line, "a/A.txt")
        #expect(
            error("a/A.txt")
                == "64 the frame rate of a/A.txt is not known: no seqinfo.ini is beside it or above it; give it with --fps"
        )
        try write(ReplayScenes.info(rate: nil, length: 5), "a/seqinfo.ini")
        #expect(error("a/A.txt").contains("a/seqinfo.ini has no frameRate; give it with --fps"))
        #expect(error("a/A.txt", rate: 10) == "read 5")
        #expect(error("a/A.txt", rate: 0) == "64 the frame rate must be positive")
        #expect(error("a/A.txt", rate: .nan) == "64 the frame rate must be positive")
        try write("[Sequence]\nframeRate=fast\nseqLength=5\n", "a/seqinfo.ini")
        #expect(error("a/A.txt", rate: 10) == "65 a/seqinfo.ini: line 2: frameRate is not a number of frames a second")
        #expect(error("a/none.txt") == "66 a/none.txt: there is no such file")
        #expect(error("a") == "66 a: a folder, not a file")
    }

    @Test(arguments: [
        ("1,-1,10,20,30,40\n", "line 2: fewer than seven columns"),
        ("1,-1,10,x,30,40,0.9\n", "line 2: column 4 is no finite number"),
        ("1,-1,10,20,30,nan,0.9\n", "line 2: column 6 is no finite number"),
        ("0,-1,10,20,30,40,0.9\n", "line 2: the frame is not between 1 and 10000000"),
        ("1.5,-1,10,20,30,40,0.9\n", "line 2: the frame is not between 1 and 10000000"),
        ("\n\n9,-1,10,20,30,40,0.9\n", "line 4: the frame is beyond the sequence, which has 5 frames (seqLength)"),
        ("\u{1F9}\0\n", "line 2: fewer than seven columns"),
    ]) func rubbishIsToldWithItsLine(text: String, message: String) throws {
        try write(line + text, "S/det/det.txt")
        try write(ReplayScenes.info(rate: "25", length: 5), "S/seqinfo.ini")
        #expect(error("S/det/det.txt") == "65 S/det/det.txt: \(message)")
    }

    @Test func windowsFilesAndEmptyOnesAreRead() throws {
        try write("\u{FEFF}" + line.replacingOccurrences(of: "\n", with: "\r\n") + "\r\n", "S/S.txt")
        #expect(error("S/S.txt", rate: 5) == "read 1")
        try write("", "S/none.txt")
        #expect(error("S/none.txt", rate: 5) == "read 0")
    }

    @Test func foldersAreSearched() throws {
        func names(_ path: String, _ wanted: [String] = [], rate: Double? = nil) -> [String] {
            do throws(SaccadeError) {
                return try DetectionSequence.all(at: folder.file(path), names: wanted, frameRate: rate).map(\.name)
            } catch {
                return ["\(error.exitCode)"]
            }
        }
        try ReplayScenes.write(to: folder.file("scenes"))
        #expect(names("scenes") == ReplayScenes.names)
        #expect(names("scenes", ["CROSS-2"]) == ["CROSS-2"])
        #expect(names("scenes", ["CROSS-3"]) == ["66"])
        #expect(names("scenes/CROSS-1") == ["CROSS-1"])
        #expect(names("scenes/CROSS-1/det/det.txt", ["CROSS-2"]) == ["66"])
        try write(line, "texts/B.txt")
        try write(line, "texts/A.txt")
        #expect(names("texts", rate: 5) == ["A", "B"])
        #expect(names("texts") == ["64"])
        try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: true)
        #expect(names("empty") == ["66"])
        #expect(names("nowhere") == ["66"])
    }
}
