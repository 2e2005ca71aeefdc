import Synchronization
import Tensors

/// The memory in which sessions run that never run at the same time: as much as the largest of them needs. Plans for
/// several shapes, of which one runs after the other, then need the memory of one.
///
/// What a run left there is gone when another session runs: inputs are to be written before each run, outputs read before
/// the next. A session that finds another one at work throws `busy`, as it does when it is at work itself.
package final class SessionArena: @unchecked Sendable {
    // Sendable: the memory is only touched, and exchanged, by the one who holds `inUse`.
    private var buffer: TensorBuffer
    private let inUse = Atomic<Bool>(false)

    package init() throws(ExecutionError) {
        do { buffer = try TensorBuffer(byteCount: 0) } catch { throw ExecutionError(.outOfMemory(bytes: 0)) }
    }

    var baseAddress: UnsafeMutableRawPointer { buffer.baseAddress }

    /// Takes hold of the memory for a plan that needs that much of it.
    func begin(_ byteCount: Int) throws(ExecutionError) {
        guard !inUse.exchange(true, ordering: .acquiring) else { throw ExecutionError(.busy) }
        do {
            try reserve(byteCount)
        } catch {
            end()
            throw error
        }
    }

    func end() { inUse.store(false, ordering: .releasing) }

    private func reserve(_ byteCount: Int) throws(ExecutionError) {
        guard buffer.byteCount < byteCount else { return }
        do {
            // The old memory goes first: two of them may be too much.
            buffer = try TensorBuffer(byteCount: 0)
            buffer = try TensorBuffer(byteCount: byteCount)
        } catch { throw ExecutionError(.outOfMemory(bytes: byteCount)) }
    }
}
