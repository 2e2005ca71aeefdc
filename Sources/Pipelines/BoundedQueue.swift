import DequeModule
import Foundation

/// What a full queue does with one more element.
package enum DropPolicy: Sendable {
    /// The producer waits: nothing is lost (files).
    case block
    /// The oldest waiting element goes: the newest wins (live sources).
    case dropOldest
}

/// The arrow between two stages: a first-in, first-out queue of bounded capacity for elements that have one owner.
///
///     let decoded = BoundedQueue<Frame>(capacity: 4, whenFull: .block)
///     decodeQueue.async { while let frame = decoder.next() { guard decoded.push(frame) else { break } }; decoded.finish() }
///     detectQueue.async { while let frame = decoded.pop() { ... } }
///
/// `finish()` ends the flow in order: what is queued is still delivered, then `pop` returns `nil`. `cancel()` ends it
/// at once: what is queued is freed, waiting producers and consumers wake, `push` returns `false`.
package final class BoundedQueue<Element: ~Copyable & Sendable>: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `condition` only.
    package let capacity: Int
    package let policy: DropPolicy

    private let condition = NSCondition()
    private var elements: RigidDeque<Element>
    private var finished = false
    private var cancelled = false
    private var dropped = 0
    private var highWater = 0

    package init(capacity: Int, whenFull policy: DropPolicy) {
        precondition(capacity > 0, "a queue needs room for one element")
        self.capacity = capacity
        self.policy = policy
        elements = RigidDeque(capacity: capacity)
    }

    /// Elements that `.dropOldest` threw away so far.
    package var dropCount: Int { condition.withLock { dropped } }

    /// The most elements that ever waited.
    package var highWaterMark: Int { condition.withLock { highWater } }

    /// Appends an element, waiting for room under `.block`. Returns `false` when the queue was finished or cancelled
    /// and the element is gone.
    package func push(_ element: consuming Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        if policy == .block {
            while elements.count == capacity, !cancelled, !finished { condition.wait() }
        }
        guard !cancelled, !finished else { return false }
        if elements.count == capacity {
            _ = elements.removeFirst()
            dropped += 1
        }
        elements.append(element)
        highWater = max(highWater, elements.count)
        condition.broadcast()
        return true
    }

    /// Takes the oldest element, waiting for one; `nil` once the queue has ended.
    package func pop() -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty, !finished, !cancelled { condition.wait() }
        guard !elements.isEmpty, !cancelled else { return nil }
        let element = elements.removeFirst()
        condition.broadcast()
        return element
    }

    /// Waits for an element and calls `body` with the oldest, which stays: by the time it is popped a newer one may have
    /// taken its place. `nil` once the queue has ended.
    package func peek<Result>(_ body: (borrowing Element) -> Result) -> Result? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty, !finished, !cancelled { condition.wait() }
        guard !elements.isEmpty, !cancelled else { return nil }
        return body(elements[0])
    }

    /// Ends the flow after what is queued.
    package func finish() {
        condition.withLock {
            finished = true
            condition.broadcast()
        }
    }

    /// Ends the flow now and frees what is queued.
    package func cancel() {
        condition.withLock {
            cancelled = true
            elements.removeAll()
            condition.broadcast()
        }
    }
}
