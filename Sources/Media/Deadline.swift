import CFFmpeg
import Glibc
import Synchronization

/// A monotonic deadline and a cancel flag that blocking input and output obey.
///
/// One thread arms it before a call that may block; any thread may `cancel`. libav* asks through its interrupt
/// callback, our own reads and writes ask between polls.
package final class Deadline: Sendable {
    /// Nanoseconds of the monotonic clock; `.max` means no deadline.
    private let expiry = Atomic<UInt64>(.max)
    private let cancelled = Atomic<Bool>(false)

    private let shouldCancel: @Sendable () -> Bool

    /// `shouldCancel` is asked, too, whenever a wait looks at the deadline.
    package init(shouldCancel: @escaping @Sendable () -> Bool = { false }) { self.shouldCancel = shouldCancel }

    /// Makes the deadline `seconds` from now; without end when that is not a positive finite number.
    package func arm(seconds: Double) {
        let limited = seconds.isFinite && seconds > 0 && seconds < 1e9 ? UInt64(seconds * 1e9) : nil
        expiry.store(limited.map { Deadline.now &+ $0 } ?? .max, ordering: .relaxed)
    }

    package func disarm() { expiry.store(.max, ordering: .relaxed) }

    /// Sleeps for so long, less when cancelled. Returns whether the time has passed.
    package func sleep(seconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(min(max(0, seconds), 1e6))
        while !isCancelled {
            let left = (end - .now) / .seconds(1)
            guard left > 0 else { return true }
            usleep(UInt32(min(left, 0.05) * 1e6) + 1)
        }
        return false
    }

    /// Ends every wait under this deadline, now and later.
    package func cancel() { cancelled.store(true, ordering: .relaxed) }

    package var isCancelled: Bool { cancelled.load(ordering: .relaxed) || shouldCancel() }

    package var isExpired: Bool { Deadline.now >= expiry.load(ordering: .relaxed) }

    /// Whether a blocking call has to return.
    var interrupts: Bool { isCancelled || isExpired }

    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// The callback for libav*. It does not retain the deadline: whoever installs it keeps it alive.
    var interruptCallback: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<Deadline>.fromOpaque(opaque).takeUnretainedValue().interrupts ? 1 : 0
            }, opaque: Unmanaged.passUnretained(self).toOpaque())
    }
}
