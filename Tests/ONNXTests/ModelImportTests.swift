import Foundation
import Graphs
import ONNX
import Tensors
import Testing

/// Whole models go through import and every pass with the specification satisfied, in both orders of axes.
@Suite struct ModelImportTests {
    private static let operators: [GoldenCase] = {
        let url = models.appendingPathComponent("operators.json")
        return (try? JSONDecoder().decode([GoldenCase].self, from: Data(contentsOf: url))) ?? []
    }()

    @Test func everyOperatorCaseHasItsTypes() throws {
        #expect(Self.operators.count > 190)
        for golden in Self.operators {
            let name = golden.name ?? ""
            for channelsLast in [false, true] {
                do {
                    let graph = try importONNX(golden.model ?? Data(), name: name)
                        .optimized(options: GraphOptions(channelsLast: channelsLast))
                    #expect(graph.outputShapes == golden.outputs.map(\.shape), "\(name)")
                    #expect(
                        graph.outputs.map { graph[$0].dtype.rawValue } == golden.outputs.map(\.dtype), "\(name)")
                    #expect(graph.inputs.map { graph[$0].name } == golden.inputs.map(\.name), "\(name)")
                } catch { Issue.record("\(name): \(error)") }
            }
        }
    }

    @Test(arguments: [
        ("end-to-end", 9), ("yolov5-raw-5d", 4), ("yolov5-raw-4d", 3), ("unfused-batch-norm", 1), ("movements", 4),
        ("half-precision", 2), ("quantized", 3),
    ]) func smallModels(_ name: String, transposes: Int) throws {
        let golden = try JSONDecoder().decode(
            GoldenCase.self, from: Data(contentsOf: models.appendingPathComponent("\(name).json")))
        var shapes = [String: Shape]()
        for input in golden.inputs { shapes[input.name] = try Shape(input.shape) }
        let imported = try importONNX(contentsOf: models.appendingPathComponent("\(name).onnx").path)
        for options in [
            GraphOptions(channelsLast: false), GraphOptions(), GraphOptions(channelsLastInput: true),
        ] {
            let graph = try imported.optimized(inputShapes: shapes, options: options)
            #expect(graph.outputShapes == golden.outputs.map(\.shape))
            #expect(graph.outputs.map { graph[$0].name } == golden.outputs.map(\.name))
            #expect(graph.operators.filter { $0 == "batchNormalization" }.count <= 2)
            if options == GraphOptions() {
                #expect(graph.operators.filter { $0 == "transpose" }.count == transposes, "\(graph.operators)")
            }
        }
    }

    /// Nodes after all passes and the transposes among them, which stand at the heads' reshapes and in attention.
    @Test(
        .enabled(if: dataFolder != nil, "needs SACCADE_DATA"),
        arguments: [
            ("models/yolov5n", 640, 3), ("models/yolov8n", 640, 5), ("models/yolo11n", 640, 10),
            ("models/yolo26n", 640, 16), ("models/yolox_nano", 416, 4), ("reid/osnet_x0_25", 0, 0),
        ]) func realModels(_ name: String, side: Int, transposes: Int) throws
    {
        guard let dataFolder else { return }
        let imported = try importONNX(contentsOf: dataFolder.appendingPathComponent("\(name).onnx").path)
        let shapes = side == 0 ? ["images": try Shape([4, 3, 256, 128])] : [:]
        let clock = ContinuousClock()
        var optimized = imported
        let elapsed = try clock.measure {
            optimized = try imported.optimized(inputShapes: shapes, options: GraphOptions(channelsLastInput: true))
        }
        let operators = optimized.operators
        print(
            name, imported.nodes.count, "nodes ->", operators.count, "with",
            operators.filter { $0 == "transpose" }.count, "transposes in", elapsed)
        #expect(operators.filter { $0 == "transpose" }.count <= transposes)
        let input = optimized.shape(of: optimized.inputs[0])?.dimensions
        #expect(input == (side == 0 ? [4, 256, 128, 3] : [1, side, side, 3]))
        #expect(optimized.outputShapes == (try imported.optimized(inputShapes: shapes).outputShapes))
        // Every sigmoid gate of the body is in a convolution.
        #expect(!operators.contains("batchNormalization") || name.contains("osnet"))
    }
}
