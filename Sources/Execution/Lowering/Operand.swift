import Graphs
import Kernels
import Tensors

/// What lowering knows of a node's input or output: type, layout, and the tensor when it is a constant.
struct Operand {
    let type: TensorType
    /// Elements between rows of the last axis.
    let rowStride: Int
    let constant: Tensor?
    /// How integers stand for real numbers, where they do.
    let quantization: QuantizationParameters?

    init(
        _ type: TensorType, rowStride: Int? = nil, constant: Tensor? = nil,
        quantization: QuantizationParameters? = nil
    ) {
        self.quantization = quantization
        self.type = type
        self.rowStride = rowStride ?? type.shape.rowLength
        self.constant = constant
    }

    var dtype: DType { type.dtype }
    var shape: Shape { type.shape }
    var strides: [Int] { shape.strides(rowStride: rowStride) }
    var isDense: Bool { rowStride == shape.rowLength || shape.rowCount <= 1 }

    func view(at address: UnsafeMutableRawPointer) -> TensorView {
        TensorView(address: address, dtype: dtype, shape: shape, rowStride: rowStride)
    }

    /// Strides for reading this operand as one of shape `extents`.
    func broadcastStrides(to extents: [Int]) -> [Int] { shape.broadcastStrides(rowStride: rowStride, to: extents) }
}

/// A node's operator with its operands, on the way to a step.
struct Lowering {
    let op: Operator
    let inputs: [Operand?]
    let outputs: [Operand]
    let instructionSet: InstructionSet
    /// Name of the chosen kernel, for listings.
    var kernel = "reference"
    var multiplyAdds = 0
    /// Whether the step has copied its constant parameters, whose memory it reads no more.
    var packsParameters = false
    /// Bytes that the step writes and nobody reads later.
    var scratchByteCount = 0

    init(_ op: Operator, inputs: [Operand?], outputs: [Operand], instructionSet: InstructionSet) {
        self.op = op
        self.inputs = inputs
        self.outputs = outputs
        self.instructionSet = instructionSet
    }

    func optional(_ index: Int) -> Operand? { index < inputs.count ? inputs[index] : nil }

    func input(_ index: Int) throws(ExecutionError) -> Operand {
        guard let operand = optional(index) else { throw ExecutionError(.invalidGraph("input \(index) is missing")) }
        return operand
    }

    /// The elements of a constant integer input; nil when it is left out.
    func integers(_ index: Int) throws(ExecutionError) -> [Int]? {
        guard let operand = optional(index) else { return nil }
        guard let integers = operand.constant?.integers else {
            throw ExecutionError(.unsupported("input \(index) that is computed"))
        }
        return integers
    }

    /// The elements of a constant float input; nil when it is left out.
    func floats(_ index: Int) throws(ExecutionError) -> [Float]? {
        guard let operand = optional(index) else { return nil }
        guard let tensor = operand.constant, tensor.dtype == .float32 else {
            throw ExecutionError(.unsupported("input \(index) that is computed"))
        }
        return tensor.elements(as: Float.self)
    }

    /// The most entries of a table that is made when a plan is: one for each index along an axis, or for each matrix.
    static let maximumTable = 1 << 20

    /// Throws `unsupported` for a table that a few bytes of a model could make larger than all the rest of the plan.
    func checkTable(_ entries: Int) throws(ExecutionError) {
        guard entries <= Self.maximumTable else { throw unsupported("a table of \(entries) indices") }
    }

    func unsupported(_ what: String) -> ExecutionError { ExecutionError(.unsupported(what)) }
}
