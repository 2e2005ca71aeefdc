import Digests
import Tensors

/// What must be saved so that learning goes on bit for bit: parameters and statistics by their names, the optimizer's state,
/// and how many steps were taken.
extension Learner {
    /// Valid while the learner is alive, and unchanged until its next step.
    package var stateTensors: [CheckpointTensor] {
        [(parameters.entries, values), (statistics.entries, statisticValues)].flatMap { entries, base in
            entries.map { entry in
                CheckpointTensor(
                    entry.name, UnsafeBufferPointer(start: base + entry.offset, count: entry.shape.count),
                    shape: entry.shape.dimensions)
            }
        } + optimizer.stateTensors
    }

    package var metadata: [String: String] {
        optimizer.metadata.merging(["learner.steps": String(stepCount), "learner.seed": String(options.seed)]) {
            first, _ in first
        }
    }

    /// Takes the state out of a checkpoint. After an error the learner is of no use.
    package func restore(from file: CheckpointFile) throws(TrainingFileError) {
        try restoreParameters(from: file)
        try optimizer.restore(from: file)
        guard file.metadata["learner.seed"] == String(options.seed) else {
            throw TrainingFileError(
                kind: .mismatch, file: file.file, entry: "metadata \"learner.seed\"",
                reason: "the run had another seed than \(options.seed)")
        }
        stepCount = try file.integer("learner.steps")
    }

    /// Takes the parameters and statistics alone.
    package func restoreParameters(from file: CheckpointFile) throws(TrainingFileError) {
        for (entries, base) in [(parameters.entries, values), (statistics.entries, statisticValues)] {
            for entry in entries {
                let target = UnsafeMutableBufferPointer(start: base + entry.offset, count: entry.shape.count)
                try file.copy(entry.name, into: target, shape: entry.shape.dimensions)
            }
        }
    }

    /// SHA-256 of parameters and statistics: equal for equal bits.
    package var weightsDigest: String {
        var digest = SHA256()
        digest.update(UnsafeRawBufferPointer(UnsafeBufferPointer(start: values, count: parameters.count)))
        digest.update(UnsafeRawBufferPointer(UnsafeBufferPointer(start: statisticValues, count: statistics.count)))
        return digest.finish()
    }

    /// The parameters and statistics as they are, to be put back.
    package func savedWeights() -> [Float] {
        Array(UnsafeBufferPointer(start: values, count: parameters.count + statistics.count))
    }

    /// Puts saved parameters and statistics back.
    package func restoreWeights(_ saved: [Float]) {
        precondition(saved.count == parameters.count + statistics.count, "weights of another model")
        values.update(from: saved, count: saved.count)
    }
}
