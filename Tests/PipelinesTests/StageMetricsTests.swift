import Pipelines
import Testing

@Suite struct StageMetricsTests {
    @Test func quantilesAreExactToOnePerThousand() {
        let metrics = StageMetrics("detect")
        for millisecond in 1...1000 { metrics.record(.milliseconds(millisecond)) }
        let snapshot = metrics.snapshot
        #expect(snapshot.count == 1000)
        #expect(abs(snapshot.total - 500.5) < 0.01)
        #expect(abs(snapshot.p50 - 0.5) < 0.001)
        #expect(abs(snapshot.p95 - 0.95) < 0.001)
        #expect(abs(snapshot.p99 - 0.99) < 0.001)
        #expect(abs(snapshot.maximum - 1) < 0.001)
    }

    @Test func nothingRecordedIsZero() {
        #expect(StageMetrics("idle").snapshot.p99 == 0)
    }
}
