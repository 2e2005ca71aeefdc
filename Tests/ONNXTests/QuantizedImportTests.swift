import Graphs
import ONNX
import Tensors
import Testing

/// QuantizeLinear and DequantizeLinear of every form that is read, and the typed refusals of the others.
@Suite struct QuantizedImportTests {
    private let scale = ("s", Encode.tensor("s", [], floats: [0.5]))
    private let scales = ("s", Encode.tensor("s", [3], floats: [0.5, 1, 2]))

    private func zeroPoint(_ type: Int, _ bytes: [UInt8], _ extents: [Int] = []) -> (String, Message) {
        ("z", Encode.tensor("z", type, extents, raw: bytes))
    }

    @Test(arguments: [10, 13, 19, 21]) func quantize(opset: Int) throws {
        let signed = try imported(
            model("QuantizeLinear", initializers: [scale, zeroPoint(Encode.int8, [250])], opset: opset))
        #expect(signed.nodes.map(\.op) == [.quantizeLinear(axis: 1)])
        #expect(signed[signed.outputs[0]].dtype == .int8)
        #expect(
            signed.quantizationParameters(of: signed.nodes[0]) == QuantizationParameters(scale: 0.5, zeroPoint: -6))
        let plain = try imported(model("QuantizeLinear", initializers: [scale], opset: opset))
        #expect(plain[plain.outputs[0]].dtype == .uint8)
        #expect(plain.quantizationParameters(of: plain.nodes[0]) == QuantizationParameters(scale: 0.5, zeroPoint: 0))
    }

    @Test func dequantizeAlongAnAxis() throws {
        let axis = Encode.attribute("axis", integer: -3)
        let graph = try imported(
            model(
                "DequantizeLinear", [axis], initializers: [scales, zeroPoint(Encode.uint8, [1, 2, 200], [3])],
                type: Encode.uint8)
        ).specialized()
        #expect(graph.nodes.map(\.op) == [.dequantizeLinear(axis: 1)])
        #expect(
            graph.quantizationParameters(of: graph.nodes[0])
                == QuantizationParameters(scales: [0.5, 1, 2], zeroPoints: [1, 2, 200], axis: 1))
        for type in [Encode.int8, Encode.int32] {
            let graph = try imported(model("DequantizeLinear", initializers: [scale], type: type)).specialized()
            #expect(graph.outputShapes == [[1, 3, 4, 4]])
            #expect(graph[graph.outputs[0]].dtype == .float32)
        }
    }

    @Test func otherFormsAreRefusedByName() throws {
        func reason(_ bytes: [UInt8]) -> String {
            do {
                _ = try imported(bytes)
                return "none"
            } catch { return "\(error)" }
        }
        let int16 = 5
        let blocks = Encode.attribute("block_size", integer: 2)
        for op in ["QuantizeLinear", "DequantizeLinear"] {
            let type = op == "QuantizeLinear" ? Encode.float : Encode.int8
            let text = reason(model(op, [blocks], initializers: [scale], opset: 21, type: type))
            #expect(text == "invalid node \"node\" (\(op)): block_size is not supported")
        }
        let output = Encode.attribute("output_dtype", integer: int16)
        #expect(
            reason(model("QuantizeLinear", [output], initializers: [scale], opset: 21))
                == "invalid node \"node\" (QuantizeLinear): output_dtype is not supported; the zero point gives the type"
        )
        #expect(
            reason(model("QuantizeLinear", initializers: [scale, zeroPoint(int16, [0, 0])], opset: 21))
                == "invalid tensor \"z\": element type 5 is not supported")
        #expect(reason(model("DequantizeLinear", initializers: [scale])).contains("float32"))
        #expect(
            reason(model("QuantizeLinear", initializers: [scale, zeroPoint(Encode.int32, [0, 0, 0, 0])]))
                .contains("int32"))
    }

    @Test func parametersThatMakeNoSenseAreNone() throws {
        for value in [0, -1, Float.infinity, .nan] {
            let bad = ("s", Encode.tensor("s", [], floats: [value]))
            let graph = try imported(model("QuantizeLinear", initializers: [bad]))
            #expect(graph.quantizationParameters(of: graph.nodes[0]) == nil)
        }
        // A wrong number of scales is found when shapes are known.
        let two = ("s", Encode.tensor("s", [2], floats: [1, 1]))
        let graph = try imported(model("QuantizeLinear", initializers: [two]))
        #expect(throws: GraphError.self) { try graph.specialized() }
    }
}
