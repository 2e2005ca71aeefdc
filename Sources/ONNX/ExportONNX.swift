package import Foundation
package import Graphs
import SwiftProtobuf

/// Writes a graph as an ONNX model: beside `path` first, then renamed, so that a reader never sees half of it.
///
/// The graph is one as imported, or specialized: image operators in channels-first order, no fused activations. The
/// model has operator set 17 (18 where an operator needs it), the names of the graph's values and its metadata.
///
/// - Throws: `notExportable` for what ONNX has no operator for; `unwritable`.
package func exportONNX(_ graph: Graph, to path: String) throws(ONNXError) {
    let data = try exportONNX(graph)
    do {
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
        throw .unwritable(path: path, reason: error.localizedDescription)
    }
}

/// The bytes of an ONNX model; see `exportONNX(_:to:)`.
package func exportONNX(_ graph: Graph) throws(ONNXError) -> Data {
    do {
        try GraphSpec.check(graph, pass: "export", specialized: false)
    } catch { throw .invalidGraph(error) }
    let model = try ModelExporter(graph).model()
    do {
        return try model.serializedBytes()
    } catch { throw .malformed("it is too large for one file") }
}
