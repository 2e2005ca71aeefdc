import Augmentation
import Detections
import Foundation
import Imaging
import Lab
import Media
import Testing

@Suite struct DetectionDataTests {
    private func picture(_ folder: TemporaryFolder, _ name: String, width: Int = 40, height: Int = 20) throws {
        let path = folder.path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try ImageWriter().write(RGBImage(width: width, height: height).image(), to: path)
    }

    private func yolo(_ names: [String], part: String = "", into folder: TemporaryFolder) throws {
        for name in names {
            try picture(folder, "images/\(part)\(name).png")
            try folder.write("1 0.5 0.5 0.5 0.5\n".utf8, "labels/\(part)\(name).txt")
        }
    }

    @Test func aListSaysWhatIsKeptApart() throws {
        let folder = try TemporaryFolder()
        try yolo(["a", "b", "c"], into: folder)
        try folder.write("0 0.25 0.5 0.5 1 0.5\n".utf8, "labels/b.txt")
        try folder.write("0 0.75 0.5 0.5 1\n".utf8, "ignore/b.txt")
        try folder.write("images/c.png\n".utf8, "val.txt")
        let data = try DetectionData(folder.path, names: ["dog", "cat"])
        #expect(data.training == [0, 1])
        #expect(data.validation == [2])
        #expect(data.paths.map { ($0 as NSString).lastPathComponent } == ["a.png", "b.png", "c.png"])
        let objects = try data.objects(of: 1, width: 40, height: 20)
        #expect(objects.map(\.kind) == [.object, .ignored])
        #expect(objects[0].box == BoundingBox(x1: 0, y1: 0, x2: 20, y2: 20))
        #expect(objects[0].weight == 0.5, "the sixth number is a confidence")
        #expect(objects[1].box == BoundingBox(x1: 20, y1: 0, x2: 40, y2: 20))
    }

    @Test func foldersSayWhatIsKeptApart() throws {
        let folder = try TemporaryFolder()
        try yolo(["a", "b"], part: "train/", into: folder)
        try yolo(["c"], part: "val/", into: folder)
        try folder.write("0 0.5 0.5 1 1\n".utf8, "ignore/val/c.txt")
        try folder.write("dog\ncat\n".utf8, "labels/train/classes.txt")
        let data = try DetectionData(folder.path)
        #expect(data.names == ["dog", "cat"])
        #expect(data.training.count == 2 && data.validation.count == 1)
        #expect(try data.objects(of: data.validation[0], width: 40, height: 20).map(\.kind) == [.object, .ignored])
    }

    @Test func nothingKeptApartIsEveryTwentieth() throws {
        let folder = try TemporaryFolder()
        try yolo((0..<41).map { "p\(100 + $0)" }, into: folder)
        let data = try DetectionData(folder.path, names: ["dog", "cat"])
        #expect(data.validation == [19, 39])
    }

    @Test func instancesAreRead() throws {
        let folder = try TemporaryFolder()
        for (part, count) in [("train", 2), ("val", 1)] {
            for index in 0..<count { try picture(folder, "\(part)2017/\(index).png") }
            let images = (0..<count).map { #"{"id": \#($0), "file_name": "\#($0).png", "width": 40, "height": 20}"# }
            let text = """
                {"images": [\(images.joined(separator: ","))],
                 "categories": [{"id": 3, "name": "car"}, {"id": 1, "name": "person"}, {"id": 9, "name": "boat"}],
                 "annotations": [
                  {"id": 1, "image_id": 0, "category_id": 3, "bbox": [4, 2, 10, 8], "area": 80, "iscrowd": 0},
                  {"id": 2, "image_id": 0, "category_id": 1, "bbox": [0, 0, 5, 5], "area": 25, "iscrowd": 1},
                  {"id": 3, "image_id": 0, "category_id": 1, "bbox": [30, 10, 20, 5], "area": 25, "ignore": 1},
                  {"id": 4, "image_id": 0, "category_id": 9, "bbox": [0, 0, 5, 5], "area": 25}]}
                """
            try folder.write(text.utf8, "annotations/instances_\(part)2017.json")
        }
        let data = try DetectionData(folder.path, names: ["person", "car"])
        #expect(data.training.count == 2 && data.validation.count == 1)
        let objects = try data.objects(of: 0, width: 40, height: 20)
        #expect(objects.map(\.classIndex) == [1, 0, 0])
        #expect(objects.map(\.kind) == [.object, .ignored, .ignored])
        #expect(objects[2].box == BoundingBox(x1: 30, y1: 10, x2: 40, y2: 15), "held to the picture")
        #expect(try DetectionData(folder.path).names == ["person", "car", "boat"])
        #expect(throws: DataSetError.self) { try DetectionData(folder.path, names: ["unicorn"]) }
    }

    @Test func whatIsWrongIsNamed() throws {
        let folder = try TemporaryFolder()
        func fault(_ names: [String] = ["dog", "cat"]) -> String {
            do {
                let data = try DetectionData(folder.path, names: names)
                for index in data.paths.indices { _ = try data.objects(of: index, width: 40, height: 20) }
                return ""
            } catch { return "\(error)" }
        }
        #expect(fault().contains("no folder \"images\""))
        try picture(folder, "images/a.png")
        #expect(fault().contains("have no labels"))
        try folder.write("0 0.5 0.5 1 1\n".utf8, "labels/a.txt")
        #expect(fault([]).contains("--names"))
        #expect(fault().contains("all of its pictures are kept apart"), "one picture is for both")
        try folder.write("b\n".utf8, "val.txt")
        #expect(fault().contains("no picture \"b\""))
        try folder.write("a\n".utf8, "val.txt")
        #expect(fault().contains("all of its pictures are kept apart"))
        try yolo(["b"], into: folder)
        try folder.write("7 0.5 0.5 1 1\n".utf8, "labels/b.txt")
        #expect(fault().contains("b.txt, line 1: class 7"))
        try folder.write("0 0.5 0.5 1 1 1.5\n".utf8, "labels/b.txt")
        #expect(fault().contains("the confidence 1.5"))
        try folder.write("0 0.5 0.5 1 1 1 1\n".utf8, "labels/b.txt")
        #expect(fault().contains("7 fields"))
    }

    @Test func theCacheHoldsSmallPicturesAndIsMadeOnce() throws {
        let folder = try TemporaryFolder()
        try picture(folder, "a.png", width: 200, height: 100)
        try picture(folder, "b.png", width: 30, height: 50)
        let paths = ["a.png", "b.png"].map { "\(folder.path)/\($0)" }
        func cache(side: Int = 64) throws -> (PictureCache, read: Int) {
            var read = 0
            let cache = try PictureCache(folder: folder.path, pictures: paths, side: side) { _, _ in read += 1 }
            return (cache, read)
        }
        let (first, read) = try cache()
        #expect(read == 2)
        #expect(first.size(0) == (64, 32) && first.sourceSize(0) == (200, 100))
        #expect(first.size(1) == (30, 50))
        #expect(first.picture(1).pixels.count == 30 * 50 * 3)
        #expect(abs(Int(first.picture(0).pixels[777]) - 114) <= 1)
        #expect(try cache().read == 0)
        // Another size, another file, a file that is cut off: all is read again.
        #expect(try cache(side: 32).read == 2)
        #expect(try cache().read == 2)
        try picture(folder, "b.png", width: 31, height: 50)
        let (changed, again) = try cache()
        #expect(again == 2 && changed.size(1) == (31, 50))
        let handle = try #require(FileHandle(forWritingAtPath: folder.path + "/pictures.rgb"))
        try handle.truncate(atOffset: 1000)
        try handle.close()
        #expect(try cache().read == 2)
        try folder.write([1, 2, 3], "b.png")
        #expect(throws: DataSetError.self) { try cache() }
    }

    @Test func recipesAreReadStrictly() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/recipe.json"
        try folder.write(#"{"epochs": 3, "sides": [96, 128]}"#.utf8, "recipe.json")
        var recipe = try DetectorRecipe(contentsOf: path)
        #expect(recipe.epochs == 3 && recipe.sides == [96, 128] && recipe.batch == DetectorRecipe().batch)
        #expect(recipe.complaint == nil)
        recipe.sides = [100]
        #expect(recipe.complaint != nil)
        for text in [#"{"epoch": 3}"#, "[1]", "{", #"{"epochs": "three"}"#] {
            try folder.write(text.utf8, "recipe.json")
            #expect(throws: DataSetError.self) { try DetectorRecipe(contentsOf: path) }
        }
    }
}
