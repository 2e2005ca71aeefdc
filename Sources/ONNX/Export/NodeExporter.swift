import Foundation
import Graphs
import SwiftProtobuf
import Tensors

/// The nodes of the file while they are written, and the parameters that ONNX has as tensors and the graph as attributes.
final class ExportState {
    let graph: Graph
    let opset: Int
    private var names: ValueNames
    private var nodeNames = ValueNames()
    private(set) var nodes = [Onnx_NodeProto]()
    private(set) var parameters = [Onnx_TensorProto]()
    /// Weights that are kept as integers, for their shape.
    let dequantized: [ValueID: Node]

    init(_ graph: Graph, names: ValueNames, opset: Int) {
        self.graph = graph
        self.names = names
        self.opset = opset
        dequantized = graph.dequantizedConstants()
    }

    func name(_ id: ValueID?) -> String { id.map { names[$0] } ?? "" }

    /// Node names are not repeated in a file; the parts that an operator was read as share theirs.
    func append(_ node: Onnx_NodeProto) {
        var node = node
        node.name = nodeNames.unused(node.name)
        nodes.append(node)
    }

    /// The name of a new initializer of one number.
    func parameter(_ number: Float, name: String) -> String {
        let name = names.unused(name)
        parameters.append(
            .with {
                $0.name = name
                $0.dataType = Int32(DType.float32.onnx.rawValue)
                $0.floatData = [number]
            })
        return name
    }

    /// The name of a new intermediate result.
    func intermediate(_ name: String) -> String { names.unused(name) }

    /// The name of a new initializer.
    func parameter(_ tensor: Tensor, name: String) -> String {
        let name = names.unused(name)
        parameters.append(tensor.proto(name: name))
        return name
    }
}

/// One node of the graph while it is written as the ONNX operator that it is.
struct NodeExporter {
    let node: Node
    let state: ExportState

    init(_ node: Node, _ state: ExportState) {
        self.node = node
        self.state = state
    }

    /// 21 for a GroupNormalization, whose parameters were one for each group before; 20 for a Gelu; 18 where a Pad names its axes or a Split
    /// makes parts of different sizes without saying so; 17 otherwise.
    static func leastOpset(of graph: Graph, shaped: Graph) -> Int {
        let hasGroups = graph.nodes.contains { node in
            if case .groupNormalization(let normalization) = node.op {
                return !shaped.isInstanceNormalization(node, normalization)
            }
            return false
        }
        if hasGroups { return 21 }
        if graph.nodes.contains(where: { [.unary(.gelu), .unary(.geluTanh)].contains($0.op) }) { return 20 }
        let needsMore = graph.nodes.contains { node in
            switch node.op {
            case .pad: node.input(3) != nil
            case .split(let axis): node.input(1) == nil && !shaped.splitsEvenly(node, axis: axis)
            default: false
            }
        }
        return needsMore ? 18 : 17
    }

    func run() throws(ONNXError) {
        switch node.op {
        case .convolution(let convolution): try conv(convolution)
        case .batchNormalization(let normalization): try batchNormalization(normalization)
        case .maxPool(let pool): try maxPool(pool)
        case .averagePool(let pool, let countsPadding): try averagePool(pool, countsPadding: countsPadding)
        case .globalAveragePool(let format): try globalAveragePool(format)
        case .resize(let resize): try self.resize(resize)
        case .unary(let function): try unary(function)
        case .clip: try clip()
        case .binary(let function): binary(function)
        case .where: write("Where")
        case .cast(let dtype): write("Cast", ["to": .integer(dtype.onnx.rawValue)])
        case .identity, .stopGradient: write("Identity")
        case .matMul: write("MatMul")
        case .gemm(let gemm): self.gemm(gemm)
        case .softmax(let axis): write("Softmax", ["axis": .integer(axis)])
        case .reduce(let reduce): try self.reduce(reduce)
        case .argMax(let axis, let keepsDimension):
            write("ArgMax", ["axis": .integer(axis), "keepdims": .flag(keepsDimension)])
        case .topK(let axis, let largest): write("TopK", ["axis": .integer(axis), "largest": .flag(largest)])
        case .concat(let axis): write("Concat", ["axis": .integer(axis)])
        case .split(let axis): split(axis: axis)
        case .slice: write("Slice")
        case .reshape(let allowsZero): write("Reshape", allowsZero ? ["allowzero": .flag(true)] : [:])
        case .flatten(let axis): write("Flatten", ["axis": .integer(axis)])
        case .squeeze(let axes): try squeeze(axes: axes)
        case .unsqueeze(let axes): try unsqueeze(axes: axes)
        case .transpose(let permutation): write("Transpose", permutation.map { ["perm": .integers($0)] } ?? [:])
        case .expand: write("Expand")
        case .tile: write("Tile")
        case .gather(let axis): write("Gather", ["axis": .integer(axis)])
        case .gatherElements(let axis): write("GatherElements", ["axis": .integer(axis)])
        case .pad(let mode): write("Pad", ["mode": .string(mode.rawValue)])
        case .quantizeLinear(let axis): write("QuantizeLinear", ["axis": .integer(axis)])
        case .dequantizeLinear(let axis): write("DequantizeLinear", ["axis": .integer(axis)])
        case .convolutionTranspose(let convolution, let outputPadding):
            try convTranspose(convolution, outputPadding: outputPadding)
        case .groupNormalization(let normalization): try groupNormalization(normalization)
        case .layerNormalization(let epsilon): try layerNormalization(epsilon: epsilon)
        case .logSoftmax(let axis): write("LogSoftmax", ["axis": .integer(axis)])
        case .dropout(let dropout): self.dropout(dropout)
        case .lstm(let recurrence): try lstm(recurrence)
        case .gru(let recurrence, let linearBeforeReset):
            try gru(recurrence, linearBeforeReset: linearBeforeReset)
        case .trainingBatchNormalization, .ctcLoss, .gradient: throw unfit("it is a part of training")
        case .requantize: throw unfit("it changes the representation of integers")
        case .shapeOf(let start, let end): shape(start: start, end: end)
        case .range: write("Range")
        }
    }

    // MARK: The message

    enum Attribute {
        case integer(Int)
        case flag(Bool)
        case float(Float)
        case string(String)
        case integers([Int])
    }

    /// Appends the node; its inputs are the graph's unless others are named. Of its outputs the first `outputs` are written.
    func write(
        _ op: String, _ attributes: [String: Attribute] = [:], inputs: [String]? = nil, outputs: Int = .max
    ) {
        var inputs = inputs ?? node.inputs.map { state.name($0) }
        while inputs.last == "" { inputs.removeLast() }
        state.append(
            .with { proto in
                proto.name = node.name
                proto.opType = op
                proto.input = inputs
                proto.output = node.outputs.prefix(outputs).map { state.name($0) }
                // In order of name, so that one graph has one file.
                proto.attribute = attributes.sorted { $0.key < $1.key }.map { $1.proto(name: $0) }
            })
    }

    /// Appends a node for an intermediate result, and gives its name.
    func part(_ op: String, _ inputs: [String]) -> String {
        let result = state.intermediate("\(node.name).\(op)")
        state.append(
            .with { proto in
                proto.name = "\(node.name).\(op)"
                proto.opType = op
                proto.input = inputs
                proto.output = [result]
            })
        return result
    }

    func name(_ index: Int) -> String { state.name(node.input(index)) }

    /// The name of a list of integers that the graph has as an attribute.
    func parameter(_ values: [Int], _ suffix: String) throws(ONNXError) -> String {
        do {
            let tensor = try Tensor(values.map { Int64($0) }, shape: [values.count])
            return state.parameter(tensor, name: "\(node.name).\(suffix)")
        } catch { throw unfit("a list of \(values.count) integers") }
    }

    func unfit(_ reason: String) -> ONNXError {
        .notExportable(node: node.name, op: node.op.name, reason: reason)
    }
}

extension NodeExporter.Attribute {
    func proto(name: String) -> Onnx_AttributeProto {
        .with {
            $0.name = name
            switch self {
            case .integer(let value):
                $0.type = .int
                $0.i = Int64(value)
            case .flag(let value):
                $0.type = .int
                $0.i = value ? 1 : 0
            case .float(let value):
                $0.type = .float
                $0.f = value
            case .string(let value):
                $0.type = .string
                $0.s = .init(value.utf8)
            case .integers(let values):
                $0.type = .ints
                $0.ints = values.map { Int64($0) }
            }
        }
    }
}

extension Graph {
    /// Whether each channel is a group; a graph without shapes says so by the normalization's scale.
    fileprivate func isInstanceNormalization(_ node: Node, _ normalization: GroupNormalization) -> Bool {
        node.input(1).flatMap { shape(of: $0) }?.count == normalization.groups
    }

    /// Whether it is known that the parts of a split without sizes are equal.
    fileprivate func splitsEvenly(_ node: Node, axis: Int) -> Bool {
        guard let x = node.input(0).flatMap({ shape(of: $0) }) else { return false }
        let front = axis < 0 ? axis + x.rank : axis
        return x.dimensions.indices.contains(front) && x[front] % node.outputs.count == 0
    }
}
