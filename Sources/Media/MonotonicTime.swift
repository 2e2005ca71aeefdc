/// A moment on the machine's monotonic clock: no step of the wall clock moves it.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Since some moment before the program began.
    package let nanoseconds: UInt64

    package static var now: MonotonicTime { MonotonicTime(nanoseconds: Deadline.now) }

    /// Seconds that passed since; negative for a moment that is still to come.
    package var age: Double { Double(Int64(bitPattern: Deadline.now &- nanoseconds)) / 1e9 }

    /// The moment so many seconds later.
    package func advanced(by seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds &+ UInt64(min(max(0, seconds), 1e9) * 1e9))
    }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }
}
