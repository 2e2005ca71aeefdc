package import Tensors

/// What a model is trained on, or judged by.
package protocol TrainingSamples: Sendable {
    var count: Int { get }

    /// The tensors of a batch, by the names of the graph's inputs. `draw` decides what is random (augmentation); nil where
    /// nothing is, in validation. Called on the loader's thread.
    func batch(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor]
}

/// Judges a model by more than its loss on samples: a detector by its average precision, say.
package protocol TrainingValidator {
    /// The figures that it gives beside the loss.
    var metricNames: [String] { get }

    /// Judges the learner's weights as they are. The lowest loss is the best.
    func validate(_ learner: Learner, epoch: Int) throws -> Learner.Results
}

/// What random choices of a batch depend on, beside the samples' indices.
package struct BatchDraw: Hashable, Sendable {
    package var seed: UInt64
    package var epoch: Int

    package init(seed: UInt64, epoch: Int) {
        self.seed = seed
        self.epoch = epoch
    }
}

/// The order of an epoch: a permutation that seed and epoch decide, in batches, of which the last one may be smaller.
package struct EpochOrder: Sendable {
    package let batches: [[Int]]

    package init(count: Int, batchSize: Int, seed: UInt64, epoch: Int) {
        var numbers = Philox(seed: seed, stream: UInt64(epoch) &+ 0x6F72_6465_7200_0000)
        self.init(numbers.permutation(count), batchSize: batchSize)
    }

    /// The order in which the samples stand.
    package init(count: Int, batchSize: Int) { self.init(Array(0..<count), batchSize: batchSize) }

    private init(_ order: [Int], batchSize: Int) {
        batches = stride(from: 0, to: order.count, by: batchSize).map {
            Array(order[$0..<min($0 + batchSize, order.count)])
        }
    }
}
