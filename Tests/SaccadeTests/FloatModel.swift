import Foundation
import Graphs
import ONNX
import Tensors
import Testing

extension Graph {
    /// The graph in float: roundings are left out, weights are the floats that their integers stand for.
    func withoutQuantization() throws -> Graph {
        var graph = self
        var substitutes: [ValueID: ValueID] = [:]
        graph.nodes = []
        for node in nodes {
            switch node.op {
            case .quantizeLinear:
                let value = try #require(node.input(0))
                substitutes[node.outputs[0]] = substitutes[value] ?? value
            case .dequantizeLinear:
                let value = try #require(node.input(0))
                if let tensor = constants[value] {
                    let scales = try #require(node.input(1).flatMap { constants[$0] }).elements(as: Float.self)
                    graph.setConstant(try tensor.floats(scales: scales), for: node.outputs[0])
                } else {
                    substitutes[node.outputs[0]] = substitutes[value] ?? value
                }
            default:
                var node = node
                node.inputs = node.inputs.map { $0.map { substitutes[$0] ?? $0 } }
                graph.nodes.append(node)
            }
        }
        graph.outputs = outputs.map { substitutes[$0] ?? $0 }
        for (output, value) in zip(outputs, graph.outputs) where output != value {
            (graph[value].name, graph[output].name) = (graph[output].name, "\(graph[output].name)_rounded")
        }
        graph.eliminateDeadNodes()
        return graph
    }
}

extension Tensor {
    /// What integers stand for, with a scale for each place along the first axis, or one for all; zero points are zero.
    fileprivate func floats(scales: [Float]) throws -> Tensor {
        let integers =
            dtype == .int8 ? elements(as: Int8.self).map(Float.init) : elements(as: Int32.self).map(Float.init)
        let row = integers.count / max(scales.count, 1)
        return try Tensor(integers.indices.map { integers[$0] * scales[$0 / row] }, shape: shape.dimensions)
    }
}

/// The model that comes with Saccade, in float.
func floatStarter() throws -> Graph {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "weights/saccade-n.onnx").path
    return try importONNX(contentsOf: path).withoutQuantization()
}
