import Dispatch
import Pipelines
package import Tensors

/// Makes batches on a thread of its own, some ahead of those that are being learned, in the given order.
///
///     let loader = BatchLoader(samples, batches: order.batches, draw: BatchDraw(seed: 7, epoch: 3))
///     while let batch = try loader.next() { … }
package final class BatchLoader: Sendable {
    private struct Loaded: Sendable {
        var batch: Result<[String: Tensor], any Error>
    }

    private let queue: BoundedQueue<Loaded>

    /// - Parameter ahead: batches that wait at most.
    package init(_ samples: any TrainingSamples, batches: [[Int]], draw: BatchDraw?, ahead: Int = 2) {
        let queue = BoundedQueue<Loaded>(capacity: ahead, whenFull: .block)
        self.queue = queue
        DispatchQueue(label: "saccade.training.loader").async {
            for indices in batches {
                let batch = Result { try samples.batch(indices, draw: draw) }
                guard queue.push(Loaded(batch: batch)) else { return }
                if case .failure = batch { break }
            }
            queue.finish()
        }
    }

    deinit { queue.cancel() }

    /// The next batch; nil behind the last one. Throws what its making threw.
    package func next() throws -> [String: Tensor]? { try queue.pop()?.batch.get() }
}
