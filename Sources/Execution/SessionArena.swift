import Tensors

/// The memory in which sessions run that never run at the same time: as much as the largest of them needs. Plans for
/// several shapes, of which one runs after the other, then need the memory of one.
///
/// What a run left there is gone when another session runs: inputs are to be written before each run.
package final class SessionArena: @unchecked Sendable {
    // Sendable: whoever shares an arena lets one session run, and be made, at a time.
    private var buffer: TensorBuffer

    package init() throws(ExecutionError) {
        do { buffer = try TensorBuffer(byteCount: 0) } catch { throw ExecutionError(.outOfMemory(bytes: 0)) }
    }

    var baseAddress: UnsafeMutableRawPointer { buffer.baseAddress }

    /// Makes it as large as a plan needs.
    func reserve(_ byteCount: Int) throws(ExecutionError) {
        guard buffer.byteCount < byteCount else { return }
        do {
            // The old memory goes first: two of them may be too much.
            buffer = try TensorBuffer(byteCount: 0)
            buffer = try TensorBuffer(byteCount: byteCount)
        } catch { throw ExecutionError(.outOfMemory(bytes: byteCount)) }
    }
}
