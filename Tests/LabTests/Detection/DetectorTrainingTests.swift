import Augmentation
import Detections
import Detectors
import Evaluation
import Foundation
import Graphs
import Imaging
import Lab
import Media
import Models
import ONNX
import Testing
import Training

/// A detector of squares and bars, trained for a few steps.
@Suite(.serialized) struct DetectorTrainingTests {
    /// Pictures of 96×64 with a red square or a blue bar on gray.
    private func data(_ folder: TemporaryFolder, count: Int = 24) throws -> DetectionData {
        var numbers = SystemLikeNumbers(state: 5)
        for index in 0..<count {
            var pixels = [UInt8](repeating: 120, count: 96 * 64 * 3)
            let isBar = index % 2 == 1
            let (width, height) = isBar ? (40, 14) : (26, 26)
            let (x, y) = (numbers.below(96 - width), numbers.below(64 - height))
            for row in y..<y + height {
                for column in x..<x + width {
                    let place = 3 * (row * 96 + column)
                    (pixels[place], pixels[place + 1], pixels[place + 2]) = isBar ? (30, 30, 230) : (230, 30, 30)
                }
            }
            let name = "p\(100 + index)"
            let image = RGBImage(width: 96, height: 64, pixels: pixels)
            try FileManager.default.createDirectory(
                atPath: folder.path + "/images", withIntermediateDirectories: true)
            try ImageWriter().write(image.image(), to: folder.path + "/images/\(name).png")
            let object = LabelledObject(
                box: BoundingBox(x1: Float(x), y1: Float(y), x2: Float(x + width), y2: Float(y + height)),
                classIndex: isBar ? 1 : 0)
            try folder.write(BoxFile.text([object], width: 96, height: 64).utf8, "labels/\(name).txt")
        }
        try folder.write((0..<count).filter { $0 % 4 > 1 }.map { "p\(100 + $0)\n" }.joined().utf8, "val.txt")
        return try DetectionData(folder.path, names: ["square", "bar"])
    }

    private struct SystemLikeNumbers {
        var state: UInt64
        mutating func below(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
    }

    private func small(_ names: [String] = ["square", "bar"]) throws -> Graph {
        let branch = YOLO.Branch(width: 16, depth: 1)
        return try YOLO(
            names: names, stem: 8,
            stages: [16, 16, 32, 32].map { YOLO.Stage(channels: $0, count: 1) }, neck: [16, 32, 32], neckCount: 1,
            boxBranch: branch, classBranch: branch, bins: 8, imageSize: Size2D(96)
        ).graph(seed: 3)
    }

    private func recipe(epochs: Int) -> DetectorRecipe {
        var recipe = DetectorRecipe()
        (recipe.epochs, recipe.batch, recipe.side, recipe.sides) = (epochs, 4, 96, [96, 128])
        (recipe.rate, recipe.warmupSteps, recipe.averageDecay) = (4e-3, 5, 0.9)
        (recipe.mosaic, recipe.closing) = (0.3, 0.5)
        return recipe
    }

    private func train(
        _ data: DetectionData, _ recipe: DetectorRecipe, folder: String, start: Graph? = nil, threads: Int = 2,
        teacher: YOLODetector? = nil, resumes: Bool = false, stopsAt limit: Int = .max
    ) throws -> DetectorTraining.Outcome? {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var training = try DetectorTraining(data, recipe: recipe, threads: threads)
        training.start = try start ?? small()
        training.teacher = teacher
        return try training.run(folder: folder, resumes: resumes) { $0.validation != nil || $0.step < limit }
    }

    @Test func itLearnsAndItsModelDetects() throws {
        let folder = try TemporaryFolder()
        let outcome = try #require(try train(data(folder), recipe(epochs: 40), folder: folder.path + "/run"))
        let log = outcome.summary.log
        #expect(log[log.count - 1].trainLoss < 0.6 * log[0].trainLoss)
        let ap50 = try #require(outcome.results.metrics["AP50"])
        #expect(ap50 > 0.4)
        #expect(outcome.classes.map(\.objects) == [6, 6])
        for file in [
            "recipe.json", "log.csv", "curves.svg", "run.json", "previews/epoch-040.png", "previews/best.png",
            "checkpoints/best.safetensors",
        ] {
            #expect(FileManager.default.fileExists(atPath: "\(folder.path)/run/\(file)"), "\(file)")
        }
        // The file that is written is a detector, and knows its classes and size.
        let bytes = try exportONNX(outcome.model)
        let path = folder.path + "/model.onnx"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let detector = try YOLODetector(modelPath: path)
        #expect(detector.labels.names == ["square", "bar"])
        #expect(detector.input.width == 96)

        // Learned further with the roundings of 8 bits, by a teacher too.
        var finish = recipe(epochs: 2)
        (finish.rate, finish.isQuantizationAware) = (1e-4, true)
        let aware = try #require(
            try train(
                data(folder), finish, folder: folder.path + "/qat", start: outcome.model, teacher: detector))
        #expect(try #require(aware.results.metrics["AP50"]) > ap50 - 0.2)
        #expect(try exportONNX(aware.model) != bytes)
    }

    @Test func stoppedRunsEndWithTheSameBits() throws {
        let folder = try TemporaryFolder()
        let data = try data(folder, count: 12)
        let whole = try #require(try train(data, recipe(epochs: 4), folder: folder.path + "/whole", threads: 1))
        let bytes = try exportONNX(whole.model)
        for stop in [1, 3, 6, 8] {
            let path = folder.path + "/stopped-\(stop)"
            let stopped = try train(data, recipe(epochs: 4), folder: path, threads: 2, stopsAt: stop)
            #expect(stopped.map(\.results) == nil)
            let rest = try #require(try train(data, recipe(epochs: 4), folder: path, threads: 3, resumes: true))
            #expect(try exportONNX(rest.model) == bytes, "stopped behind step \(stop)")
        }
        // A run goes on with its own recipe alone.
        #expect(throws: TrainingFileError.self) {
            try train(data, recipe(epochs: 5), folder: folder.path + "/whole", resumes: true)
        }
        // And is not written over.
        #expect(throws: TrainingFileError.self) { try train(data, recipe(epochs: 4), folder: folder.path + "/whole") }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let folder = try TemporaryFolder()
        let data = try data(folder, count: 8)
        let run = folder.path + "/run"
        #expect(throws: LearningError.self) { try train(data, recipe(epochs: 1), folder: run, start: small(["one"])) }
        #expect(throws: LearningError.self) {
            try train(data, recipe(epochs: 1), folder: run, start: MobileNet(classes: 2).graph())
        }
        // The model in the program is in 8 bits.
        #expect {
            _ = try train(data, recipe(epochs: 1), folder: run, start: YOLODetector.readModel(DefaultWeights.name))
        } throws: {
            "\($0)".contains("8 bits")
        }
        // A teacher that knows none of the classes.
        let stranger = try YOLODetector(small(["dog", "cat"]))
        #expect(throws: LearningError.self) { try train(data, recipe(epochs: 1), folder: run, teacher: stranger) }
        var wrong = recipe(epochs: 1)
        wrong.sides = []
        #expect(throws: LearningError.self) { try DetectorTraining(data, recipe: wrong, threads: 1) }
    }
}
