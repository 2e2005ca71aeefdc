import Graphs
import Tensors

/// One node of the model file while it is imported: its inputs, its attributes with their defaults, and the nodes that
/// it becomes.
struct NodeImporter {
    let proto: Onnx_NodeProto
    let opset: Int
    let limits: ONNXLimits
    let state: ImportState
    /// The node's name, or its output's.
    let name: String
    private let attributes: [String: Onnx_AttributeProto]

    init(_ proto: Onnx_NodeProto, position: Int, opset: Int, limits: ONNXLimits, state: ImportState) {
        self.proto = proto
        self.opset = opset
        self.limits = limits
        self.state = state
        let firstOutput = proto.output.first { !$0.isEmpty }
        name = proto.name.isEmpty ? firstOutput ?? "\(proto.opType)#\(position)" : proto.name
        attributes = Dictionary(proto.attribute.map { ($0.name, $0) }) { first, _ in first }
    }

    func run() throws(ONNXError) {
        guard let function = OperatorTable.functions[proto.opType] else {
            throw .unsupported([.init(op: proto.opType, node: name, count: 1)], model: state.graph.name)
        }
        guard attributes.count == proto.attribute.count else { throw invalid("an attribute appears twice") }
        for attribute in proto.attribute where attribute.hasG || attribute.type == .graph || attribute.type == .graphs {
            throw invalid("subgraphs are not supported")
        }
        try function(self)
    }

    func invalid(_ reason: String) -> ONNXError { .invalidNode(name: name, op: proto.opType, reason: reason) }

    // MARK: Inputs

    /// The input at `index`; nil when it is left out.
    func optional(_ index: Int) throws(ONNXError) -> ValueID? {
        guard index < proto.input.count, !proto.input[index].isEmpty else { return nil }
        guard let id = state.values[proto.input[index]] else {
            throw .notMade(value: proto.input[index], node: name)
        }
        return id
    }

    func input(_ index: Int) throws(ONNXError) -> ValueID {
        guard let id = try optional(index) else { throw invalid("input \(index) is missing") }
        return id
    }

    /// All inputs, each of which must be there.
    func inputs() throws(ONNXError) -> [ValueID] {
        var ids = [ValueID]()
        for index in proto.input.indices { ids.append(try input(index)) }
        guard !ids.isEmpty else { throw invalid("it has no inputs") }
        return ids
    }

    func tensor(_ id: ValueID?) -> Tensor? { id.flatMap { state.graph.constants[$0] } }

    /// The integers of an input that must be a constant, nil when it is left out.
    func constantIntegers(_ index: Int) throws(ONNXError) -> [Int]? {
        guard let id = try optional(index) else { return nil }
        guard let integers = state.graph.integers(id) else { throw invalid("input \(index) must be a constant") }
        return integers
    }

    /// How many axes a graph input is declared with; nil where nothing is known.
    func declaredRank(_ id: ValueID) -> Int? { state.graph[id].declared?.count }

    /// An extent of a graph input; nil where it is not fixed.
    func fixedExtent(_ id: ValueID, _ axis: Int) -> Int? {
        guard let declared = state.graph[id].declared, declared.indices.contains(axis),
            case .fixed(let extent) = declared[axis]
        else { return nil }
        return extent
    }

    func dtype(_ id: ValueID) -> DType { state.graph[id].dtype }

    // MARK: Attributes

    func has(_ name: String) -> Bool { attributes[name] != nil }

    private func attribute(
        _ name: String, _ type: Onnx_AttributeProto.AttributeType
    ) throws(ONNXError) -> Onnx_AttributeProto? {
        guard let attribute = attributes[name] else { return nil }
        guard !attribute.hasType || attribute.type == type else {
            throw invalid("attribute \"\(name)\" is not of type \(type)")
        }
        return attribute
    }

    func integer(_ name: String, _ fallback: Int) throws(ONNXError) -> Int {
        try attribute(name, .int).map { Int($0.i) } ?? fallback
    }

    func flag(_ name: String, _ fallback: Bool = false) throws(ONNXError) -> Bool {
        try integer(name, fallback ? 1 : 0) != 0
    }

    func integers(_ name: String) throws(ONNXError) -> [Int]? {
        try attribute(name, .ints).map { $0.ints.map { Int($0) } }
    }

    func float(_ name: String, _ fallback: Float) throws(ONNXError) -> Float {
        try attribute(name, .float)?.f ?? fallback
    }

    func floats(_ name: String) throws(ONNXError) -> [Float]? { try attribute(name, .floats)?.floats }

    func string(_ name: String, _ fallback: String) throws(ONNXError) -> String {
        guard let attribute = try attribute(name, .string) else { return fallback }
        return String(decoding: attribute.s, as: UTF8.self)
    }

    func strings(_ name: String) throws(ONNXError) -> [String]? {
        try attribute(name, .strings)?.strings.map { String(decoding: $0, as: UTF8.self) }
    }

    func tensorAttribute(_ name: String) throws(ONNXError) -> Tensor? {
        guard let attribute = try attribute(name, .tensor) else { return nil }
        return try TensorReader(attribute.t, limits: limits).tensor()
    }

    // MARK: Nodes of the graph

    /// An intermediate result.
    func make(_ op: Operator, _ inputs: [ValueID?]) throws(ONNXError) -> ValueID {
        let part = state.graph.nodes.count
        return try add(op, inputs, names: ["\(name).\(op.name)\(part)"])[0]
    }

    /// Several intermediate results of one node.
    func makeAll(_ op: Operator, _ inputs: [ValueID?], count: Int) throws(ONNXError) -> [ValueID] {
        let part = state.graph.nodes.count
        return try add(op, inputs, names: (0..<count).map { "\(name).\(op.name)\(part).\($0)" })
    }

    /// The node's results, made already.
    func define(_ ids: [ValueID]) throws(ONNXError) {
        for (output, id) in zip(proto.output, ids) where !output.isEmpty {
            state.graph[id].name = output
            try state.define(output, id)
        }
    }

    /// The node's results: as many as `count`, or as the file names.
    func finish(_ op: Operator, _ inputs: [ValueID?], count: Int? = nil) throws(ONNXError) {
        let count = count ?? 1
        var names = [String]()
        for index in 0..<count {
            let given = index < proto.output.count ? proto.output[index] : ""
            names.append(given.isEmpty ? "\(name).unused\(index)" : given)
        }
        let ids = try add(op, inputs, names: names)
        for (index, id) in ids.enumerated() where index < proto.output.count && !proto.output[index].isEmpty {
            try state.define(proto.output[index], id)
        }
    }

    /// The node's result, known already.
    func finish(constant tensor: Tensor) throws(ONNXError) {
        guard let output = proto.output.first, !output.isEmpty else { throw invalid("it has no output") }
        try state.define(output, state.graph.addConstant(tensor, name: output))
    }

    func constant<Element: TensorElement>(_ elements: [Element], _ shape: [Int]) throws(ONNXError) -> ValueID {
        do {
            let tensor = try Tensor(elements, shape: shape)
            return state.graph.addConstant(tensor, name: "\(name).constant\(state.graph.values.count)")
        } catch { throw invalid("a parameter of shape \(shape)") }
    }

    func constant(_ integers: [Int]) throws(ONNXError) -> ValueID {
        try constant(integers.map { Int64($0) }, [integers.count])
    }

    func constant(_ value: Float) throws(ONNXError) -> ValueID { try constant([value], []) }

    private func add(_ op: Operator, _ inputs: [ValueID?], names: [String]) throws(ONNXError) -> [ValueID] {
        var inputs = inputs
        while case .some(.none) = inputs.last { inputs.removeLast() }
        if case .resize = op { while inputs.count < 2 { inputs.append(nil) } }
        let dtypes: [DType]
        do {
            dtypes = try op.outputDTypes(
                inputs.map { $0.map { state.graph[$0].dtype } }, outputCount: names.count)
        } catch { throw invalid("\(error)") }
        let ids = zip(names, dtypes).map { state.graph.addValue(Value(name: $0, dtype: $1)) }
        state.graph.nodes.append(Node(name: name, op: op, inputs: inputs, outputs: ids))
        return ids
    }
}
