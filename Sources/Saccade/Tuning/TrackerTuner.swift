package import Evaluation
package import Tracking

/// Searches the tracker's parameters on sequences with a ground truth.
///
///     let benchmark = try ReplayBenchmark(truth: "mot15", detections: DetectionSequence.all(at: "mot15"))
///     var tuner = TrackerTuner(benchmark)
///     tuner.detectEvery = [1, 3, 6]
///     let tuning = try tuner.run(crossValidates: true)
///     print(tuning.fitted.objective, tuning.crossValidated?.objective)
///     let yaml = TrackerParameterFile(tuning.configuration).text()
///
/// The objective is the mean over `detectEvery` of a metric of all sequences together. Half of the trials change some of
/// the start's parameters at random, the others go on from the best of these in steps that grow with success and shrink
/// without. The start is a trial too, so no result is worse than it by the objective. What is found depends on the seed
/// and the number of trials, not on the number of threads.
///
/// With cross-validation each sequence is left out once: the search is done anew on the others, and what it finds is
/// measured on the one that it has not seen.
package struct TrackerTuner: Sendable {
    /// What is to be high.
    package enum Metric: String, Hashable, Sendable, CaseIterable {
        /// The mean of HOTA and IDF1.
        case hotaAndIDF1 = "hota+idf1"
        case hota
        case idf1
        case mota

        /// Its value, up to 1.
        package func value(_ summary: TrackingSummary) -> Double {
            switch self {
            case .hotaAndIDF1: (summary.hota + summary.idf1) / 2
            case .hota: summary.hota
            case .idf1: summary.idf1
            case .mota: summary.mota
            }
        }
    }

    /// The sequences.
    package let benchmark: ReplayBenchmark
    /// In every how many frames the detector looks; each counts alike.
    package var detectEvery = [1]
    /// Whether boxes are given at once; see `DetectionReplay`.
    package var isOnline = false
    /// What is to be high.
    package var metric = Metric.hotaAndIDF1
    /// The parameters that are searched.
    package var parameters = TrackerParameter.all.filter { $0.search != nil }
    /// Where the search starts.
    package var start = TrackerConfiguration()
    /// How many configurations a search tries, the start among them.
    package var trials = 400
    /// What the search draws depends on it.
    package var seed: UInt64 = 0
    /// How many configurations are tried at a time.
    package var threads = 1

    /// A tuner over some sequences.
    package init(_ benchmark: ReplayBenchmark) { self.benchmark = benchmark }

    /// How far a run is.
    package struct Progress: Sendable {
        /// Configurations that were tried.
        package let done: Int
        /// Configurations that will be tried.
        package let total: Int
        /// The best objective on all sequences so far.
        package let best: Double
    }

    /// Searches.
    ///
    /// - Parameter onProgress: called now and then; `false` ends the run with `CancellationError`.
    package func run(
        crossValidates: Bool = false, onProgress: (Progress) -> Bool = { _ in true }
    ) throws -> TrackerTuning {
        let all = Array(benchmark.sequences.indices)
        let isValidated = crossValidates && all.count > 1
        let sets = [all] + (isValidated ? all.map { out in all.filter { $0 != out } } : [])
        var search = TrackerSearch(tuner: self, sets: sets)
        try search.explore(onProgress)
        for set in sets.indices { try search.refine(set, onProgress) }
        let best = search.best.map(\.configuration)
        var validated: TrackerTuning.Score?
        var held: [TrackerTuning.HeldOut] = []
        if isValidated {
            let figures = all.map { self.figures(best[$0 + 1], on: [$0]) }
            let defaults = all.map { self.figures(start, on: [$0]) }
            held = all.map { index in
                TrackerTuning.HeldOut(
                    sequence: benchmark.sequences[index].truth.name, start: objective(defaults[index]),
                    tuned: objective(figures[index]))
            }
            validated = score(detectEvery.indices.map { place in figures.map { $0[place] }.reduce(.init(), +) })
        }
        return TrackerTuning(
            configuration: best[0], start: score(figures(start, on: all)), fitted: score(figures(best[0], on: all)),
            crossValidated: validated, heldOut: held)
    }

    /// The figures of some sequences together, for each of `detectEvery`.
    func figures(_ configuration: TrackerConfiguration, on sequences: [Int]) -> [TrackingFigures] {
        detectEvery.map { every in
            var replay = DetectionReplay()
            replay.confidence = configuration.trackHigh
            replay.tracker.lowConfidence = configuration.trackLow
            replay.tracker.parameters = configuration
            replay.schedule.detectEvery = max(1, every)
            replay.isOnline = isOnline
            return sequences.reduce(TrackingFigures()) { sum, index in
                sum + TrackingFigures(benchmark.sequences[index].tracked(by: replay))
            }
        }
    }

    /// The objective of figures as `figures` gives them.
    func objective(_ figures: [TrackingFigures]) -> Double {
        figures.reduce(0) { $0 + metric.value($1.summary) } / Double(max(figures.count, 1))
    }

    private func score(_ figures: [TrackingFigures]) -> TrackerTuning.Score {
        TrackerTuning.Score(objective: objective(figures), figures: figures.map(\.summary))
    }
}

/// What a search for the tracker's parameters found.
package struct TrackerTuning: Sendable {
    /// What a configuration is worth.
    package struct Score: Hashable, Sendable, Codable {
        /// The mean of the metric.
        package let objective: Double
        /// The figures of all sequences together, for each of `TrackerTuner.detectEvery`.
        package let figures: [TrackingSummary]
    }

    /// A sequence that was left out of a search.
    package struct HeldOut: Hashable, Sendable, Codable {
        /// Its name.
        package let sequence: String
        /// The objective of the start on it.
        package let start: Double
        /// The objective of what was found on the others.
        package let tuned: Double
    }

    /// The best configuration for all sequences.
    package let configuration: TrackerConfiguration
    /// What the start is worth.
    package let start: Score
    /// What the best configuration is worth on the sequences on which it was found.
    package let fitted: Score
    /// What searches are worth on the sequences that they had not seen; `nil` without cross-validation.
    package let crossValidated: Score?
    /// The same for each sequence.
    package let heldOut: [HeldOut]
}
