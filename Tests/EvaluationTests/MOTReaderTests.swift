import Evaluation
import Foundation
import Testing

@Suite struct MOTReaderTests {
    private static func read(
        _ text: String, role: MOTFile.Role = .results, length: Int? = nil
    ) throws(EvaluationFileError) -> MOTFile {
        try MOTFile(Data(text.utf8), name: "a.txt", role: role, length: length)
    }

    @Test func linesBecomeFrames() throws {
        let file = try Self.read(
            "\u{FEFF}2, 7 ,1.5,-2,3,4,0.9,-1,-1,-1\r\n\n3.0,8,1,2,3,4,1e-3\n 2,9,1,2,3,4,1,1,abc\n  \n")
        #expect(file.frames.map(\.count) == [0, 2, 1])
        #expect(
            file.frames[1][0].tracked == TrackedBox(id: 7, box: COCOBox(x: 1.5, y: -2, width: 3, height: 4)))
        #expect(file.frames[1][1].classID == 1 && file.frames[2][0].classID == nil)
        #expect(try Self.read("").frames.isEmpty)
        let truth = try Self.read("1,1,1,2,3,4,0,-1,-1,-1\n1,2,1,2,3,4,1", role: .truth(.mot15))
        #expect(truth.frames[0].map(\.isScored) == [false, true])
    }

    @Test(
        arguments: [
            ("1,1,1,2,3,4", "line 1: 6 of the 7 columns, which commas separate"),
            ("1 1 1 2 3 4 1", "line 1: column 1 is no number of a possible size"),
            ("frame,id,left,top,width,height,conf", "line 1: column 1 is no number of a possible size"),
            ("1,1,1,2,3,4,1\n1,2,nan,2,3,4,1", "line 2: column 3 is no number of a possible size"),
            ("1,1,1,2,inf,4,1", "line 1: column 5 is no number of a possible size"),
            ("1,1,1,2,,4,1", "line 1: column 5 is no number of a possible size"),
            ("1,1,1,2,3,1e300,1", "line 1: column 6 is no number of a possible size"),
            ("0,1,1,2,3,4,1", "line 1: the frame is 0, below 1"),
            ("1.5,1,1,2,3,4,1", "line 1: the frame is no whole number"),
            ("11,1,1,2,3,4,1", "line 1: the frame 11 is beyond the sequence, which has 10 frames (seqLength)"),
            ("1,-1,1,2,3,4,1", "line 1: the id is -1, below 0"),
            ("1,0.5,1,2,3,4,1", "line 1: the id is no whole number"),
            ("1,5,1,2,3,4,1\n2,5,1,2,3,4,1\n\n1,5,9,9,3,4,1", "line 4: frame 1 has the id 5 already, in line 1"),
            ("1,5,1,2,3,4,1,3,-1,-1", "line 1: column 8 is 3: boxes of other classes than 1 cannot be evaluated"),
            ("\u{0}\u{1}\u{2}", "line 1: column 1 is no number of a possible size"),
        ])
    func rubbishIsNamed(text: String, message: String) {
        let error = #expect(throws: EvaluationFileError.self) { try Self.read(text, length: 10) }
        #expect(error?.kind == .corrupt)
        #expect(error?.description == "a.txt: " + message)
    }

    @Test func classesAndLimitsAreChecked() {
        let classless = #expect(throws: EvaluationFileError.self) {
            try Self.read("1,1,1,2,3,4,1,-1,-1,-1", role: .truth(.mot17))
        }
        #expect(
            classless?.description
                == "a.txt: line 1: the class (column 8) is not between 1 and 13, as it is in a ground truth of mot17")
        let far = #expect(throws: EvaluationFileError.self) { try Self.read("10000001,1,1,2,3,4,1") }
        #expect(far?.description == "a.txt: line 1: the frame is too large")
        let many = (0...MOTFile.maximumBoxes).map { "1,\($0),1,2,3,4,1\n" }.joined()
        let crowd = #expect(throws: EvaluationFileError.self) { try Self.read(many) }
        #expect(crowd?.description == "a.txt: line 4097: more than 4096 boxes in frame 1")
    }

    @Test func sequenceInfoIsRead() throws {
        func read(_ text: String) throws -> MOTSequenceInfo {
            try MOTSequenceInfo(Data(text.utf8), name: "seqinfo.ini")
        }
        let info = try read(
            "[Sequence]\r\nname=A\r\nframeRate=12.5\r\nseqLength = 71\r\nimExt=.jpg\r\n[Other]\nseqLength=3\n")
        #expect(info.length == 71 && info.frameRate == 12.5)
        #expect(try read("[Sequence]\nseqlength: 5").frameRate == nil)
        for (text, message) in [
            ("", "seqinfo.ini: seqLength is missing"),
            ("[Sequence]\nseqLength=x", "seqinfo.ini: line 2: seqLength is not a number of frames up to 10000000"),
            ("seqLength=5\nframeRate=0", "seqinfo.ini: line 2: frameRate is not a number of frames a second"),
        ] {
            let error = #expect(throws: EvaluationFileError.self) { try read(text) }
            #expect(error?.description == message)
        }
    }

    @Test func foldersAreFound() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "saccade-mot-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        func write(_ path: String, _ text: String) throws {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let row = "1,1,10,10,20,20,1,-1,-1,-1\n"
        try write("gt/A/gt/gt.txt", row)
        try write("gt/A/seqinfo.ini", "[Sequence]\nseqLength=3\nframeRate=10\n")
        try write("gt/B/gt/gt.txt", row)
        try write("gt/notes.txt", "words")
        try write("flat/C.txt", row + "4,1,10,10,20,20,1,-1,-1,-1\n")
        try write("results/A.txt", row)
        try write("results/D.txt", row)
        try write("tracker/data/C.txt", "")
        let (gt, flat, results) = (root.path + "/gt", root.path + "/flat", root.path + "/results")
        let folders = try MOTFolders(truth: gt, results: results)
        #expect(folders.sequences == ["A", "B"] && folders.leftOver == ["D"])
        let (sequence, frameRate) = try folders.read("A")
        #expect(sequence.frameCount == 3 && frameRate == 10)
        // A whole sequence's folder is a ground truth too.
        let single = try MOTFolders(truth: gt + "/A/", results: results)
        #expect(single.sequences == ["A"])
        #expect(try single.read("A").sequence.frameCount == 3)
        let chosen = try MOTFolders(truth: gt, results: results, sequences: ["B", "A", "B"])
        #expect(chosen.sequences == ["B", "A"] && chosen.leftOver.isEmpty)
        let plain = try MOTFolders(truth: flat, results: root.path + "/tracker")
        #expect(plain.sequences == ["C"])
        let (found, rate) = try plain.read("C")
        #expect(found.frameCount == 4 && rate == nil && found.trackBoxes == 0)
        for (reason, body) in [
            ("\(gt)/B/seqinfo.ini: there is no such file", { _ = try folders.read("B") }),
            ("\(gt): it has no sequence X", { _ = try MOTFolders(truth: gt, results: results, sequences: ["X"]) }),
            (
                "\(results)/C.txt: there is no such file",
                { _ = try MOTFolders(truth: flat, results: results).read("C") }
            ),
            (
                "\(root.path)/tracker: it holds neither SEQ/gt/gt.txt nor SEQ.txt",
                { _ = try MOTFolders(truth: root.path + "/tracker", results: results) }
            ),
            ("/nowhere: there is no such folder", { _ = try MOTFolders(truth: "/nowhere", results: results) }),
            ("\(flat)/C.txt: not a folder", { _ = try MOTFolders(truth: flat, results: flat + "/C.txt") }),
        ] as [(String, () throws -> Void)] {
            let error = #expect(throws: EvaluationFileError.self) { try body() }
            #expect(error?.kind == .missing && error?.description == reason)
        }
    }
}
