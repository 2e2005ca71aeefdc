import Foundation
import Histogram

/// How long a stage took, element by element.
///
///     let metrics = StageMetrics("detect")
///     try metrics.measure { try detector.detect(image) }
///     metrics.snapshot.p95
///
/// The latency of a run is one more such measure, from a frame's arrival (decoded, or captured) to its output
/// written, recorded with `record(since:)`.
package final class StageMetrics: @unchecked Sendable {
    // Sendable: `histogram` and `total` are read and written under `lock` only.

    /// The figures so far, in seconds.
    package struct Snapshot: Sendable, Hashable {
        package let name: String
        package let count: Int
        package let total: Double
        package let p50: Double
        package let p95: Double
        package let p99: Double
        package let maximum: Double
    }

    package let name: String
    private let lock = NSLock()
    /// In microseconds, up to an hour, to three significant digits.
    private var histogram = Histogram<UInt32>(
        lowestDiscernibleValue: 1, highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three)
    private var total = 0.0

    package init(_ name: String) { self.name = name }

    package func measure<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = ContinuousClock.now
        defer { record(since: start) }
        return try body()
    }

    package func record(since start: ContinuousClock.Instant) { record(ContinuousClock.now - start) }

    package func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let microseconds = UInt64(max(0, seconds)) * 1_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000_000
        lock.withLock {
            histogram.record(min(microseconds, 3_600_000_000))
            total += Double(microseconds) / 1e6
        }
    }

    package var snapshot: Snapshot {
        lock.withLock {
            guard histogram.totalCount > 0 else {
                return Snapshot(name: name, count: 0, total: 0, p50: 0, p95: 0, p99: 0, maximum: 0)
            }
            func quantile(_ percent: Double) -> Double { Double(histogram.valueAtPercentile(percent)) / 1e6 }
            return Snapshot(
                name: name, count: Int(histogram.totalCount), total: total, p50: quantile(50), p95: quantile(95),
                p99: quantile(99), maximum: Double(histogram.max) / 1e6)
        }
    }
}
