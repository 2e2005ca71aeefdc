package import Evaluation

/// What tracking is worth by how often the detector looks.
///
///     let sweep = ReplaySweep(benchmark, intervals: [1, 3])
///     for row in try sweep.rows() { print(row.interval, row.evaluation.combined.summary.hota) }
package struct ReplaySweep: Sendable {
    /// A line of the table.
    package struct Row: Sendable {
        /// In every how many frames the detector looks.
        package let interval: Int
        /// Whether boxes are given at once.
        package let isOnline: Bool
        /// By which clock the tracker lives.
        package let clock: DetectionReplay.Clock
        /// The share of the frames in which the detector looks.
        package let looks: Double
        /// The figures of each sequence and of all together.
        package let evaluation: TrackingEvaluation
    }

    /// What is tracked.
    package let benchmark: ReplayBenchmark
    /// All other options of the replays.
    package var replay: DetectionReplay
    /// In every how many frames the detector looks.
    package let intervals: [Int]

    /// A sweep.
    package init(
        _ benchmark: ReplayBenchmark, intervals: [Int], replay: DetectionReplay = DetectionReplay()
    ) {
        (self.benchmark, self.intervals, self.replay) = (benchmark, intervals, replay)
    }

    /// The table: with frames that wait for the next detection and then without, by the time that passed and then by
    /// updates, for each interval.
    package func rows() throws(SaccadeError) -> [Row] {
        var rows: [Row] = []
        for isOnline in [false, true] {
            for clock in DetectionReplay.Clock.allCases {
                for interval in intervals {
                    var replay = replay
                    (replay.isOnline, replay.clock) = (isOnline, clock)
                    replay.schedule.detectEvery = interval
                    try replay.validate()
                    rows.append(
                        Row(
                            interval: interval, isOnline: isOnline, clock: clock,
                            looks: benchmark.lookShare(replay), evaluation: benchmark.evaluate(replay)))
                }
            }
        }
        return rows
    }
}
