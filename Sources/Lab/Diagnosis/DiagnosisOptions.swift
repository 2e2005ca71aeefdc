/// Which samples of the pool are learned from and which are measured on.
package struct DiagnosisSamples: Hashable, Sendable {
    package var training: [Int]
    package var validation: [Int]
    /// Training samples that the diagnosis leaves out, for the remedy of more data.
    package var further: [Int]

    package init(training: [Int], validation: [Int], further: [Int] = []) {
        self.training = training
        self.validation = validation
        self.further = further
    }

    /// A part of the training samples, the classes in their proportions; the rest is `further`.
    package static func part(
        _ fraction: Double, ofTraining training: [Int], validation: [Int], labels: [Int], seed: UInt64 = 0
    ) -> DiagnosisSamples {
        let order = SampleDraw(labels: labels, seed: seed).stratifiedOrder(training, number: -2)
        let count = min(max(Int((fraction * Double(order.count)).rounded()), 1), order.count)
        return DiagnosisSamples(
            training: order.prefix(count).sorted(), validation: validation, further: order.dropFirst(count).sorted())
    }
}

package struct DiagnosisOptions: Hashable, Sendable {
    /// Epochs of a training on all of the training samples. Trainings on fewer samples take more epochs, so that all take
    /// about as many steps, and differ in the data alone.
    package var epochs = 12
    /// Trainings of each kind, with as many seeds.
    package var seeds = 3
    /// The parts of the training samples of the learning curve, rising; the last is 1.
    package var fractions = [0.1, 0.2, 0.4, 0.7, 1]
    /// Bootstraps of the training samples for bias and variance.
    package var replicates = 8
    package var folds = 5
    /// The shares of the training labels that the probe makes wrong.
    package var flipShares = [0.1, 0.3]
    /// The strengths of regularization that are tried.
    package var l1 = [1e-5, 1e-4]
    package var l2 = [1e-4, 1e-3]
    package var dropout = [0.2, 0.5]
    package var smallerWidth = 0.5
    package var largerWidth = 2.0
    /// A training error above it is called underfitting.
    package var targetError = 0.05
    /// A gap above it is called overfitting.
    package var tolerance = 0.03
    /// A share of suspect labels above it is called noise, if they also make up half of the validation error.
    package var noiseTolerance = 0.03
    /// The training error is measured on so many samples at most.
    package var probeLimit = 1000
    package var resamples = 1000
    package var seed: UInt64 = 0
    package var threads = 1

    package init() {}

    func validate() throws(DiagnosisError) {
        guard epochs >= 1 else { throw .invalidOption("\(epochs) epochs: at least 1 is needed") }
        guard seeds >= 2 else { throw .invalidOption("\(seeds) seeds: at least 2 are needed") }
        guard replicates >= 2 else { throw .invalidOption("\(replicates) bootstraps: at least 2 are needed") }
        guard fractions.count >= 2, fractions.last == 1, zip(fractions, fractions.dropFirst()).allSatisfy({ $0 < $1 }),
            fractions[0] > 0
        else { throw .invalidOption("the fractions of a learning curve rise, and end with 1") }
        guard flipShares.allSatisfy({ $0 > 0 && $0 < 1 }) else {
            throw .invalidOption("a share of wrong labels lies between 0 and 1")
        }
    }
}
