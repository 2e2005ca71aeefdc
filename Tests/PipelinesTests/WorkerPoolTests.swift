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

    /// Whoever asks again at once stands behind those that wait, and they have their turns in the order in which they came.
    @Test func turnsAreInTheOrderOfAsking() {
        let pool = WorkerPool(["only"])
        let turns = Mutex<[Int]>([])
        let group = DispatchGroup()
        let last = 4
        for _ in 0..<20 {
            pool.lend { _ in
                for source in 0..<last {
                    DispatchQueue(label: "source \(source)").async(group: group) {
                        pool.lend { _ in turns.withLock { $0.append(source) } }
                    }
                    while pool.waitingCount <= source { usleep(50) }
                }
            }
            pool.lend { _ in turns.withLock { $0.append(last) } }
            group.wait()
        }
        #expect(turns.withLock { $0 } == (0..<20).flatMap { _ in 0...last })
        #expect(pool.waitingCount == 0)
    }

    @Test func aWorkerThatThrowsIsLentAgain() {
        struct Failure: Error {}
        let pool = WorkerPool([7])
        #expect(throws: Failure.self) { try pool.lend { _ in throw Failure() } }
        #expect(pool.lend { $0 } == 7)
    }
}
