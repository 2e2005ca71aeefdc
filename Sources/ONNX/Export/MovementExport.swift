import Graphs
import Tensors

/// Operators that move elements whose parameters ONNX has in another place than the graph.
extension NodeExporter {
    func split(axis: Int) {
        var attributes: [String: Attribute] = ["axis": .integer(axis)]
        if node.input(1) == nil, state.opset >= 18 { attributes["num_outputs"] = .integer(node.outputs.count) }
        write("Split", attributes)
    }

    func squeeze(axes: [Int]?) throws(ONNXError) {
        guard let axes else { return write("Squeeze") }
        write("Squeeze", inputs: [name(0), try parameter(axes, "axes")])
    }

    func unsqueeze(axes: [Int]) throws(ONNXError) {
        write("Unsqueeze", inputs: [name(0), try parameter(axes, "axes")])
    }

    func shape(start: Int, end: Int?) {
        var attributes: [String: Attribute] = start == 0 ? [:] : ["start": .integer(start)]
        if let end { attributes["end"] = .integer(end) }
        write("Shape", attributes)
    }
}
