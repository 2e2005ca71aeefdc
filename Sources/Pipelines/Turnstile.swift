import Foundation

/// Lets several workers share one ordered stream: they take elements one at a time, work on them in parallel, and pass
/// them on in the order in which they were taken.
///
///     // on each of the workers
///     while var taken = turnstile.enter({ decoded.pop() }) {
///         detect(&taken.element)
///         guard turnstile.leave(taken, { _ = detected.push($0) }) else { break }
///     }
///
/// A worker that has taken a ticket must leave with it, or `cancel()` the turnstile.
package final class Turnstile: @unchecked Sendable {
    // Sendable: the stored variables are read and written under `exit` only; `entrance` guards the way in.
    private let entrance = NSLock()
    private let exit = NSCondition()
    private var nextTicket = 0
    private var nowServing = 0
    private var cancelled = false

    package init() {}

    /// Calls `take` alone; what it returns is numbered in the order of the calls. `nil` passes through without number.
    package func enter<Element: ~Copyable>(_ take: () -> Element?) -> Ticketed<Element>? {
        entrance.lock()
        defer { entrance.unlock() }
        guard let element = take() else { return nil }
        defer { nextTicket += 1 }
        return Ticketed(ticket: nextTicket, element: element)
    }

    /// Waits for its turn and calls `pass` alone. Returns `false`, with the element gone, when cancelled.
    package func leave<Element: ~Copyable>(
        _ taken: consuming Ticketed<Element>, _ pass: (consuming Element) -> Void
    ) -> Bool {
        exit.lock()
        defer { exit.unlock() }
        while nowServing != taken.ticket, !cancelled { exit.wait() }
        guard !cancelled else { return false }
        pass(taken.element)
        nowServing += 1
        exit.broadcast()
        return true
    }

    /// Wakes everybody who waits to leave.
    package func cancel() {
        exit.withLock {
            cancelled = true
            exit.broadcast()
        }
    }
}

/// An element with its place in the order.
package struct Ticketed<Element: ~Copyable>: ~Copyable {
    package let ticket: Int
    package var element: Element

    package init(ticket: Int, element: consuming Element) {
        self.ticket = ticket
        self.element = element
    }
}
