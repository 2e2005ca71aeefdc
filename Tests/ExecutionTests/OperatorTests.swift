import Execution
import Foundation
import Graphs
import Kernels
import ONNX
import Tensors
import Testing

/// Every operator, alone and in small models, against ONNX Runtime.
@Suite struct OperatorTests {
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func operatorsEqualONNXRuntime(_ instructionSet: InstructionSet) throws {
        let goldens = try GoldenCase.operators()
        #expect(goldens.count > 190)
        for golden in goldens {
            let name = golden.name ?? ""
            do {
                let graph = try importONNX(golden.model ?? Data(), name: name)
                let plan = try ExecutionPlan(graph, options: ExecutionOptions(instructionSet: instructionSet))
                let session = try Session(plan, threads: 2)
                let results = try session.run(try golden.inputs.map { try $0.tensor() })
                for (result, expected) in zip(results, golden.outputs) {
                    let difference = difference(result, try expected.tensor())
                    #expect(difference.map { $0 <= 1e-4 } ?? false, "\(name): \(String(describing: difference))")
                }
                #expect(results.count == golden.outputs.count)
            } catch { Issue.record("\(name): \(error)") }
        }
    }

    /// What constant folding computes is what a plan computes.
    @Test func constantsFoldToTheSameResults() throws {
        var folded = 0
        for golden in try GoldenCase.operators() {
            let name = golden.name ?? ""
            do {
                var graph = try importONNX(golden.model ?? Data(), name: name)
                for (id, input) in zip(graph.inputs, golden.inputs) { graph.setConstant(try input.tensor(), for: id) }
                graph.inputs = []
                let specialized = try graph.specialized(evaluate: evaluateConstants)
                for (id, expected) in zip(specialized.outputs, golden.outputs) {
                    guard let result = specialized.constants[id] else { continue }
                    folded += 1
                    let difference = difference(result, try expected.tensor())
                    #expect(difference.map { $0 <= 1e-4 } ?? false, "\(name): \(String(describing: difference))")
                }
            } catch { Issue.record("\(name): \(error)") }
        }
        // Image operators in channels-first order are left to the plan.
        #expect(folded > 100)
    }

    /// A sum on the border between two integers may be rounded to either: then one element is a step off.
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func aQuantizedModelIsNearONNXRuntime(_ instructionSet: InstructionSet) throws {
        let golden = try GoldenCase.model("quantized")
        let graph = try importONNX(contentsOf: GoldenCase.folder.appendingPathComponent("quantized.onnx").path)
        let plan = try ExecutionPlan(graph, options: ExecutionOptions(instructionSet: instructionSet))
        let result = try Session(plan).run(try golden.inputs.map { try $0.tensor() })[0].elements(as: Float.self)
        let expected = try golden.outputs[0].tensor().elements(as: Float.self)
        try #require(result.count == expected.count)
        #expect(Set(result).count <= 256 && Set(result).count > 1)
        let step: Float = 1 / 255
        #expect(zip(result, expected).filter { abs($0 - $1) > 1e-5 }.count < result.count / 50)
        #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 3 * step })
    }

    @Test(arguments: [
        "end-to-end", "yolov5-raw-4d", "yolov5-raw-5d", "unfused-batch-norm", "movements", "half-precision",
    ]) func smallModelsEqualONNXRuntime(_ name: String) throws {
        let golden = try GoldenCase.model(name)
        let graph = try importONNX(
            contentsOf: GoldenCase.folder.appendingPathComponent("\(name).onnx").path)
        var shapes: [String: [Int]] = [:]
        for input in golden.inputs { shapes[input.name] = input.shape }
        let plan = try ExecutionPlan(graph, inputShapes: shapes)
        let results = try Session(plan).run(try golden.inputs.map { try $0.tensor() })
        #expect(results.count == golden.outputs.count)
        for (result, expected) in zip(results, golden.outputs) {
            let difference = difference(result, try expected.tensor())
            #expect(difference.map { $0 <= 1e-3 } ?? false, "\(expected.name): \(String(describing: difference))")
        }
        // One session, again and on more threads: the same bits.
        let session = try Session(plan, threads: 3)
        let inputs = try golden.inputs.map { try $0.tensor() }
        for _ in 0..<2 {
            for (again, first) in zip(try session.run(inputs), results) {
                let left = UnsafeRawBufferPointer(start: again.baseAddress, count: again.byteCount)
                let right = UnsafeRawBufferPointer(start: first.baseAddress, count: first.byteCount)
                #expect(withExtendedLifetime((again, first)) { left.elementsEqual(right) })
            }
        }
    }
}
