package import Graphs

/// Why a model file was refused, or not written.
package enum ONNXError: Error, Hashable, CustomStringConvertible {
    /// The file cannot be read: missing, not a regular file, denied.
    case unreadable(path: String, reason: String)
    /// More of something than a model may have.
    case tooMuch(String, count: Int, limit: Int)
    /// Not ONNX, or damaged.
    case malformed(String)
    /// A version of the operator set that is not among 7...21, or a model without one.
    case unsupportedOpset(Int?)
    /// Everything in the model that Saccade cannot run.
    case unsupported([UnsupportedOperator], model: String)
    /// Weights in other files are refused.
    case externalData(tensor: String)
    case invalidTensor(name: String, reason: String)
    case invalidNode(name: String, op: String, reason: String)
    /// A value that nothing makes, or a cycle.
    case notMade(value: String, node: String)
    case madeTwice(value: String)
    case invalidInput(name: String, reason: String)
    case invalidGraph(GraphError)
    /// A node of a graph that is to be written has no form in ONNX.
    case notExportable(node: String, op: String, reason: String)
    case unwritable(path: String, reason: String)

    /// One operator that Saccade does not know, at its first place.
    package struct UnsupportedOperator: Hashable, Sendable {
        /// With its domain in front when it is not ONNX's own.
        package var op: String
        package var node: String
        /// How many nodes use it.
        package var count: Int

        package init(op: String, node: String, count: Int) {
            self.op = op
            self.node = node
            self.count = count
        }
    }

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): return "cannot read \(path): \(reason)"
        case .tooMuch(let what, let count, let limit):
            return "the model has \(count) \(what); at most \(limit) are read"
        case .malformed(let reason): return "not a valid ONNX model: \(reason)"
        case .unsupportedOpset(nil): return "the model names no ONNX operator set"
        case .unsupportedOpset(let version?):
            return "the model uses operator set \(version); Saccade reads 7 to 21 (export it again with opset=17)"
        case .unsupported(let operators, let model):
            let list = operators.map { "\($0.op) (node \"\($0.node)\"\($0.count > 1 ? ", \($0.count) in all" : ""))" }
            return "the model \"\(model)\" uses operators that Saccade does not support: "
                + list.joined(separator: ", ")
        case .externalData(let tensor):
            return "the tensor \"\(tensor)\" keeps its data in another file; save the model as a single file"
        case .invalidTensor(let name, let reason): return "invalid tensor \"\(name)\": \(reason)"
        case .invalidNode(let name, let op, let reason): return "invalid node \"\(name)\" (\(op)): \(reason)"
        case .notMade(let value, let node):
            return "the value \"\(value)\", used by node \"\(node)\", is not made before it is used, or in a cycle"
        case .madeTwice(let value): return "the value \"\(value)\" is made twice"
        case .invalidInput(let name, let reason): return "invalid graph input \"\(name)\": \(reason)"
        case .invalidGraph(let error): return "invalid model: \(error)"
        case .notExportable(let node, let op, let reason):
            return "the node \"\(node)\" (\(op)) cannot be written as ONNX: \(reason)"
        case .unwritable(let path, let reason): return "cannot write \(path): \(reason)"
        }
    }
}

/// How much a model may have. Files are untrusted.
package struct ONNXLimits: Hashable, Sendable {
    package var fileBytes: Int
    package var nodes: Int
    package var tensors: Int
    package var attributesPerNode: Int
    package var valuesPerNode: Int
    package var rank: Int
    package var nameBytes: Int
    package var metadataBytes: Int
    package var messageDepth: Int

    package init() {
        fileBytes = (1 << 31) - 1
        nodes = 100_000
        tensors = 100_000
        attributesPerNode = 64
        valuesPerNode = 4096
        rank = 16
        nameBytes = 1 << 16
        metadataBytes = 1 << 20
        messageDepth = 32
    }
}
