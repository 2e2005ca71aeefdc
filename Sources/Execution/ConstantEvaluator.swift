package import Graphs
import Kernels
package import Tensors

/// Computes an operator on constants with the kernels that a plan would use: what constant folding is given.
///
/// Returns nil for what has no kernel, and for results of more than `largestGrowth` elements that have more elements than
/// the inputs: those are left to the plan, whose memory has a limit. Throws for an index out of range and when memory is
/// lacking.
@Sendable
package func evaluateConstants(
    _ op: Operator, _ inputs: [Tensor?], _ outputs: [TensorType]
) throws -> [Tensor]? {
    let inputCount = inputs.reduce(0) { $0 + ($1?.shape.count ?? 0) }
    let outputCount = outputs.reduce(0) { $0 + $1.shape.count }
    guard outputCount <= max(inputCount, largestGrowth) else { return nil }
    // Folding comes before normalization: axes may count from the end here.
    let op = try op.normalized(inputs.map { $0?.type })
    var lowering = Lowering(
        op, inputs: inputs.map { tensor in tensor.map { Operand($0.type, constant: $0) } },
        outputs: outputs.map { Operand($0) }, instructionSet: .best)
    let body: StepBody
    do {
        body = try lowering.body()
    } catch {
        if case .unsupported = error.reason { return nil }
        throw error
    }
    var offsets: [Int] = []
    var byteCount = 0
    for type in outputs {
        offsets.append(byteCount)
        byteCount +=
            (type.shape.count * type.dtype.stride + TensorBuffer.alignment) / TensorBuffer.alignment
            * TensorBuffer.alignment
    }
    let arena = try TensorBuffer(byteCount: byteCount + lowering.scratchByteCount)
    let context = StepContext(
        arena: arena.baseAddress, shared: nil,
        inputs: inputs.map { tensor in tensor.map { .constant(ConstantAddress(pointer: $0.baseAddress)) } },
        outputs: offsets.map { .arena($0) }, scratch: arena.baseAddress + byteCount, threads: 1)
    let isInRange = withExtendedLifetime(inputs) { body(context) }
    guard isInRange else { throw ExecutionError(.indexOutOfRange, op: op.name) }
    var results: [Tensor] = []
    for (type, offset) in zip(outputs, offsets) {
        let source = arena.baseAddress + offset
        results.append(
            try Tensor(dtype: type.dtype, shape: type.shape) { bytes in
                bytes.copyMemory(from: UnsafeRawBufferPointer(start: source, count: bytes.count))
            })
    }
    return results
}

/// Elements.
private let largestGrowth = 1 << 20
