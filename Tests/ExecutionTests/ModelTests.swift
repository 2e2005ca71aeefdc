import Execution
import Foundation
import Kernels
import ONNX
import Tensors
import Testing

/// Whole models against ONNX Runtime.
@Suite(.serialized, .enabled(if: ModelGoldens.data != nil, "needs SACCADE_DATA"))
struct ModelTests {
    /// Boxes in pixels ÷ 640 and scores within 1e-3.
    @Test(arguments: ModelGoldens.models)
    func equalsONNXRuntime(model: String) throws {
        let graph = try importONNX(contentsOf: ModelGoldens.modelPath(model))
        let plan = try ExecutionPlan(graph, options: ExecutionOptions(inputLayout: .channelsLast))
        let session = try Session(plan, threads: 2)
        let shape = plan.outputs[0].shape
        for photo in ModelGoldens.photos {
            let input = try ModelGoldens.input(model: model, photo: photo, extent: plan.inputs[0].shape[1])
            try session.withInput(0) { bytes in input.withUnsafeBytes { bytes.copyMemory(from: $0) } }
            try session.run()
            let golden = try ModelGoldens.golden(model: model, photo: photo)
            let (boxes, scores) = try session.withOutput(0, as: Float.self) { output in
                var greatest: (boxes: Float, scores: Float) = (0, 0)
                for (index, value) in golden {
                    // Boxes are rows of 85, or columns of 84.
                    let field = shape[2] == 85 ? index % 85 : index / shape[2]
                    let difference = abs(output[index] - value)
                    if field >= 4 {
                        greatest.scores = max(greatest.scores, difference.isNaN ? .infinity : difference)
                    } else {
                        // YOLOX gives offsets in cells, at most 32 pixels wide.
                        let pixels = model.hasPrefix("yolox") ? 32 * difference : difference
                        greatest.boxes = max(greatest.boxes, difference.isNaN ? .infinity : pixels / 640)
                    }
                }
                return greatest
            }
            print("\(model) \(photo): boxes within \(boxes), scores within \(scores) of ONNX Runtime")
            #expect(golden.count > 2000)
            #expect(boxes <= 1e-3)
            #expect(scores <= 1e-3)
        }
    }
}
