import Graphs
import Kernels
package import Tensors

/// Runs a plan, again and again, in memory of its own, or in an arena that several sessions have in common.
///
///     let session = try Session(plan, threads: 2)
///     try session.withInput(0) { bytes in /* write the pixels in place */ }
///     try session.run()
///     let best = try session.withOutput(0, as: Float.self) { $0.max() }
///
/// A session does one thing at a time: a call while another one is on its way throws `busy`. For several frames in
/// flight make several sessions on one plan. Inputs keep their contents until they are written again; outputs are valid
/// until the next run. The results do not depend on `threads`.
package final class Session: @unchecked Sendable {
    // Sendable: the arena is only touched by the session that holds it (`SessionArena.begin`).
    package let plan: ExecutionPlan
    package let threads: Int

    private let arena: SessionArena
    private let shared: SharedMemory?

    /// - Parameters:
    ///   - threads: threads that work on one run together.
    ///   - shared: where the inputs and outputs of `ExecutionOptions.shared` lie.
    ///   - arena: memory that it has in common with other sessions; nil: its own.
    package init(
        _ plan: ExecutionPlan, threads: Int = 1, shared: SharedMemory? = nil, arena: SessionArena? = nil
    ) throws(ExecutionError) {
        guard plan.sharedByteCount <= shared?.byteCount ?? 0 else {
            throw ExecutionError(.inputMismatch("shared memory of less than \(plan.sharedByteCount) bytes"))
        }
        self.plan = plan
        self.shared = shared
        self.threads = max(threads, 1)
        if let arena {
            self.arena = arena
        } else {
            self.arena = try SessionArena()
        }
        // A memory that the system does not have is known now.
        try self.arena.begin(plan.arenaByteCount)
        self.arena.end()
    }

    /// Calls `body` with the bytes of an input, dense and row-major, to be written in place.
    package func withInput<Result>(
        _ index: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) throws(ExecutionError) -> Result {
        guard plan.inputSlots.indices.contains(index) else { throw ExecutionError(.unknownTensor("input \(index)")) }
        try begin()
        defer { end() }
        let slot = plan.inputSlots[index]
        return body(
            UnsafeMutableRawBufferPointer(
                start: address(slot), count: slot.port.shape.count * slot.port.dtype.stride))
    }

    /// Computes the outputs from the inputs.
    package func run() throws(ExecutionError) {
        try begin()
        defer { end() }
        for step in plan.steps { try run(step) }
    }

    /// Computes what does not depend on the plan's late inputs. Then outputs among it can be read, the late inputs be
    /// written, and `runLate` does the rest.
    package func runEarly() throws(ExecutionError) {
        try begin()
        defer { end() }
        for step in plan.steps[..<plan.earlyCount] { try run(step) }
    }

    /// Computes what `runEarly` left.
    package func runLate() throws(ExecutionError) {
        try begin()
        defer { end() }
        for step in plan.steps[plan.earlyCount...] { try run(step) }
    }

    /// As `run`, with the time that each of the plan's operations took.
    package func runTimed() throws(ExecutionError) -> [Duration] {
        try begin()
        defer { end() }
        var times: [Duration] = []
        times.reserveCapacity(plan.steps.count)
        for step in plan.steps {
            let start = ContinuousClock.now
            try run(step)
            times.append(ContinuousClock.now - start)
        }
        return times
    }

    /// Calls `body` with the elements of an output, dense and row-major.
    package func withOutput<Element: TensorElement, Result>(
        _ index: Int, as type: Element.Type, _ body: (UnsafeBufferPointer<Element>) -> Result
    ) throws(ExecutionError) -> Result {
        guard plan.outputSlots.indices.contains(index) else { throw ExecutionError(.unknownTensor("output \(index)")) }
        let slot = plan.outputSlots[index]
        guard slot.port.dtype == type.dtype else {
            throw ExecutionError(.inputMismatch("\(slot.port.name) is \(slot.port.dtype), not \(type.dtype)"))
        }
        try begin()
        defer { end() }
        let start = UnsafeRawPointer(address(slot)).assumingMemoryBound(to: type)
        return body(UnsafeBufferPointer(start: start, count: slot.port.shape.count))
    }

    /// Calls `body` with a function that gives the bytes of an output, dense and row-major, for readers of several
    /// outputs at once. The bytes are valid until `body` returns.
    package func withOutputs<Result>(_ body: ((Int) -> UnsafeRawBufferPointer) -> Result) throws(ExecutionError)
        -> Result
    {
        try begin()
        defer { end() }
        return body { index in
            let slot = plan.outputSlots[index]
            return UnsafeRawBufferPointer(
                start: address(slot), count: slot.port.shape.count * slot.port.dtype.stride)
        }
    }

    /// A copy of an output.
    package func output(_ index: Int) throws(ExecutionError) -> Tensor {
        guard plan.outputSlots.indices.contains(index) else { throw ExecutionError(.unknownTensor("output \(index)")) }
        try begin()
        defer { end() }
        return try tensor(plan.outputSlots[index])
    }

    /// A copy of an intermediate tensor that `ExecutionOptions.keep` names; what its integers stand for, where it has some,
    /// is in `ExecutionPlan.kept`.
    package func tensor(named name: String) throws(ExecutionError) -> Tensor {
        guard let slot = plan.keptSlots[name] else { throw ExecutionError(.unknownTensor(name)) }
        try begin()
        defer { end() }
        return try tensor(slot)
    }

    /// Copies the inputs in, runs, and copies the outputs out.
    package func run(_ inputs: [Tensor]) throws(ExecutionError) -> [Tensor] {
        guard inputs.count == plan.inputSlots.count else {
            throw ExecutionError(.inputMismatch("\(inputs.count) inputs for \(plan.inputSlots.count)"))
        }
        for (index, tensor) in inputs.enumerated() {
            let port = plan.inputSlots[index].port
            guard tensor.type == port.type else {
                throw ExecutionError(.inputMismatch("\(port.name) is \(port.type), not \(tensor.type)"))
            }
            try withInput(index) { bytes in
                bytes.copyMemory(from: UnsafeRawBufferPointer(start: tensor.baseAddress, count: tensor.byteCount))
            }
        }
        try run()
        var outputs: [Tensor] = []
        for index in plan.outputSlots.indices { outputs.append(try output(index)) }
        return outputs
    }

    private func begin() throws(ExecutionError) { try arena.begin(plan.arenaByteCount) }

    private func end() { arena.end() }

    private func run(_ step: Step) throws(ExecutionError) {
        let context = StepContext(
            arena: arena.baseAddress, shared: shared?.baseAddress, inputs: step.inputs, outputs: step.outputs,
            scratch: arena.baseAddress + plan.scratchOffset, threads: threads)
        guard step.body(context) else { throw ExecutionError(.indexOutOfRange, node: step.node, op: step.op) }
    }

    private func address(_ slot: ExecutionPlan.Slot) -> UnsafeMutableRawPointer {
        switch slot.location {
        case .arena(let offset): arena.baseAddress + offset
        case .shared(let offset): shared.unsafelyUnwrapped.baseAddress + offset
        case .constant(let address): UnsafeMutableRawPointer(mutating: address.pointer)
        }
    }

    private func tensor(_ slot: ExecutionPlan.Slot) throws(ExecutionError) -> Tensor {
        let shape = slot.port.shape
        let size = slot.port.dtype.stride
        let source = address(slot)
        do {
            return try Tensor(dtype: slot.port.dtype, shape: shape) { bytes in
                guard let target = bytes.baseAddress else { return }
                StridedCopy(
                    extents: shape.dimensions, source: shape.strides(rowStride: slot.rowStride),
                    target: shape.strides, elementSize: size
                ).run(from: source, to: target)
            }
        } catch { throw ExecutionError(.outOfMemory(bytes: shape.count * size)) }
    }
}
