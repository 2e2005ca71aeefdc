import Dispatch
import Evaluation
import Glibc
import Synchronization
import Tracking

/// The course of a search for each of some sets of sequences: one shared walk at random, then steps from the best of each
/// set.
struct TrackerSearch {
    /// A configuration, and what it is worth on a set.
    struct Candidate {
        var configuration: TrackerConfiguration
        var objective: Double
    }

    private let tuner: TrackerTuner
    /// Places of sequences in the benchmark.
    private let sets: [[Int]]
    private let random: Philox
    /// The best candidate of each set.
    private(set) var best: [Candidate]
    private var done = 0

    /// Configurations that are tried before the next are drawn; it does not depend on the threads.
    private static let batch = 16

    init(tuner: TrackerTuner, sets: [[Int]]) {
        (self.tuner, self.sets) = (tuner, sets)
        random = Philox(seed: tuner.seed)
        best = sets.map { _ in Candidate(configuration: tuner.start, objective: -.infinity) }
    }

    private var explored: Int { max(1, (tuner.trials + 1) / 2) }
    private var refined: Int { max(0, tuner.trials - explored) }

    /// Tries the start and changes of it, on all sequences; the best of each set is kept.
    mutating func explore(_ onProgress: (TrackerTuner.Progress) -> Bool) throws {
        let (tuner, sets) = (self.tuner, self.sets)
        for first in stride(from: 0, to: explored, by: Self.batch) {
            let configurations = (first..<min(first + Self.batch, explored)).map { trial in
                trial == 0
                    ? tuner.start : changed(tuner.start, trial: trial, stream: 0, share: [0.1, 0.25, 0.5][trial % 3])
            }
            let objectives = concurrentMap(configurations.count, threads: tuner.threads) { index in
                let each = sets[0].map { tuner.figures(configurations[index], on: [$0]) }
                return sets.map { set in
                    tuner.objective(
                        tuner.detectEvery.indices.map { place in
                            set.reduce(TrackingFigures()) { $0 + each[$1][place] }
                        })
                }
            }
            for (configuration, values) in zip(configurations, objectives) {
                for (set, value) in values.enumerated() where value > best[set].objective {
                    best[set] = Candidate(configuration: configuration, objective: value)
                }
            }
            try advance(configurations.count, onProgress)
        }
    }

    /// Goes on from the best of a set, on that set alone.
    mutating func refine(_ set: Int, _ onProgress: (TrackerTuner.Progress) -> Bool) throws {
        let tuner = self.tuner
        var step = 0.15
        for first in stride(from: 0, to: refined, by: Self.batch) {
            let from = best[set].configuration
            let configurations = (first..<min(first + Self.batch, refined)).map { trial in
                changed(from, trial: trial, stream: UInt32(truncatingIfNeeded: set + 1), share: 0.2, step: step)
            }
            let sequences = sets[set]
            let objectives = concurrentMap(configurations.count, threads: tuner.threads) { index in
                tuner.objective(tuner.figures(configurations[index], on: sequences))
            }
            var hasImproved = false
            for (configuration, value) in zip(configurations, objectives) where value > best[set].objective {
                best[set] = Candidate(configuration: configuration, objective: value)
                hasImproved = true
            }
            step = hasImproved ? min(step * 1.25, 0.4) : step < 0.02 ? 0.15 : step * 0.8
            try advance(configurations.count, onProgress)
        }
    }

    private mutating func advance(_ count: Int, _ onProgress: (TrackerTuner.Progress) -> Bool) throws {
        done += count
        let total = explored + refined * sets.count
        let progress = TrackerTuner.Progress(done: done, total: total, best: best[0].objective)
        guard onProgress(progress) else { throw CancellationError() }
    }

    /// A configuration with some parameters changed: one for certain, of the others a share. Without a step they fall
    /// anywhere in their ranges, else about where they are, by a normal distribution over so much of the range.
    private func changed(
        _ configuration: TrackerConfiguration, trial: Int, stream: UInt32, share: Double, step: Double? = nil
    ) -> TrackerConfiguration {
        var result = configuration
        func draw(_ place: Int) -> SIMD4<Double> {
            let number = UInt64(truncatingIfNeeded: trial)
            let block = random.block(
                SIMD4(
                    UInt32(truncatingIfNeeded: place), UInt32(truncatingIfNeeded: number),
                    UInt32(truncatingIfNeeded: number >> 32), stream))
            return (SIMD4<Double>(block) + 0.5) / 4_294_967_296
        }
        let certain = Int(draw(tuner.parameters.count).x * Double(tuner.parameters.count))
        for (place, parameter) in tuner.parameters.enumerated() {
            let random = draw(place)
            guard place == certain || random.x < share, let search = parameter.search else { continue }
            var share = random.y
            if let step {
                let normal = (-2 * log(random.y)).squareRoot() * cos(2 * .pi * random.z)
                share = search.share(of: parameter.value(in: result)) + normal * step
            }
            parameter.set(search.value(at: share), in: &result)
        }
        result.trackLow = min(result.trackLow, result.trackHigh)
        return result
    }
}

extension TrackerParameter.Search {
    /// Where a value lies in the range, 0 to 1.
    func share(of value: Double) -> Double {
        let (low, high) = (range.lowerBound, range.upperBound)
        let share =
            switch scale {
            case .linear: (value - low) / (high - low)
            case .logarithmic: log(max(value, low) / low) / log(high / low)
            }
        return min(max(share, 0), 1)
    }

    /// The value at a share of the range; what lies outside is reflected at its ends.
    func value(at share: Double) -> Double {
        var share = abs(share).truncatingRemainder(dividingBy: 2)
        if share > 1 { share = 2 - share }
        let (low, high) = (range.lowerBound, range.upperBound)
        return switch scale {
        case .linear: low + share * (high - low)
        case .logarithmic: low * pow(high / low, share)
        }
    }
}

/// `body` of 0 up to `count`, on some threads, in order.
private func concurrentMap<Element: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) -> Element
) -> [Element] {
    let next = Atomic<Int>(0)
    let results = Mutex<[Int: Element]>([:])
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            let element = body(index)
            results.withLock { $0[index] = element }
        }
    }
    let elements = results.withLock { $0 }
    return (0..<count).compactMap { elements[$0] }
}
