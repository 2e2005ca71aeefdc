import Glibc
import Execution
package import Graphs
import Tensors

/// A trained model with the output "logits", ready to say the classes of samples.
package final class Classifier {
    private let model: Graph
    private let threads: Int
    private var plans = SessionCache(capacity: 16)

    package init(_ model: Graph, threads: Int = 1) {
        self.model = model
        self.threads = threads
    }

    /// The logits of samples, count×classes; nil for `indices`: all.
    package func logits(
        _ samples: any ClassifiedSamples, _ indices: [Int]? = nil, batchSize: Int = 64
    ) throws -> [Float] {
        let indices = indices ?? Array(0..<samples.count)
        var logits: [Float] = []
        for start in stride(from: 0, to: indices.count, by: batchSize) {
            let part = Array(indices[start..<min(start + batchSize, indices.count)])
            let inputs = try samples.inputs(part, draw: nil)
            let shapes = inputs.mapValues(\.shape)
            let session = try plans.session(for: SessionCache.Key(shapes: shapes)) {
                let plan = try ExecutionPlan(model, inputShapes: shapes.mapValues(\.dimensions))
                return try Session(plan, threads: threads)
            }
            let ordered = session.plan.inputs.compactMap { inputs[$0.name] }
            guard let place = session.plan.outputs.firstIndex(where: { $0.name == "logits" }) else { return [] }
            logits += try session.run(ordered)[place].elements(as: Float.self)
        }
        return logits
    }

    /// softmax(logits), row by row.
    package static func probabilities(_ logits: [Float], classes: Int) -> [Float] {
        var result = logits
        for start in stride(from: 0, to: logits.count, by: classes) {
            let row = start..<start + classes
            let high = logits[row].max() ?? 0
            var sum: Float = 0
            for index in row {
                result[index] = exp(logits[index] - high)
                sum += result[index]
            }
            for index in row { result[index] /= sum }
        }
        return result
    }

    /// The class with the greatest logit of each row; the first of equal ones.
    package static func best(_ logits: [Float], classes: Int) -> [Int] {
        stride(from: 0, to: logits.count, by: classes).map { start in
            (0..<classes).max { logits[start + $0] < logits[start + $1] } ?? 0
        }
    }
}
