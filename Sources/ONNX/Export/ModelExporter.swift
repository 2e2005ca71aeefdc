import struct Foundation.Data
import Graphs
import SwiftProtobuf
import Tensors

/// Turns a graph into the messages of a model file.
struct ModelExporter {
    private let graph: Graph
    /// The graph with the shapes of its values where its inputs have fixed sizes.
    private let shaped: Graph
    private let names: ValueNames

    init(_ graph: Graph) {
        self.graph = graph
        shaped = (try? graph.specialized()) ?? graph
        names = ValueNames(graph)
    }

    func model() throws(ONNXError) -> Onnx_ModelProto {
        var model = Onnx_ModelProto()
        let opset = NodeExporter.leastOpset(of: graph, shaped: shaped)
        // The version of the format that goes with operator sets 17 and 18, with 20, and with 21.
        model.irVersion = opset > 20 ? 10 : opset > 18 ? 9 : 8
        model.producerName = "saccade"
        model.opsetImport = [
            .with {
                $0.domain = ""
                $0.version = Int64(opset)
            }
        ]
        model.metadataProps = graph.metadata.sorted { $0.key < $1.key }.map { entry in
            .with {
                $0.key = entry.key
                $0.value = entry.value
            }
        }
        model.graph = try graphProto(opset: opset)
        return model
    }

    private func graphProto(opset: Int) throws(ONNXError) -> Onnx_GraphProto {
        var proto = Onnx_GraphProto()
        proto.name = graph.name.isEmpty ? "graph" : graph.name
        let state = ExportState(graph, names: names, opset: opset)
        for node in graph.nodes { try NodeExporter(node, state).run() }
        proto.node = state.nodes

        // Bytes of weights; a file of 2 GiB and more is no protocol buffer.
        var byteCount = 0
        let used = Set(graph.nodes.flatMap { $0.inputs.compactMap { $0 } } + graph.outputs)
        for (id, tensor) in graph.constants.sorted(by: { $0.key < $1.key }) where used.contains(id) {
            byteCount += tensor.byteCount
            guard byteCount < Int(Int32.max) else {
                throw .tooMuch("bytes of weights", count: byteCount, limit: Int(Int32.max))
            }
            proto.initializer.append(tensor.proto(name: names[id]))
        }
        proto.initializer += state.parameters

        for id in graph.inputs {
            let declared = graph[id].declared ?? graph.shape(of: id)?.dimensions.map { .fixed($0) }
            proto.input.append(valueInfo(id, declared))
        }
        for id in graph.outputs {
            let known = shaped.shape(of: id)?.dimensions.map { Graphs.Dimension.fixed($0) }
            proto.output.append(valueInfo(id, known ?? openDimensions(id)))
        }
        return proto
    }

    /// As many axes as a value has, of any extent: found with stand-ins for the sizes that the inputs leave open, which
    /// are large enough for a detector, or small enough for short sequences.
    private func openDimensions(_ id: ValueID) -> [Graphs.Dimension]? {
        for extent in [64, 16, 4, 1] {
            if let dimensions = openDimensions(id, standIn: extent) { return dimensions }
        }
        return nil
    }

    private func openDimensions(_ id: ValueID, standIn: Int) -> [Graphs.Dimension]? {
        var shapes = [String: Shape]()
        for input in graph.inputs {
            guard let declared = graph[input].declared else { continue }
            let extents = declared.enumerated().map { axis, dimension in
                if case .fixed(let extent) = dimension { return extent }
                return axis == 0 ? 1 : standIn
            }
            shapes[graph[input].name] = try? Shape(extents)
        }
        let example = try? graph.specialized(inputShapes: shapes)
        return example?.shape(of: id).map { shape in shape.dimensions.map { _ in .symbolic("") } }
    }

    private func valueInfo(_ id: ValueID, _ dimensions: [Dimension]?) -> Onnx_ValueInfoProto {
        .with { info in
            info.name = names[id]
            info.type.tensorType.elemType = Int32(graph[id].dtype.onnx.rawValue)
            guard let dimensions else { return }
            info.type.tensorType.shape.dim = dimensions.map { dimension in
                .with {
                    switch dimension {
                    case .fixed(let extent): $0.value = .dimValue(Int64(extent))
                    case .symbolic(""): $0.value = nil
                    case .symbolic(let symbol): $0.value = .dimParam(symbol)
                    }
                }
            }
        }
    }
}

/// The names of values in a file: their own, with a number behind where a pass has left two of one name.
struct ValueNames {
    private var names = [ValueID: String]()
    private var taken = Set<String>()

    init() {}

    init(_ graph: Graph) {
        // Inputs and outputs keep theirs in any case.
        for id in graph.inputs + graph.outputs where names[id] == nil { add(id, graph[id].name) }
        for id in graph.constants.keys.sorted() where names[id] == nil { add(id, graph[id].name) }
        for id in graph.nodes.flatMap(\.outputs) where names[id] == nil { add(id, graph[id].name) }
    }

    subscript(id: ValueID) -> String { names[id] ?? "" }

    private mutating func add(_ id: ValueID, _ name: String) { names[id] = unused(name) }

    /// A name that nothing has yet.
    mutating func unused(_ name: String) -> String {
        var result = name
        var number = 1
        while !taken.insert(result).inserted {
            result = "\(name)_\(number)"
            number += 1
        }
        return result
    }
}

extension DType {
    var onnx: Onnx_TensorProto.DataType {
        switch self {
        case .float32: .float
        case .int64: .int64
        case .int32: .int32
        case .uint8: .uint8
        case .int8: .int8
        case .bool: .bool
        }
    }
}

extension Tensor {
    /// Its elements as raw bytes, little-endian as they lie in memory.
    func proto(name: String) -> Onnx_TensorProto {
        .with {
            $0.name = name
            $0.dataType = Int32(dtype.onnx.rawValue)
            $0.dims = shape.dimensions.map { Int64($0) }
            $0.rawData = withExtendedLifetime(self) { Data(bytes: baseAddress, count: byteCount) }
        }
    }
}
