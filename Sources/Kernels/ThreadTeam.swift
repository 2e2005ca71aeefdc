import CSaccadeKernels
import Dispatch
import Foundation
import Synchronization

/// The threads that work on one operator together with the thread that runs it. There is one team in a process, as there
/// is one set of cores.
///
/// An operator's work is cut into numbered pieces. The caller announces them in one word and takes pieces itself; a
/// worker that sees the word takes pieces too. Nobody waits for a worker that comes late: it finds nothing left. So an
/// operator of some microseconds is worth sharing, and a machine that takes a core away costs one piece of time at most.
/// A worker that has seen nothing for some tens of microseconds sleeps until it is woken, and a caller who finds the team
/// taken works alone.
final class ThreadTeam: @unchecked Sendable {
    // Sendable: `job` is written by the one caller that holds `isTaken`, before it announces the pieces, and read by
    // workers that have taken one, until they have counted it as done, for which the caller waits. So the closure that it
    // borrows is alive when they call it.
    static let shared = ThreadTeam(workers: ProcessInfo.processInfo.activeProcessorCount - 1)

    private let workers: Int
    private let isTaken = Atomic<Bool>(false)
    /// The job's number, how many pieces it has, and how many of them are taken: one word, so that a piece is always one
    /// of the job that its taker saw.
    private let announcement = Atomic<UInt64>(0)
    private let done = Atomic<Int>(0)
    /// Workers that may take part in the job.
    private let admitted = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let alarm = DispatchSemaphore(value: 0)
    private var job = sk_closure(code: nil, context: nil)

    /// Rounds of waiting before a worker sleeps, some 50 microseconds in all.
    private static let patience = 2000
    private static let countBits: UInt64 = 20
    static let maximumCount = 1 << 20 - 1

    private init(workers: Int) {
        self.workers = workers
        for index in 0..<max(workers, 0) {
            let thread = Thread { [self] in work(index) }
            thread.name = "saccade.kernels.\(index)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Calls `body` with 0 ..< count, on this thread and on up to `helpers` others, and returns when all are done.
    /// Returns false, and has done nothing, when the team works for someone else.
    func run(_ count: Int, helpers: Int, _ body: (Int) -> Void) -> Bool {
        guard workers > 0, count <= Self.maximumCount, !isTaken.exchange(true, ordering: .acquiring) else {
            return false
        }
        borrow(body, into: &job)
        announce(count, helpers: helpers)
        isTaken.store(false, ordering: .releasing)
        return true
    }

    private func announce(_ count: Int, helpers: Int) {
        done.store(0, ordering: .relaxed)
        admitted.store(helpers, ordering: .relaxed)
        let number = (announcement.load(ordering: .relaxed) >> (2 * Self.countBits)) &+ 1
        let word = (number << (2 * Self.countBits)) | (UInt64(count) << Self.countBits)
        announcement.store(word, ordering: .sequentiallyConsistent)
        var asleep = min(sleepers.load(ordering: .sequentiallyConsistent), helpers, count - 1)
        while asleep > 0 {
            alarm.signal()
            asleep -= 1
        }
        while takePiece() {}
        var rounds = 0
        while done.load(ordering: .acquiring) < count {
            rounds += 1
            // Somebody holds the last piece; if the machine has taken the core away, give it this one.
            if rounds > Self.patience { sched_yield() } else { sk_pause() }
        }
    }

    /// Takes one piece and works on it; false when there is none.
    private func takePiece() -> Bool {
        let mask = (1 << Self.countBits) - 1 as UInt64
        var word = announcement.load(ordering: .acquiring)
        while true {
            let next = word & mask
            guard next < (word >> Self.countBits) & mask else { return false }
            let (exchanged, original) = announcement.compareExchange(
                expected: word, desired: word + 1, ordering: .acquiringAndReleasing)
            word = original
            guard exchanged else { continue }
            // The job lives until all its pieces are done, this one among them.
            sk_closure_call(job, Int(next))
            done.wrappingAdd(1, ordering: .releasing)
            return true
        }
    }

    private func work(_ index: Int) {
        while true {
            var rounds = 0
            while rounds < Self.patience {
                if index < admitted.load(ordering: .relaxed), takePiece() { rounds = 0 } else { rounds += 1 }
                sk_pause()
            }
            // Between counting itself asleep and sleeping it looks again, so that no announcement is missed.
            sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
            if index >= admitted.load(ordering: .relaxed) || !takePiece() { alarm.wait() }
            sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        }
    }
}

/// Keeps the two words of a closure, which must not be called after the caller's function has returned; see `closure.h`.
@_silgen_name("sk_closure_borrow")
private func borrow(_ body: (Int) -> Void, into closure: UnsafeMutablePointer<sk_closure>)
