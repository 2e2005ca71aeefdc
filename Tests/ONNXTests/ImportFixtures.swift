import Foundation
import Graphs
import ONNX
import Tensors
import Testing

func imported(_ bytes: [UInt8], limits: ONNXLimits = ONNXLimits()) throws(ONNXError) -> Graph {
    try importONNX(Data(bytes), name: "test", limits: limits)
}

/// A model of one node named "node" with inputs x, then the initializers, and output y.
func model(
    _ op: String, _ attributes: [Message] = [], initializers: [(String, Message)] = [], opset: Int = 17,
    x: [Int?] = [1, 3, 4, 4], type: Int = Encode.float, outputs: [String] = ["y"]
) -> [UInt8] {
    Encode.model(
        Encode.graph(
            [Encode.node(op, ["x"] + initializers.map(\.0), outputs, attributes)],
            inputs: [Encode.value("x", x, type: type)], outputs: outputs, initializers: initializers.map(\.1)),
        opset: opset)
}

extension Graph {
    var operators: [String] { nodes.map(\.op.name) }

    var outputShapes: [[Int]?] { outputs.map { shape(of: $0)?.dimensions } }
}

/// The folder of the committed models.
let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Models")

/// A tensor of a golden file.
struct GoldenTensor: Decodable {
    var name: String
    var dtype: String
    var shape: [Int]
    var data: Data
}

struct GoldenCase: Decodable {
    var name: String?
    var model: Data?
    var inputs: [GoldenTensor]
    var outputs: [GoldenTensor]
}

/// Where the large data lies.
let dataFolder = ProcessInfo.processInfo.environment["SACCADE_DATA"].map { URL(fileURLWithPath: $0) }
