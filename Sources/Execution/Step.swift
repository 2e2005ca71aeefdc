import Tensors

/// Where a tensor's first element is.
enum Location: Sendable, Hashable {
    /// Bytes from the beginning of the session's arena.
    case arena(Int)
    /// Bytes from the beginning of the memory that the session was given.
    case shared(Int)
    /// A constant, kept alive by the plan.
    case constant(ConstantAddress)
}

/// The address of memory that is only read.
struct ConstantAddress: @unchecked Sendable, Hashable {
    // Sendable: the memory is a `Tensor`'s and never written.
    let pointer: UnsafeRawPointer
}

/// What a step sees when it runs: the addresses of its operands.
struct StepContext {
    let arena: UnsafeMutableRawPointer
    let shared: UnsafeMutableRawPointer?
    let inputs: [Location?]
    let outputs: [Location]
    /// As many bytes as the lowering asked for, 64-byte aligned.
    let scratch: UnsafeMutableRawPointer
    let threads: Int

    private func resolve(_ location: Location) -> UnsafeMutableRawPointer {
        switch location {
        case .arena(let offset): arena + offset
        case .shared(let offset):
            // A session checks that there is such memory.
            shared.unsafelyUnwrapped + offset
        case .constant(let address): UnsafeMutableRawPointer(mutating: address.pointer)
        }
    }

    /// The input at `index`, which is there: optional inputs are found missing when the operator is lowered.
    func input(_ index: Int) -> UnsafeMutableRawPointer {
        guard let location = inputs[index] else { preconditionFailure("input \(index) is left out") }
        return resolve(location)
    }

    func output(_ index: Int) -> UnsafeMutableRawPointer { resolve(outputs[index]) }

    func floats(input index: Int) -> UnsafeMutablePointer<Float> { input(index).assumingMemoryBound(to: Float.self) }

    func floats(output index: Int) -> UnsafeMutablePointer<Float> { output(index).assumingMemoryBound(to: Float.self) }
}

/// What runs an operator on the operands of a context. Returns false when an index among the data is out of range.
typealias StepBody = @Sendable (StepContext) -> Bool

/// One operator of a plan, ready to run.
struct Step: Sendable {
    let node: String
    let op: String
    let kernel: String
    let inputs: [Location?]
    let outputs: [Location]
    let body: StepBody
    let multiplyAdds: Int
    let scratchByteCount: Int
}
