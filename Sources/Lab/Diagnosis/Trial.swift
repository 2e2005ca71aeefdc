import Glibc

/// What can be diagnosed: something that is trained on samples of a pool and then gives probabilities of classes. The
/// statistics know no more than this, so that they can be tested with learners whose answers are known.
///
/// Trials are run by several threads at once, and the same trial gives the same predictions.
package protocol DiagnosableLearner: Sendable {
    var classNames: [String] { get }
    /// The class of each sample of the pool.
    var labels: [Int] { get }
    /// What people find the sample by: a file, a line.
    func name(ofSample index: Int) -> String
    /// Whether the learner has a form with the treatment.
    func supports(_ treatment: Treatment) -> Bool
    /// Trains, then predicts the trial's `evaluated` samples: once at the end, or after each epoch if the trial follows
    /// them.
    func run(_ trial: Trial) throws -> [Predictions]
}

/// What is done against a gap between training and validation, or for a better fit.
package struct Treatment: Hashable, Sendable {
    /// Random changes of the samples, as the task has them.
    package var augments = false
    /// l1 · sign(w) is added to the gradient of each weight.
    package var l1 = 0.0
    /// The weight decay.
    package var l2 = 0.0
    /// The probability with which an activation is dropped.
    package var dropout = 0.0
    /// What the number of channels is multiplied by.
    package var width = 1.0

    package init() {}

    package init(augments: Bool = false, l1: Double = 0, l2: Double = 0, dropout: Double = 0, width: Double = 1) {
        self.augments = augments
        self.l1 = l1
        self.l2 = l2
        self.dropout = dropout
        self.width = width
    }
}

/// One training, and what is to be predicted after it. Equal trials are run once.
package struct Trial: Hashable, Sendable {
    /// Indices into the pool. A bootstrap's repeat.
    package var samples: [Int]
    /// Labels other than the pool's, by sample.
    package var relabelled: [Int: Int] = [:]
    package var treatment = Treatment()
    package var epochs: Int
    /// First weights, order of samples, dropout and augmentation depend on it.
    package var seed: UInt64
    /// Indices into the pool.
    package var evaluated: [Int]
    package var followsEpochs = false

    package init(samples: [Int], epochs: Int, seed: UInt64, evaluated: [Int]) {
        self.samples = samples
        self.epochs = epochs
        self.seed = seed
        self.evaluated = evaluated
    }

    /// What it costs, in samples that are learned from.
    package var cost: Int { samples.count * epochs }
}

/// Probabilities of the classes, a row for each evaluated sample.
package struct Predictions: Hashable, Sendable {
    package let classCount: Int
    package var probabilities: [Float]

    /// - Parameter probabilities: samples × classes.
    package init(classCount: Int, probabilities: [Float]) {
        self.classCount = classCount
        self.probabilities = probabilities
    }

    package var count: Int { classCount > 0 ? probabilities.count / classCount : 0 }

    package subscript(row: Int) -> ArraySlice<Float> {
        probabilities[row * classCount..<(row + 1) * classCount]
    }

    /// The most probable class, the first of equals.
    package func decision(_ row: Int) -> Int {
        let row = self[row]
        var best = row.startIndex
        for place in row.indices where row[place] > row[best] { best = place }
        return best - row.startIndex
    }

    /// The mean of several learners' predictions of the same samples: an ensemble's.
    static func mean(of all: [Predictions]) -> Predictions? {
        guard var sum = all.first else { return nil }
        for other in all.dropFirst() {
            for place in sum.probabilities.indices { sum.probabilities[place] += other.probabilities[place] }
        }
        let count = Float(all.count)
        for place in sum.probabilities.indices { sum.probabilities[place] /= count }
        return sum
    }

    /// 1 for each wrong decision of some rows, else 0. `labels` are the rows' classes.
    func errors(_ rows: Range<Int>, labels: [Int]) -> [Double] {
        zip(rows, labels).map { decision($0) == $1 ? 0 : 1 }
    }

    /// The cross-entropy of some rows, in nats; probabilities are held above 1e-7.
    func losses(_ rows: Range<Int>, labels: [Int]) -> [Double] {
        zip(rows, labels).map { row, label in -log(Double(max(self[row].dropFirst(label).first ?? 0, 1e-7))) }
    }
}
