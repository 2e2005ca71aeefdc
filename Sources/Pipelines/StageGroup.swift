import Dispatch
import Foundation

/// The stages of one run, each a loop on its own Dispatch queue, joined by bounded queues.
///
///     let stages = StageGroup()
///     stages.onCancel { decoded.cancel() }
///     stages.start("decode") { while let frame = try source.next(), decoded.push(frame) {}; decoded.finish() }
///     stages.start("write") { while let frame = decoded.pop() { try writer.write(frame) } }
///     try stages.join()
///
/// The first stage that throws ends the run: every `onCancel` action is called once, which wakes the others, and
/// `join()` throws that first error.
package final class StageGroup: @unchecked Sendable {
    // Sendable: the stored variables are read and written under `lock` only.
    private let lock = NSLock()
    private let group = DispatchGroup()
    private var firstError: (any Error)?
    private var cancelActions: [@Sendable () -> Void] = []
    private var isCancelled = false

    package init() {}

    /// Adds what wakes a stage that waits; called at most once, from any thread, at once when already cancelled.
    package func onCancel(_ action: @escaping @Sendable () -> Void) {
        let late = lock.withLock {
            if !isCancelled { cancelActions.append(action) }
            return isCancelled
        }
        if late { action() }
    }

    /// Runs a stage's loop on a queue labelled `saccade.<name>`.
    package func start(_ name: String, _ body: @escaping @Sendable () throws -> Void) {
        DispatchQueue(label: "saccade.\(name)", qos: .userInitiated).async(group: group) {
            do { try body() } catch { self.cancel(with: error) }
        }
    }

    /// Ends the run now. Without an error `join()` returns normally.
    package func cancel(with error: (any Error)? = nil) {
        let actions = lock.withLock {
            if firstError == nil, !isCancelled { firstError = error }
            isCancelled = true
            defer { cancelActions = [] }
            return cancelActions
        }
        for action in actions { action() }
    }

    /// Waits until every stage has returned; throws the first error.
    package func join() throws {
        group.wait()
        if let error = lock.withLock({ firstError }) { throw error }
    }
}
