import Augmentation
import Detections
import Foundation
import Imaging
import Imaging
import Testing

import Lab

@Suite struct DataSetTests {
    // MARK: Spoken digits

    @Test func digitsAreReadByTheirNames() throws {
        let folder = try Made.digits(3, takes: 6)
        try folder.write("about".utf8, "README.md")
        let digits = try SpokenDigits(folder: folder.path)
        #expect(digits.recordings.count == 18)
        #expect(digits.rate == 8000)
        #expect(digits.recordings.map(\.part).filter { $0 == .test }.count == 6)
        #expect(digits.recordings.map(\.part).filter { $0 == .validation }.count == 6)
        #expect(Set(digits.recordings.map(\.speaker)) == ["ann"])
        #expect(digits.recordings.map(\.clip.name) == digits.recordings.map(\.clip.name).sorted())
    }

    @Test func digitsNameTheFileThatIsWrong() throws {
        let missing = dataSetError { _ = try SpokenDigits(folder: "/nowhere/at/all") }
        #expect(missing?.kind == .missing)
        let empty = try TemporaryFolder()
        #expect(dataSetError { _ = try SpokenDigits(folder: empty.path) }?.kind == .unusable)

        let unlabelled = try Made.digits()
        try unlabelled.write(Made.tone(hertz: 440), "hello.wav")
        let error = dataSetError { _ = try SpokenDigits(folder: unlabelled.path) }
        #expect(error?.kind == .corrupt && error?.file.hasSuffix("/hello.wav") == true)

        let mixed = try Made.digits()
        try mixed.write(Made.tone(hertz: 440, rate: 16000), "9_zoe_1.wav")
        #expect(dataSetError { _ = try SpokenDigits(folder: mixed.path) }?.file.hasSuffix("/9_zoe_1.wav") == true)

        let slow = try Made.digits()
        try slow.write(Made.tone(hertz: 4, rate: 30), "0_ann_0.wav")
        #expect(dataSetError { _ = try SpokenDigits(folder: slow.path) }?.reason.contains("no speech") == true)

        let cut = try Made.digits()
        try cut.write(Made.tone(hertz: 440).prefix(1000), "1_ann_1.wav")
        let wav = #expect(throws: WAVError.self) { _ = try SpokenDigits(folder: cut.path) }
        #expect(wav?.file.hasSuffix("/1_ann_1.wav") == true)
    }

    @Test func oneClassIsNothingToTellApart() throws {
        let folder = try Made.digits(1)
        let error = dataSetError { _ = try SpokenDigits(folder: folder.path) }
        #expect(error?.kind == .unusable && error?.reason.contains("one class") == true)
        let few = try Made.digits(3, takes: 4)
        #expect(dataSetError { _ = try SpokenDigits(folder: few.path) }?.reason.contains("training") == true)
    }

    // MARK: Intents

    @Test func intentsHavePartsAndClassesInOrder() throws {
        let folder = try TemporaryFolder()
        try folder.write(Made.intents(["stop", "greet", "pay"]).utf8, "data.json")
        let intents = try Intents(file: folder.path + "/data.json")
        #expect(intents.classNames == ["greet", "pay", "stop"])
        #expect(intents.utterances[.training]?.count == 24)
        #expect(intents.utterances[.test]?.count == 6)
        #expect(intents.utterances[.training]?.first?.tokens == ["please", "0", "stop", "now"])
        #expect(intents.utterances[.training]?.first?.label == 2)
        let two = try Intents(file: folder.path + "/data.json", classes: 2)
        #expect(two.classNames == ["greet", "pay"])
        #expect(two.utterances[.training]?.count == 16)
    }

    @Test(
        arguments: [
            ("{\"train\": [], \"val\": []}", nil, "\"test\""),
            ("[1, 2]", nil, "no JSON object"),
            ("{\"train\": [[\"a\", \"b\"], [\"c\"]], \"val\": [], \"test\": []}", "train, sample 1", "pair"),
            ("{\"train\": [[\"a\", 3]], \"val\": [], \"test\": []}", "train, sample 0", "pair"),
            ("{\"train\": [[\"…\", \"b\"]], \"val\": [], \"test\": []}", "train, sample 0", "no word"),
            ("{\"train\": [[\"a\", \"\"]], \"val\": [], \"test\": []}", "train, sample 0", "intent is empty"),
            ("{\"train\": 3, \"val\": [], \"test\": []}", "train", "no list"),
            ("{\"train\": [[\"a\", \"b\"]], \"val\": [], \"test\": []}", nil, "no samples for validation"),
            ("{\"train\": [", nil, "not JSON"),
            (Made.intents(["only"]), nil, "one class"),
        ] as [(String, String?, String)])
    func intentsNameTheSampleThatIsWrong(_ text: String, _ place: String?, _ reason: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(text.utf8, "data.json")
        let error = dataSetError { _ = try Intents(file: folder.path + "/data.json") }
        #expect(error?.place == place)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "no error")")
    }

    @Test func vocabularyHoldsFrequentWordsInOrder() {
        let vocabulary = Vocabulary([["b", "a", "c"], ["a", "b"], ["a"]])
        #expect(vocabulary.words == ["a", "b"])
        #expect(vocabulary["a"] == 2 && vocabulary["b"] == 3 && vocabulary["c"] == Vocabulary.unknown)
        #expect(vocabulary.count == 4)
    }

    // MARK: Blood cells

    @Test func cellsAreCutOut() throws {
        let folder = try Made.cells()
        let cells = try BloodCells(folder: folder.path)
        #expect(cells.cells[.training]?.map(\.label) == [0, 1, 2, 0, 1, 2])
        let first = try #require(cells.cells[.training]?.first)
        #expect(first.image.width == 32 && first.image.height == 32)
        #expect(first.name == "picture00.xml, line 4")
        let middle = first.image[16, 16]
        #expect(abs(Int(middle.red) - 200) < 12 && abs(Int(middle.green) - 40) < 12)
    }

    @Test(arguments: [
        (Made.annotation(boxes: [[4, 8, 28, 40], [36, 8, 60, 40], [68, 8, 98, 40]]), "line 14", "beyond"),
        (Made.annotation(boxes: [[28, 8, 4, 40]]), "line 6", "inside out"),
        (Made.annotation(names: ["Dog"]), "line 4", "none of RBC"),
        (Made.annotation(names: [""]), "line 4", "without a name"),
        (Made.annotation().replacing("<xmax>60</xmax>", with: ""), "line 10", "no <xmax>"),
        (Made.annotation().replacing("<xmax>60</xmax>", with: "<xmax>wide</xmax>"), "line 10", "not a number"),
        (String(Made.annotation().prefix(200)), "line 6", "cut off"),
        (Made.annotation().replacing("</annotation>", with: ""), "line 15", "ends inside <annotation>"),
        (Made.annotation().replacing("annotation", with: "picture"), "line 2", "not <annotation>"),
        ("", "line 1", "no element"),
        (String(repeating: "<a>", count: 50), "line 1", "too deep"),
    ])
    func annotationsNameTheLineThatIsWrong(_ text: String, _ place: String, _ reason: String) throws {
        let folder = try Made.cells()
        try folder.write(text.utf8, "Annotations/picture01.xml")
        let error = dataSetError { _ = try BloodCells(folder: folder.path) }
        #expect(error?.file.hasSuffix("/picture01.xml") == true)
        #expect(error?.place == place)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "no error")")
    }

    @Test func picturesThatAreMissingOrDamagedAreNamed() throws {
        let folder = try Made.cells()
        let picture = folder.path + "/JPEGImages/picture10.jpg"
        let whole = try Data(contentsOf: URL(fileURLWithPath: picture))
        try FileManager.default.removeItem(atPath: picture)
        let missing = dataSetError { _ = try BloodCells(folder: folder.path) }
        #expect(missing?.kind == .missing && missing?.file == picture)
        try folder.write(whole.prefix(whole.count / 2), "JPEGImages/picture10.jpg")
        let damaged = dataSetError { _ = try BloodCells(folder: folder.path) }
        #expect(damaged?.kind == .corrupt && damaged?.file == picture)
        try folder.write(Made.annotation(width: 95).utf8, "Annotations/picture00.xml")
        #expect(dataSetError { _ = try BloodCells(folder: folder.path) }?.reason.contains("96×48") == true)
    }

    @Test func smallBoxesAreLeftOutAndCounted() throws {
        let folder = try Made.cells()
        let boxes = [[4, 8, 28, 40], [36, 8, 60, 40], [68, 8, 68, 8]]
        try folder.write(Made.annotation(boxes: boxes).utf8, "Annotations/picture00.xml")
        let cells = try BloodCells(folder: folder.path)
        #expect(cells.skippedCount == 1)
        #expect(cells.cells[.training]?.count == 5)
    }

    @Test func resamplingKeepsMeans() {
        // Columns 0, 10, 20, …: the mean of a part is in its middle.
        var pixels: [UInt8] = []
        for _ in 0..<6 { for x in 0..<12 { pixels += [UInt8(x * 10), 100, 255] } }
        let image = RGBImage(width: 12, height: 6, pixels: pixels)
        let half = image.resampled(.init(x1: 0, y1: 0, x2: 12, y2: 6), width: 4, height: 3)
        #expect((0..<4).map { half[$0, 1].red } == [10, 40, 70, 100])
        #expect(half[0, 0].green == 100 && half[3, 2].blue == 255)
        // Parts that begin and end within pixels.
        let odd = image.resampled(.init(x1: 1.5, y1: 0, x2: 4.5, y2: 6), width: 2, height: 1)
        #expect(odd[0, 0].red == 17 && odd[1, 0].red == 33)
        let large = image.resampled(.init(x1: 0, y1: 0, x2: 2, y2: 1), width: 4, height: 4)
        #expect((0..<4).map { large[$0, 3].red } == [0, 0, 10, 10])
    }

    // MARK: Real data

    @Test(.needsData) func realDigits() throws {
        let digits = try SpokenDigits(folder: try #require(dataFolder).path(of: "speech/fsdd"))
        #expect(digits.recordings.count == 720)
        #expect(digits.recordings.count { $0.part == .test } == 120)
    }

    @Test(.needsData) func realIntents() throws {
        let file = try #require(dataFolder).path(of: "text/clinc150/data_small.json")
        let intents = try Intents(file: file)
        #expect(intents.classNames.count == 150)
        #expect(intents.utterances.mapValues(\.count) == [.training: 7500, .validation: 3000, .test: 4500])
    }

    @Test(.needsData) func realCells() throws {
        let cells = try BloodCells(folder: try #require(dataFolder).path(of: "medical/bccd"))
        #expect(cells.skippedCount >= 2)
        #expect(cells.cells.values.reduce(0) { $0 + $1.count } + cells.skippedCount == 4888)
    }
}
