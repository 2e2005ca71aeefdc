import Dispatch
import Foundation
import Pipelines
import Synchronization
import Testing

/// Workers that are lent in turns.
@Suite struct WorkerPoolTests {
    @Test func noWorkerIsLentTwiceAtATime() {
        let pool = WorkerPool([0, 1, 2])
        let lent = Mutex([false, false, false])
        let doubles = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<200 {
                pool.lend { worker in
                    lent.withLock { lent in
                        if lent[worker] { doubles.add(1, ordering: .relaxed) }
                        lent[worker] = true
                    }
                    sched_yield()
                    lent.withLock { $0[worker] = false }
                }
            }
        }
        #expect(doubles.load(ordering: .relaxed) == 0)
    }

    /// Whoever asks again at once stands behind those that wait.
    @Test func turnsAreEqualInNumber() {
        let pool = WorkerPool(["only"])
        let turns = Mutex<[Int]>([])
        let ready = DispatchSemaphore(value: 0)
        let group = DispatchGroup()
        for source in 0..<4 {
            DispatchQueue(label: "source \(source)").async(group: group) {
                ready.wait()
                for _ in 0..<50 {
                    pool.lend { _ in
                        turns.withLock { $0.append(source) }
                        usleep(200)
                    }
                }
            }
        }
        for _ in 0..<4 { ready.signal() }
        group.wait()
        // Between the first turn of the last source and the last turn of the first one, none is two turns ahead.
        let order = turns.withLock { $0 }
        var counts = [0, 0, 0, 0]
        var spread = 0
        for source in order.dropFirst(order.firstIndex { order.prefix(through: $0).max() == 3 } ?? 0) {
            counts[source] += 1
            if counts.allSatisfy({ $0 < 40 }) { spread = max(spread, (counts.max() ?? 0) - (counts.min() ?? 0)) }
        }
        #expect(order.count == 200)
        #expect(spread <= 5)
    }

    @Test func aWorkerThatThrowsIsLentAgain() {
        struct Failure: Error {}
        let pool = WorkerPool([7])
        #expect(throws: Failure.self) { try pool.lend { _ in throw Failure() } }
        #expect(pool.lend { $0 } == 7)
    }
}
