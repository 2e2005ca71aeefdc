import Detections
import Detectors
import Execution
import Foundation
import Graphs
import ONNX
import Saccade
import Tensors
import Testing

/// From a float detector to a written int8 model, and everything for which it is not written.
struct ModelQuantizerTests {
    /// A folder with pictures and models that goes away with the test.
    private final class Folder {
        static let models = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "ONNXTests/Models")
        let url: URL

        init() throws {
            url = FileManager.default.temporaryDirectory.appending(path: "saccade-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func path(_ name: String) -> String { url.appending(path: name).path }

        func names(_ name: String = "") throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
        }

        /// Writes pictures of coloured rectangles, in which a network of random weights sees one thing and another.
        @discardableResult func drawPictures(
            _ count: Int, in name: String = "pictures", rectangles: Int = 9
        ) throws -> [String] {
            try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
            return try (0..<count).map { index in
                let picture = "\(index + 1).bmp"
                try Self.bitmap(seed: index, rectangles).write(to: url.appending(path: "\(name)/\(picture)"))
                return picture
            }
        }

        /// A BMP of 64×48 pixels.
        private static func bitmap(seed: Int, _ rectangles: Int) -> Data {
            let (width, height) = (64, 48)
            var state = UInt64(seed + 1)
            func random(_ range: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % range
            }
            var pixels = [UInt8](repeating: 90, count: width * height * 3)
            for _ in 0..<rectangles {
                let (x, y) = (random(width - 8), random(height - 8))
                let color = (0..<3).map { _ in UInt8(random(256)) }
                for row in y..<min(y + 6 + random(24), height) {
                    for column in x..<min(x + 6 + random(30), width) {
                        for channel in 0..<3 { pixels[(row * width + column) * 3 + channel] = color[channel] }
                    }
                }
            }
            func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
            let header = little(0x4D42, 2) + little(54 + pixels.count, 4) + little(0, 4) + little(54, 4)
            let info =
                little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(24, 2) + little(0, 4)
                + little(pixels.count, 4) + little(2835, 4) + little(2835, 4) + little(0, 8)
            return Data(header + info + pixels)
        }

        func configuration(
            _ model: String = "yolov5-raw-4d", calibration: String = "pictures"
        ) -> QuantizationConfiguration {
            var configuration = QuantizationConfiguration(
                model: Self.models.appending(path: "\(model).onnx").path, calibration: path(calibration),
                output: path("int8.onnx"))
            configuration.threads = 1
            configuration.trials = 6
            return configuration
        }

        /// Writes a COCO instances file whose objects are what a model finds, so that its average precision is all of it.
        func label(_ pictures: [String], by model: String) throws -> String {
            var configuration = PipelineConfiguration(model: model)
            configuration.tracker = nil
            configuration.threads = 1
            nonisolated(unsafe) var results: [FrameResult] = []
            _ = try VideoPipeline(configuration).run(path("pictures")) { results.append($0) }
            var objects: [[String: Any]] = []
            for (image, result) in results.enumerated() {
                for detection in result.detections {
                    let box = detection.box
                    let numbers = [box.x1, box.y1, box.width, box.height].map(Double.init)
                    objects.append([
                        "id": objects.count + 1, "image_id": image + 1, "category_id": detection.classIndex + 1,
                        "bbox": numbers, "area": numbers[2] * numbers[3], "iscrowd": 0,
                    ])
                }
            }
            try #require(!objects.isEmpty)
            let annotations: [String: Any] = [
                "images": pictures.enumerated().map { ["id": $0.offset + 1, "file_name": $0.element] }
                    + [["id": 99, "file_name": "not-there.bmp"]],
                "categories": (1...80).map { ["id": $0, "name": "kind \($0)"] }, "annotations": objects,
            ]
            let file = url.appending(path: "instances_pictures.json")
            try JSONSerialization.data(withJSONObject: annotations).write(to: file)
            return file.path
        }

        func failure(_ configuration: QuantizationConfiguration) -> SaccadeError? {
            #expect(throws: SaccadeError.self) { try ModelQuantizer(configuration).run() }
        }
    }

    /// Every convolution on bytes, and the pixels go in as they are.
    private func expectIntegerPlan(_ path: String) throws {
        let detector = try YOLODetector(modelPath: path)
        let plan = try detector.plan(width: detector.input.width, height: detector.input.height)
        let convolutions = plan.operations.filter { $0.op == "convolution" }
        #expect(!convolutions.isEmpty)
        for operation in convolutions {
            #expect(
                operation.kernel.hasPrefix("conv2d_u8") || operation.kernel.hasPrefix("depthwise_u8"),
                "\(operation.node): \(operation.kernel)")
        }
        let input = try #require(plan.inputs.first)
        #expect(input.dtype == .uint8 && input.quantization?.zeroPoint == 0)
    }

    @Test func theModelIsWrittenWithAllThatIsMeasured() throws {
        let folder = try Folder()
        try folder.drawPictures(6)
        try Data("no picture".utf8).write(to: folder.url.appending(path: "pictures/broken.bmp"))
        var configuration = folder.configuration()
        // A network of a few thousand weights is as fast in float.
        configuration.isForced = true
        nonisolated(unsafe) var stages: [ModelQuantizer.Progress.Stage] = []
        let summary = try ModelQuantizer(configuration).run { progress in
            #expect(progress.done <= progress.total)
            if stages.last != progress.stage { stages.append(progress.stage) }
        }
        #expect(summary.isWritten)
        #expect(summary.calibrationImages == 6)
        #expect(summary.leftOut.map { URL(filePath: $0.path).lastPathComponent } == ["broken.bmp"])
        let agreement = try #require(summary.agreement)
        #expect(agreement.objects > 0 && agreement.ap50 > 0.9 && agreement.deviation < 0.1)
        #expect(summary.latencies.map(\.threads) == [1])
        #expect(summary.noise.count > 4 && !summary.layers.isEmpty)
        #expect(summary.trials.contains { $0.change == "float" })
        #expect(summary.quantizedBytes > 0 && summary.floatBytes > summary.quantizedBytes)
        #expect(summary.evaluation == nil)
        #expect(Set(stages) == [.reading, .calibrating, .searching, .timing])

        // The file, and nothing beside it.
        #expect(try folder.names() == ["int8.onnx", "pictures"])
        let written = try YOLODetector.readModel(configuration.output)
        let source = try YOLODetector.readModel(configuration.model)
        #expect(written.isQuantized)
        #expect(written.metadata == source.metadata)
        #expect(written.inputs.map { written[$0].name } == source.inputs.map { source[$0].name })
        #expect(written.outputs.map { written[$0].name } == source.outputs.map { source[$0].name })
        #expect(try Data(contentsOf: folder.url.appending(path: "int8.onnx")).count == summary.quantizedBytes)
        try expectIntegerPlan(configuration.output)

        // What is int8 is not quantized again.
        configuration.model = configuration.output
        configuration.output = folder.path("twice.onnx")
        let error = folder.failure(configuration)
        #expect(error?.exitCode == 65 && error?.message.contains("quantized already") == true)
    }

    @Test func aLabelledSetIsMeasured() throws {
        let folder = try Folder()
        let pictures = try folder.drawPictures(4)
        var configuration = folder.configuration()
        configuration.evaluation = .init(annotations: try folder.label(pictures, by: configuration.model))
        configuration.isForced = true
        configuration.trials = 0
        let summary = try ModelQuantizer(configuration).run()
        let evaluation = try #require(summary.evaluation)
        #expect(evaluation.images == 4 && evaluation.missingImages == 1)
        #expect(evaluation.floatAP > 0.99)
        #expect(evaluation.quantizedAP > 0.5 && evaluation.quantizedAP <= 1)
        #expect(abs(evaluation.difference.value - (evaluation.quantizedAP - evaluation.floatAP)) < 1e-9)
        #expect(evaluation.difference.lower <= evaluation.difference.upper)
        #expect(summary.trials.isEmpty)

        configuration.evaluation?.images = folder.path("")
        let error = folder.failure(configuration)
        #expect(error?.exitCode == 66 && error?.message.contains("--eval-images") == true)
    }

    @Test func whatIsWorseThanAllowedIsNotWritten() throws {
        let folder = try Folder()
        let pictures = try folder.drawPictures(6)
        // Plain pictures show the network hardly anything of what it sees in the others.
        try folder.drawPictures(2, in: "plain", rectangles: 0)
        var configuration = folder.configuration(calibration: "plain")
        configuration.evaluation = .init(annotations: try folder.label(pictures, by: configuration.model))
        configuration.trials = 0
        try Data("earlier".utf8).write(to: folder.url.appending(path: "int8.onnx"))
        let refused = try ModelQuantizer(configuration).run()
        #expect(!refused.isWritten)
        #expect(refused.refusals.contains { $0.contains("average precision drops by") })
        // What had the name has it still, and nothing lies beside it.
        #expect(try Data(contentsOf: folder.url.appending(path: "int8.onnx")) == Data("earlier".utf8))
        #expect(try folder.names() == ["instances_pictures.json", "int8.onnx", "pictures", "plain"])

        configuration.isForced = true
        let forced = try ModelQuantizer(configuration).run()
        #expect(forced.isWritten && !forced.refusals.isEmpty)
        #expect(try YOLODetector.readModel(configuration.output).isQuantized)
    }

    @Test func whereNothingIsFoundNothingIsProven() throws {
        let folder = try Folder()
        try folder.drawPictures(2, rectangles: 0)
        var configuration = folder.configuration()
        configuration.model = folder.path("saccade-n.onnx")
        try exportONNX(floatStarter(), to: configuration.model)
        let summary = try ModelQuantizer(configuration).run()
        #expect(summary.agreement == nil && !summary.isWritten)
        #expect(summary.refusals.contains { $0.contains("finds nothing") })
    }

    @Test func anEndInBetweenLeavesNothing() throws {
        let folder = try Folder()
        try folder.drawPictures(3)
        let quantizer = try ModelQuantizer(folder.configuration())
        let error = #expect(throws: SaccadeError.self) {
            try quantizer.run { if $0.stage == .calibrating { quantizer.stop() } }
        }
        #expect(error?.exitCode == 130)
        #expect(try folder.names() == ["pictures"])
    }

    @Test func whatCannotBeDoneIsSaidBefore() throws {
        let folder = try Folder()
        try folder.drawPictures(1)
        func code(_ change: (inout QuantizationConfiguration) -> Void) -> Int32? {
            var configuration = folder.configuration()
            change(&configuration)
            return folder.failure(configuration)?.exitCode
        }
        #expect(code { $0.output = "-" } == 64)
        #expect(code { $0.calibrationLimit = 0 } == 64)
        #expect(code { $0.maximumDrop = -1 } == 64)
        #expect(code { $0.head = "yolov9000" } == 64)
        #expect(code { $0.model = folder.path("none.onnx") } == 66)
        #expect(code { $0.calibration = folder.path("none") } == 66)
        #expect(code { $0.output = folder.path("none/int8.onnx") } == 73)
        #expect(code { $0.output = folder.path("pictures") } == 73)
        #expect(code { $0.evaluation = .init(annotations: folder.path("none.json")) } == 66)
        // No detector, one whose tail is its own affair, and one that is quantized.
        for model in ["movements", "end-to-end", "quantized"] {
            #expect(folder.failure(folder.configuration(model))?.exitCode == 65, "\(model)")
        }
        // A folder without pictures, and one without any that can be read.
        try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
        #expect(code { $0.calibration = folder.path("empty") } == 66)
        try Data("x".utf8).write(to: folder.url.appending(path: "empty/1.bmp"))
        #expect(code { $0.calibration = folder.path("empty") } == 66)
        // The model itself, by another name.
        let copy = folder.path("model.onnx")
        try FileManager.default.copyItem(atPath: folder.configuration().model, toPath: copy)
        try FileManager.default.createSymbolicLink(atPath: folder.path("link.onnx"), withDestinationPath: copy)
        #expect(
            code {
                $0.model = copy
                $0.output = folder.path("link.onnx")
            } == 64)
        #expect(try folder.names() == ["empty", "link.onnx", "model.onnx", "pictures"])
    }

    private static let data = ProcessInfo.processInfo.environment["SACCADE_DATA"]

    @Test(.enabled(if: data != nil, "SACCADE_DATA names no folder with yolov8n.onnx and COCO pictures"))
    func yolov8nIsFasterAndAgrees() throws {
        let data = try #require(Self.data)
        let folder = try Folder()
        var configuration = QuantizationConfiguration(
            model: "\(data)/models/yolov8n.onnx", calibration: "\(data)/coco/calibration",
            output: folder.path("int8.onnx"))
        configuration.calibrationLimit = 8
        configuration.trials = 0
        configuration.maximumDrop = 5
        let summary = try ModelQuantizer(configuration).run()
        #expect(summary.isWritten, "\(summary.refusals)")
        // That of the tail alone.
        #expect(summary.floatConvolutions == ["/model.22/dfl/conv/Conv"])
        #expect((summary.agreement?.ap50 ?? 0) > 0.95)
        for latency in summary.latencies { #expect(latency.quantizedMilliseconds < latency.floatMilliseconds) }
        try expectIntegerPlan(configuration.output)
    }
}
