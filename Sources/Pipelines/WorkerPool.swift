import Foundation

/// Workers that are lent, first come, first served.
///
///     let pool = WorkerPool(detectors)
///     // on the stage of each source
///     let boxes = try pool.lend { detector in try detector.detect(newest.pop()) }
///
/// Who asks again stands behind all who wait, so sources that each ask for one worker at a time get their turns in
/// equal number, however fast their frames come.
package final class WorkerPool<Worker: Sendable>: @unchecked Sendable {
    // Sendable: the stored variables are read and written under `condition` only.
    private let condition = NSCondition()
    private var idle: [Worker]
    private var nextTicket = 0
    private var nowServing = 0

    package init(_ workers: [Worker]) {
        precondition(!workers.isEmpty, "a pool needs a worker")
        idle = workers
    }

    /// How many wait for a worker.
    package var waitingCount: Int { condition.withLock { nextTicket - nowServing } }

    /// Waits for a worker and calls `body` with it. A worker that throws is lent again all the same.
    package func lend<Result: ~Copyable>(_ body: (Worker) throws -> Result) rethrows -> Result {
        let worker = take()
        defer { giveBack(worker) }
        return try body(worker)
    }

    private func take() -> Worker {
        condition.lock()
        defer { condition.unlock() }
        let ticket = nextTicket
        nextTicket += 1
        while ticket != nowServing || idle.isEmpty { condition.wait() }
        nowServing += 1
        // The next in line may find another one.
        condition.broadcast()
        return idle.removeLast()
    }

    private func giveBack(_ worker: Worker) {
        condition.withLock {
            idle.append(worker)
            condition.broadcast()
        }
    }
}
