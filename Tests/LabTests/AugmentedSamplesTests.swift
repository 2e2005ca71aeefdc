import Augmentation
import Detections
import Foundation
import Imaging
import Media
import Testing

import Lab

@Suite struct AugmentedSamplesTests {
    /// `count` pictures in `images` with a box each in `labels`.
    private static func pictures(_ count: Int = 4) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for index in 0..<count {
            try folder.write([], "images/.keep")
            var pixels: [UInt8] = []
            for y in 0..<40 { for x in 0..<60 { pixels += [UInt8(4 * x), UInt8(6 * y), UInt8(60 * index)] } }
            try ImageWriter().write(
                rgb: pixels, width: 60, height: 40, to: "\(folder.path)/images/street\(index).png")
            try folder.write("\(index % 2) 0.5 0.5 0.25 0.5\n".utf8, "labels/street\(index).txt")
        }
        return folder
    }

    private static func samples(
        _ folder: TemporaryFolder, operations: String = "flip,rotate,scale,color,noise,mixup(p=0.5)"
    ) throws -> AugmentedSamples {
        let files = try SampleFiles([folder.path])
        return AugmentedSamples(
            .pictures(try LabelledPictures(files.files)),
            recipe: try AugmentationRecipe(operations, kind: files.kind))
    }

    @Test func picturesAreReadAsTheyWereWritten() throws {
        let folder = try Self.pictures()
        let pictures = try LabelledPictures(SampleFiles([folder.path]).files)
        let sample = try pictures.load(3)
        #expect(sample.image.width == 60 && sample.image.height == 40)
        // The reader goes through 4:2:0, which leaves a little less than all of it.
        let color = sample.image[10, 20]
        #expect(abs(Int(color.red) - 40) <= 6 && abs(Int(color.green) - 120) <= 6 && abs(Int(color.blue) - 180) <= 6)
        #expect(sample.objects.map(\.classIndex) == [1])
        #expect(sample.objects.map(\.box) == [BoundingBox(x1: 22.5, y1: 10, x2: 37.5, y2: 30)])
    }

    @Test func aSeedMakesASampleAgain() throws {
        let folder = try Self.pictures()
        let seeds = (0..<3).flatMap { epoch in
            (0..<4).map { SampleSeed(run: 42, epoch: epoch, index: $0) }
        }
        let samples = try Self.samples(folder)
        let first = try seeds.map { try samples.sample($0) }
        // In another order, out of files that were found again.
        let other = try Self.samples(folder)
        let again = try seeds.reversed().map { try other.sample($0) }
        #expect(Array(again.reversed()) == first)
        #expect(again.reversed().map(\.digest) == first.map(\.digest))
        #expect(Set(first.map(\.digest)).count == first.count)
        #expect(Set(first.map(\.stem)).count == first.count)
        let one = try #require(SampleSeed("42/2/3"))
        #expect(try Self.samples(folder).sample(one) == first.last)
        #expect(throws: AugmentationSeedError.self) { try samples.sample(SampleSeed(run: 42, epoch: 0, index: 4)) }
        #expect(throws: AugmentationSeedError.self) { try samples.sample(SampleSeed(run: 42, epoch: 0, index: -1)) }
    }

    @Test func anOperationMoreLeavesTheDrawsOfOthers() throws {
        let folder = try Self.pictures()
        let seed = SampleSeed(run: 1, epoch: 0, index: 2)
        let few = try Self.samples(folder, operations: "rotate,color").sample(seed).record.draws
        let more = try Self.samples(folder, operations: "rotate,shear,color,noise").sample(seed).record.draws
        #expect(more.filter { few.contains($0) } == few)
        #expect(more.count == 4)
    }

    @Test func soundsAndTextsAreMadeAgain() throws {
        let folder = try Made.digits(1, takes: 3)
        let files = try SampleFiles([folder.path])
        #expect(files.kind == .sounds && files.files.count == 3)
        let sounds = AugmentedSamples(
            .sounds(files.files), recipe: try AugmentationRecipe("pitch,noise,gain,timemask", kind: .sounds))
        let seed = SampleSeed(run: 3, epoch: 1, index: 2)
        let sound = try sounds.sample(seed)
        #expect(try sounds.sample(seed) == sound)
        guard case .sound(let clip) = sound.content else {
            Issue.record("another kind of sample")
            return
        }
        #expect(sound.record.draws.map(\.operation) == ["pitch shift", "noise", "gain", "time mask"])
        // What is written is what was made.
        let read = try WAVReader.read(clip.wav, name: "again")
        #expect(read.samples == clip.samples && read.rate == clip.rate)
        #expect(try sounds.preview(run: 3, samples: [2], epochs: 2, cellSide: 64) != nil)

        try folder.write("pay\tplease pay my big bill today\n\nstop it now please\n".utf8, "texts/a.txt")
        let lines = try TextLines(SampleFiles([folder.path + "/texts"]).files)
        #expect(lines.lines.map(\.label) == ["pay", nil])
        #expect(lines.lines[1].name.hasSuffix("a.txt, line 3"))
        let texts = AugmentedSamples(.texts(lines), recipe: try AugmentationRecipe("swap,synonyms(0.3)", kind: .texts))
        let text = try texts.sample(SampleSeed(run: 3, epoch: 0, index: 0))
        #expect(try texts.sample(SampleSeed(run: 3, epoch: 0, index: 0)) == text)
        #expect(text.line?.hasPrefix("pay\t") == true && text.line != "pay\tplease pay my big bill today")
    }

    @Test func boxesAreWrittenAsTheyAreRead() throws {
        let objects = [
            LabelledObject(box: BoundingBox(x1: 3, y1: 4.5, x2: 33, y2: 20), classIndex: 2),
            LabelledObject(box: BoundingBox(x1: 0, y1: 0, x2: 60, y2: 40), classIndex: 0),
        ]
        let rows = try BoxFile(BoxFile.text(objects, width: 60, height: 40), file: "a.txt", width: 60, height: 40).rows
        #expect(rows.map(\.classIndex) == [2, 0])
        for (row, object) in zip(rows, objects) {
            for edge in [\BoundingBox.x1, \.y1, \.x2, \.y2] {
                #expect(abs(row.box[keyPath: edge] - object.box[keyPath: edge]) < 1e-3)
            }
        }
    }

    @Test(arguments: [
        ("0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2\n", 2, "4 fields"),
        ("\n\nx 0.5 0.5 0.2 0.2", 3, "\"x\" is no index of a class"),
        ("-1 0.5 0.5 0.2 0.2", 1, "no index of a class"),
        ("0 0.5 0.5 0.2 0.2\r\n3 0.5 0.5 0.2 0.2", 2, "class 3, but there are 2 names, 0 to 1"),
        ("0 0.5 nan 0.2 0.2", 1, "\"nan\" is no number"),
        ("0 0.5 0.5 0 0.2", 1, "the box has no area"),
        ("0 0.95 0.5 0.2 0.2", 1, "reaches beyond the picture"),
        ("0 1e30 0.5 0.2 0.2", 1, "reaches beyond the picture"),
    ])
    func labelsAtFaultAreNamedByFileAndLine(_ text: String, _ line: Int, _ reason: String) throws {
        let folder = try Self.pictures()
        try folder.write(text.utf8, "labels/street2.txt")
        let pictures = try LabelledPictures(SampleFiles([folder.path]).files, names: ["person", "car"])
        #expect(try pictures.load(1).objects.count == 1)
        let error = dataSetError { _ = try pictures.load(2) }
        #expect(error?.file.hasSuffix("labels/street2.txt") == true)
        #expect(error?.place == "line \(line)")
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test func missingFilesAreNamed() throws {
        let folder = try Self.pictures()
        try FileManager.default.removeItem(atPath: folder.path + "/labels/street1.txt")
        let files = try SampleFiles([folder.path]).files
        let unlabelled = dataSetError { _ = try LabelledPictures(files) }
        #expect(unlabelled?.kind == .missing && unlabelled?.file.hasSuffix("street1.png") == true)
        #expect(unlabelled?.reason.contains("labels/street1.txt") == true)
        #expect(try LabelledPictures(files, isLabelled: false).load(0).objects.isEmpty)
        let nowhere = dataSetError { _ = try LabelledPictures(files, labels: folder.path + "/none") }
        #expect(nowhere?.kind == .missing && nowhere?.file.hasSuffix("/none") == true)
        try FileManager.default.removeItem(atPath: folder.path + "/labels")
        #expect(try !LabelledPictures(files).isLabelled)

        try folder.write([1, 2, 3], "images/street0.png")
        let damaged = dataSetError { _ = try LabelledPictures(files).load(0) }
        #expect(damaged?.kind == .corrupt && damaged?.file.hasSuffix("street0.png") == true)
        try folder.write([], "empty/.keep")
        #expect(dataSetError { _ = try SampleFiles([folder.path + "/empty"]) }?.kind == .unusable)
        #expect(dataSetError { _ = try SampleFiles([folder.path + "/nothing"]) }?.kind == .missing)
        try folder.write(Made.tone(hertz: 300), "mixed/a.wav")
        try folder.write([], "mixed/b.png")
        let mixed = dataSetError { _ = try SampleFiles([folder.path + "/mixed"]) }
        #expect(mixed?.reason.contains("of one kind") == true)
        #expect(dataSetError { _ = try SampleFiles([files[0], files[0]]) }?.reason == "it is named twice")
    }

    @Test func cutOffPicturesAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/whole.jpg"
        var pixels: [UInt8] = []
        for y in 0..<64 { for x in 0..<64 { pixels += [UInt8(x * y % 256), UInt8(4 * x), UInt8(4 * y)] } }
        try ImageWriter().write(RGBImage(width: 64, height: 64, pixels: pixels).image(), to: path)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        _ = try PictureFile.read(path)
        for count in [whole.count / 2, whole.count - 60, whole.count - 2] {
            try folder.write(whole.prefix(count), "cut.jpg")
            let error = dataSetError { _ = try PictureFile.read(folder.path + "/cut.jpg") }
            #expect(error?.kind == .corrupt && error?.file.hasSuffix("cut.jpg") == true, "\(count) bytes")
        }
        for count in 0...whole.count {
            #expect(PictureFile.isCutOff(Array(whole.prefix(count))) == (2..<whole.count).contains(count))
        }
        // The end of a thumbnail is not that of the picture.
        let thumbnail: [UInt8] = [0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9]
        #expect(PictureFile.isCutOff(whole[..<2] + thumbnail + whole[2...].dropLast(2)))
        #expect(!PictureFile.isCutOff(whole[..<2] + thumbnail + whole[2...]))
    }

    @Test func ignoredPlacesAndNamesAreFound() throws {
        let folder = try Self.pictures()
        try folder.write("0 0.25 0.25 0.1 0.1\n".utf8, "ignore/street1.txt")
        try folder.write("person\ncar\n".utf8, "classes.txt")
        let pictures = try LabelledPictures(SampleFiles([folder.path]).files)
        #expect(pictures.names == ["person", "car"])
        #expect(try pictures.load(1).objects.map(\.kind) == [.object, .ignored])
        try folder.write("person\n\ncar\n".utf8, "classes.txt")
        let error = dataSetError { _ = try LabelledPictures(SampleFiles([folder.path]).files) }
        #expect(error?.place == "line 2")
    }

    @Test func annotationsOfPascalVOCAreRead() throws {
        let folder = try Made.cells()
        let pictures = try LabelledPictures(SampleFiles([folder.path]).files)
        #expect(pictures.count == 6 && pictures.names == ["Platelets", "RBC", "WBC"])
        #expect(try pictures.load(0).objects.map(\.classIndex) == [1, 2, 0])
        let error = dataSetError { _ = try LabelledPictures(pictures.files, names: ["RBC", "WBC"]).load(0) }
        #expect(error?.reason.contains("\"Platelets\" is none of RBC, WBC") == true)
    }

    @Test func samplesAreSpreadEvenly() throws {
        let samples = try Self.samples(Self.pictures(4))
        #expect(samples.spread(2) == [0, 2])
        #expect(samples.spread(9) == [0, 1, 2, 3])
        #expect(samples.spread(0).isEmpty)
    }

    @Test(.needsData) func realPicturesMakeTheSameBits() throws {
        let folder = try #require(dataFolder)
        let pictures = try LabelledPictures(SampleFiles([folder.path(of: "medical/bccd")]).files)
        #expect(pictures.count == 364 && pictures.names == ["Platelets", "RBC", "WBC"])
        let recipe = try AugmentationRecipe("flip,rotate,scale,color,mosaic(160)", kind: .pictures)
        let samples = AugmentedSamples(.pictures(pictures), recipe: recipe)
        let seed = SampleSeed(run: 42, epoch: 3, index: 17)
        let first = try samples.sample(seed)
        guard case .picture(let picture) = first.content else {
            Issue.record("another kind of sample")
            return
        }
        #expect(picture.image.width == 160 && !picture.objects.isEmpty)
        #expect(try samples.sample(seed) == first)
    }
}
