package import Tensors

/// What is learned from: samples that are put together to batches.
package protocol TrainingSamples: Sendable {
    var count: Int { get }
    /// The tensors of a batch, by the names of the graph's inputs. `draw` decides what is random (augmentation); nil in
    /// validation.
    func batch(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor]
}

/// What random changes of samples come from, beside the sample's index.
package struct BatchDraw: Hashable, Sendable {
    package var seed: UInt64
    package var epoch: Int

    package init(seed: UInt64, epoch: Int) {
        self.seed = seed
        self.epoch = epoch
    }
}
