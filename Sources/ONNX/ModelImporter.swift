import Graphs
import Tensors

/// Turns the messages of a model file into a graph.
struct ModelImporter {
    private let model: Onnx_ModelProto
    private let name: String
    private let limits: ONNXLimits

    init(_ model: Onnx_ModelProto, name: String, limits: ONNXLimits) {
        self.model = model
        self.name = name
        self.limits = limits
    }

    func graph() throws(ONNXError) -> Graph {
        guard model.hasGraph else { throw .malformed("it has no graph") }
        try checkLimits()
        let opset = try opsetVersion()
        try checkOperators()

        let state = ImportState(Graph(name: name, metadata: try metadata()))
        for tensor in model.graph.initializer {
            try checkName(tensor.name)
            let constant = try TensorReader(tensor, limits: limits).tensor()
            try state.define(tensor.name, state.graph.addConstant(constant, name: tensor.name))
        }
        // Old models list their initializers among the inputs too.
        let initializers = Set(model.graph.initializer.map(\.name))
        for input in model.graph.input where !initializers.contains(input.name) {
            let id = state.graph.addValue(try value(of: input))
            state.graph.inputs.append(id)
            try state.define(input.name, id)
        }
        for index in try topologicalOrder(known: Set(state.values.keys)) {
            let proto = model.graph.node[index]
            let node = NodeImporter(proto, position: index, opset: opset, limits: limits, state: state)
            try node.run()
        }
        guard !model.graph.output.isEmpty else { throw .malformed("it has no outputs") }
        for output in model.graph.output {
            guard let id = state.values[output.name] else { throw .notMade(value: output.name, node: "(graph output)") }
            state.graph.outputs.append(id)
        }
        var graph = state.graph
        graph.eliminateDeadNodes()
        do {
            try GraphSpec.check(graph, pass: "import", specialized: false)
        } catch { throw .invalidGraph(error) }
        return graph
    }

    // MARK: What the file may have

    private func checkLimits() throws(ONNXError) {
        let graph = model.graph
        try check(graph.node.count, limits.nodes, "nodes")
        try check(graph.initializer.count, limits.tensors, "tensors")
        try check(graph.input.count, limits.tensors, "inputs")
        try check(graph.output.count, limits.tensors, "outputs")
        guard graph.sparseInitializer.isEmpty else { throw .malformed("sparse tensors are not supported") }
        for node in graph.node {
            try check(node.attribute.count, limits.attributesPerNode, "attributes of a node")
            try check(node.input.count, limits.valuesPerNode, "inputs of a node")
            try check(node.output.count, limits.valuesPerNode, "outputs of a node")
            for text in node.input + node.output + [node.name, node.opType, node.domain] {
                try check(text.utf8.count, limits.nameBytes, "bytes in a name")
            }
        }
    }

    private func check(_ count: Int, _ limit: Int, _ what: String) throws(ONNXError) {
        guard count <= limit else { throw .tooMuch(what, count: count, limit: limit) }
    }

    private func checkName(_ name: String) throws(ONNXError) {
        guard !name.isEmpty else { throw .malformed("a tensor or an input has no name") }
        try check(name.utf8.count, limits.nameBytes, "bytes in a name")
    }

    private func opsetVersion() throws(ONNXError) -> Int {
        guard let opset = model.opsetImport.first(where: { isONNX($0.domain) }) else { throw .unsupportedOpset(nil) }
        guard (7...21).contains(opset.version) else { throw .unsupportedOpset(Int(opset.version)) }
        return Int(opset.version)
    }

    private func isONNX(_ domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }

    private func checkOperators() throws(ONNXError) {
        var unsupported = [ONNXError.UnsupportedOperator]()
        var places = [String: Int]()
        for (index, node) in model.graph.node.enumerated() {
            if isONNX(node.domain), OperatorTable.functions[node.opType] != nil { continue }
            let op = isONNX(node.domain) ? node.opType : "\(node.domain).\(node.opType)"
            if let place = places[op] {
                unsupported[place].count += 1
            } else {
                places[op] = unsupported.count
                let name = node.name.isEmpty ? node.output.first ?? "#\(index)" : node.name
                unsupported.append(.init(op: op, node: name, count: 1))
            }
        }
        guard unsupported.isEmpty else { throw .unsupported(unsupported, model: name) }
    }

    private func metadata() throws(ONNXError) -> [String: String] {
        var bytes = 0
        var metadata = [String: String]()
        for entry in model.metadataProps {
            bytes += entry.key.utf8.count + entry.value.utf8.count
            try check(bytes, limits.metadataBytes, "bytes of metadata")
            metadata[entry.key] = entry.value
        }
        return metadata
    }

    // MARK: Inputs and order

    private func value(of input: Onnx_ValueInfoProto) throws(ONNXError) -> Value {
        try checkName(input.name)
        guard input.hasType, input.type.hasTensorType else {
            throw .invalidInput(name: input.name, reason: "it is not a tensor")
        }
        let type = input.type.tensorType
        guard let dtype = DType(onnx: Int(type.elemType)) else {
            throw .invalidInput(name: input.name, reason: "element type \(type.elemType) is not supported")
        }
        guard type.hasShape else { return Value(name: input.name, dtype: dtype) }
        try check(type.shape.dim.count, limits.rank, "axes of a tensor")
        let declared = type.shape.dim.map { dimension -> Dimension in
            switch dimension.value {
            case .dimValue(let extent) where extent > 0: .fixed(Int(extent))
            case .dimParam(let symbol): .symbolic(symbol)
            default: .symbolic("")
            }
        }
        return Value(name: input.name, dtype: dtype, declared: declared)
    }

    /// The nodes so that each comes after what it uses; files are meant to be in this order, and mostly are.
    private func topologicalOrder(known: Set<String>) throws(ONNXError) -> [Int] {
        let nodes = model.graph.node
        var makers = [String: Int]()
        for (index, node) in nodes.enumerated() {
            for output in node.output where !output.isEmpty {
                guard !known.contains(output), makers.updateValue(index, forKey: output) == nil else {
                    throw .madeTwice(value: output)
                }
            }
        }
        var waiting = Array(repeating: 0, count: nodes.count)
        var users = Array(repeating: [Int](), count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for input in Set(node.input) where !input.isEmpty && !known.contains(input) {
                guard let maker = makers[input] else { throw .notMade(value: input, node: title(index)) }
                waiting[index] += 1
                users[maker].append(index)
            }
        }
        var order = nodes.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for user in users[order[next]] {
                waiting[user] -= 1
                if waiting[user] == 0 { order.append(user) }
            }
            next += 1
        }
        if let stuck = nodes.indices.first(where: { waiting[$0] > 0 }) {
            let blocked = nodes[stuck].input.first { makers[$0].map { waiting[$0] > 0 } ?? false }
            throw .notMade(value: blocked ?? "", node: title(stuck))
        }
        // Files in order keep their order.
        return isOrdered(makers) ? Array(nodes.indices) : order
    }

    private func isOrdered(_ makers: [String: Int]) -> Bool {
        model.graph.node.enumerated().allSatisfy { index, node in
            node.input.allSatisfy { makers[$0].map { $0 < index } ?? true }
        }
    }

    private func title(_ index: Int) -> String {
        let node = model.graph.node[index]
        return node.name.isEmpty ? node.output.first ?? "#\(index)" : node.name
    }
}

/// The graph while it is imported, and which of its values a name of the file stands for.
final class ImportState {
    var graph: Graph
    private(set) var values = [String: ValueID]()

    init(_ graph: Graph) { self.graph = graph }

    func define(_ name: String, _ id: ValueID) throws(ONNXError) {
        guard values.updateValue(id, forKey: name) == nil else { throw .madeTwice(value: name) }
    }
}
