package import Tensors
package import Training

/// Samples of which each has one class.
package protocol ClassifiedSamples: TrainingSamples {
    /// The class of each sample.
    var labels: [Int] { get }
    /// What a sample is called in messages: its file, its line.
    func name(of index: Int) -> String
    /// The inputs of the model for some samples, without their labels.
    func inputs(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor]
}

extension ClassifiedSamples {
    package var count: Int { labels.count }

    /// The inputs and "labels": N, int64.
    package func batch(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor] {
        var batch = try inputs(indices, draw: draw)
        batch["labels"] = try Tensor(indices.map { Int64(labels[$0]) }, shape: [indices.count])
        return batch
    }

    /// How many samples each of the classes 0 ..< `classCount` has.
    package func classCounts(_ classCount: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: classCount)
        for label in labels { counts[label] += 1 }
        return counts
    }
}

/// Some samples of others, in any order, each as often as it is named, with their labels or with other ones.
///
/// What is drawn for a sample is what is drawn for it in the whole: the index there decides.
package struct SampleSelection: ClassifiedSamples {
    package let whole: any ClassifiedSamples
    /// Indices in the whole.
    package let indices: [Int]
    package let labels: [Int]

    package init(_ whole: any ClassifiedSamples, _ indices: [Int], labels: [Int]? = nil) {
        precondition(labels == nil || labels?.count == indices.count, "a label for each sample")
        self.whole = whole
        self.indices = indices
        self.labels = labels ?? indices.map { whole.labels[$0] }
    }

    package func name(of index: Int) -> String { whole.name(of: indices[index]) }

    package func inputs(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor] {
        try whole.inputs(indices.map { self.indices[$0] }, draw: draw)
    }
}
