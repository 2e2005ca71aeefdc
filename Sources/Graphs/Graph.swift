package import Tensors

/// A computation: nodes in topological order over values that are each made once (by a graph input, a constant or a
/// node).
///
/// A graph is imported with whatever its file says about shapes. `specialized(inputShapes:evaluate:)` binds the symbolic
/// extents and gives every value a shape; passes and the executor work on specialized graphs only. Every tensor is
/// dense and row-major in its written shape: there are no hidden layouts.
///
/// What must hold is written in `GraphSpec` and checked after every pass.
package struct Graph: Sendable {
    package var name: String
    /// What the model file says about itself: class names, stride, image size, task.
    package var metadata: [String: String]
    /// Every value, found by its `ValueID`. Values that nothing makes or uses any more stay as unused entries.
    package private(set) var values: [Value]
    package var inputs: [ValueID]
    package var outputs: [ValueID]
    package var nodes: [Node]
    /// Weights and folded parameters.
    package private(set) var constants: [ValueID: Tensor]
    /// Constants that the builder of a model says are learned, in its order; see `learnedConstants`.
    package var parameters: [ValueID]

    package init(name: String, metadata: [String: String] = [:]) {
        self.name = name
        self.metadata = metadata
        values = []
        inputs = []
        outputs = []
        nodes = []
        constants = [:]
        parameters = []
    }

    package subscript(id: ValueID) -> Value {
        get { values[id.index] }
        set { values[id.index] = newValue }
    }

    /// The shape of a value; nil before the graph is specialized.
    package func shape(of id: ValueID) -> Shape? { values[id.index].shape }

    /// Type and shape of a value; nil before the graph is specialized.
    package func type(of id: ValueID) -> TensorType? { values[id.index].type }

    /// Type and shape of a value as operators see it; nil before the graph is specialized.
    package func meaning(of id: ValueID) -> TensorType? {
        let value = values[id.index]
        return value.shape.map { TensorType(dtype: value.meaning, shape: $0) }
    }

    package mutating func addValue(_ value: Value) -> ValueID {
        values.append(value)
        return ValueID(index: values.count - 1)
    }

    package mutating func addConstant(_ tensor: Tensor, name: String) -> ValueID {
        let id = addValue(Value(name: name, dtype: tensor.dtype, shape: tensor.shape))
        constants[id] = tensor
        return id
    }

    /// Makes an existing value a constant (nil: no longer one). Its type and shape become those of the tensor.
    package mutating func setConstant(_ tensor: Tensor?, for id: ValueID) {
        constants[id] = tensor
        guard let tensor else { return }
        values[id.index].dtype = tensor.dtype
        values[id.index].shape = tensor.shape
    }

    /// Makes a value readable as an output of its own name, whatever else it is.
    package mutating func addOutput(copying id: ValueID, name: String) {
        let copy = addValue(Value(name: name, dtype: self[id].dtype, shape: shape(of: id)))
        nodes.append(Node(name: name, op: .identity, inputs: [id], outputs: [copy]))
        outputs.append(copy)
    }

    /// The elements of an integer constant, such as a Reshape's shape or a Slice's starts; nil when `id` is not one.
    package func integers(_ id: ValueID?) -> [Int]? {
        guard let id, let tensor = constants[id] else { return nil }
        return tensor.integers
    }

    /// The only element of a float32 constant, such as a Clip's bound; nil when `id` is not one.
    package func scalar(_ id: ValueID?) -> Float? {
        guard let id, let tensor = constants[id], tensor.dtype == .float32, tensor.shape.count == 1 else { return nil }
        return tensor.withElements(as: Float.self) { $0.first }
    }

    /// The value named `name`, such as an intermediate result that a caller wants to see; the latest one of that name.
    package func value(named name: String) -> ValueID? {
        values.lastIndex { $0.name == name }.map { ValueID(index: $0) }
    }
}

/// A value's place in `Graph.values`.
package struct ValueID: Hashable, Comparable, Sendable {
    package let index: Int

    package init(index: Int) { self.index = index }

    package static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// What is known of a value before it is computed.
package struct Value: Hashable, Sendable {
    package var name: String
    package var dtype: DType
    /// Nil until the graph is specialized, except for constants and inputs of fixed size.
    package var shape: Shape?
    /// For inputs: the extents as the model file writes them, some of them symbolic.
    package var declared: [Dimension]?
    /// How the integers of this value stand for real numbers. Nodes that use or make such a value compute with the real
    /// numbers: to operators it is float32.
    package var quantization: QuantizationParameters?

    package init(name: String, dtype: DType, shape: Shape? = nil, declared: [Dimension]? = nil) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.declared = declared
    }

    package var type: TensorType? { shape.map { TensorType(dtype: dtype, shape: $0) } }

    /// What operators see: float32 where the elements stand for real numbers.
    package var meaning: DType { quantization == nil ? dtype : .float32 }
}

/// One extent of a graph input: a number, or a name that `specialized` binds.
package enum Dimension: Hashable, Sendable, CustomStringConvertible {
    case fixed(Int)
    case symbolic(String)

    package var description: String {
        switch self {
        case .fixed(let extent): String(extent)
        case .symbolic(let name): name.isEmpty ? "?" : name
        }
    }
}

/// Element type and shape.
package struct TensorType: Hashable, Sendable, CustomStringConvertible {
    package var dtype: DType
    package var shape: Shape

    package init(dtype: DType, shape: Shape) {
        self.dtype = dtype
        self.shape = shape
    }

    package var description: String { "\(dtype.rawValue) \(shape)" }
}

extension Tensor {
    package var type: TensorType { TensorType(dtype: dtype, shape: shape) }

    /// The elements of an int64 or int32 tensor; nil for other types.
    package var integers: [Int]? {
        switch dtype {
        case .int64: withElements(as: Int64.self) { $0.map { Int($0) } }
        case .int32: withElements(as: Int32.self) { $0.map { Int($0) } }
        default: nil
        }
    }
}
