import Lab
import Synchronization
import Tensors

/// A learner whose probabilities are a given function of the trial, the epoch and the sample.
struct ScriptedLearner: DiagnosableLearner {
    var classNames: [String]
    var labels: [Int]
    var predict: @Sendable (_ trial: Trial, _ epoch: Int, _ sample: Int) -> [Float]

    func name(ofSample index: Int) -> String { "sample \(index)" }
    func supports(_ treatment: Treatment) -> Bool { true }

    func run(_ trial: Trial) throws -> [Predictions] {
        (trial.followsEpochs ? 1...trial.epochs : trial.epochs...trial.epochs).map { epoch in
            Predictions(
                classCount: classNames.count,
                probabilities: trial.evaluated.flatMap { predict(trial, epoch, $0) })
        }
    }
}

/// Nearest neighbours in the plane: with one neighbour it learns by heart and varies much, with many it varies little.
struct NeighbourLearner: DiagnosableLearner {
    var points: [SIMD2<Float>]
    var labels: [Int]
    var neighbours = 1
    /// Those that L2 regularization makes of them.
    var regularizedNeighbours = 15
    /// Counts the trainings.
    let counter = Counter()
    /// For each point all points, the nearest first.
    private let nearest: [[Int]]

    final class Counter: Sendable {
        let count = Atomic<Int>(0)
    }

    init(points: [SIMD2<Float>], labels: [Int], neighbours: Int) {
        (self.points, self.labels, self.neighbours) = (points, labels, neighbours)
        nearest = points.map { point in
            let ways = points.map { other in ((other - point) * (other - point)).sum() }
            return ways.indices.sorted { (ways[$0], $0) < (ways[$1], $1) }
        }
    }

    var classNames: [String] { ["left", "right"] }
    func name(ofSample index: Int) -> String { "point \(index)" }
    func supports(_ treatment: Treatment) -> Bool { treatment.dropout == 0 }

    func run(_ trial: Trial) throws -> [Predictions] {
        counter.count.add(1, ordering: .relaxed)
        let neighbours = min(trial.treatment.l2 > 0 ? regularizedNeighbours : self.neighbours, trial.samples.count)
        var probabilities: [Float] = []
        var times = [Int](repeating: 0, count: points.count)
        for sample in trial.samples { times[sample] += 1 }
        for sample in trial.evaluated {
            var (left, right) = (neighbours, 0)
            for other in nearest[sample] where times[other] > 0 {
                let taken = min(left, times[other])
                left -= taken
                if (trial.relabelled[other] ?? labels[other]) == 1 { right += taken }
                if left == 0 { break }
            }
            let share = Float(right) / Float(neighbours)
            probabilities += [1 - share, share]
        }
        let predictions = Predictions(classCount: 2, probabilities: probabilities)
        return Array(repeating: predictions, count: trial.followsEpochs ? trial.epochs : 1)
    }
}

extension NeighbourLearner {
    /// Two clouds, `distance` deviations apart; a share of the labels is wrong. `wrong` are those.
    static func clouds(
        count: Int, distance: Float, neighbours: Int, wrongShare: Double = 0, seed: UInt64 = 1
    ) -> (learner: NeighbourLearner, wrong: Set<Int>) {
        var numbers = Philox(seed: seed)
        var (points, labels, wrong): ([SIMD2<Float>], [Int], Set<Int>) = ([], [], [])
        for index in 0..<count {
            let side = index % 2
            let middle = side == 0 ? -distance / 2 : distance / 2
            points.append(SIMD2(numbers.normal() + middle, numbers.normal()))
            let isWrong = numbers.chance(wrongShare)
            if isWrong { wrong.insert(index) }
            labels.append(isWrong ? 1 - side : side)
        }
        return (NeighbourLearner(points: points, labels: labels, neighbours: neighbours), wrong)
    }
}

extension DiagnosisOptions {
    /// Few trainings.
    static var small: DiagnosisOptions {
        var options = DiagnosisOptions()
        options.epochs = 2
        options.seeds = 2
        options.fractions = [0.25, 0.5, 1]
        options.replicates = 6
        options.folds = 4
        options.flipShares = [0.2]
        options.resamples = 400
        (options.l1, options.l2, options.dropout) = ([1e-4], [1e-3], [0.3])
        return options
    }
}

final class ProgressRecorder: Sendable {
    private let seen = Mutex([Diagnosis.Progress]())

    var all: [Diagnosis.Progress] { seen.withLock { $0 } }
    func add(_ progress: Diagnosis.Progress) { seen.withLock { $0.append(progress) } }
}
