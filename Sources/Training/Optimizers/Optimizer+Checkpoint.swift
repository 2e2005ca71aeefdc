/// What must be saved of an optimizer so that it goes on bit for bit.
extension Optimizer {
    private static var prefix: String { "optimizer." }

    /// The rows of state as tensors; valid while this value is alive, and unchanged until its next step.
    package var stateTensors: [CheckpointTensor] {
        mutating get {
            method.stateNames.map { name in
                withState(name) { CheckpointTensor(Self.prefix + name, UnsafeBufferPointer($0)) }
            }
        }
    }

    /// Belongs to the checkpoint's metadata.
    package var metadata: [String: String] {
        [Self.prefix + "method": method.name, Self.prefix + "steps": String(stepCount)]
    }

    /// Takes the state out of a checkpoint. After an error the state is of no use.
    package mutating func restore(from file: CheckpointFile) throws(TrainingFileError) {
        guard file.metadata[Self.prefix + "method"] == method.name else {
            throw TrainingFileError(
                kind: .mismatch, file: file.file, entry: "metadata \"\(Self.prefix)method\"",
                reason: "it is not of the optimizer \(method.name)")
        }
        let steps = try file.integer(Self.prefix + "steps")
        guard steps >= 0 else {
            throw TrainingFileError(
                kind: .mismatch, file: file.file, entry: "metadata \"\(Self.prefix)steps\"", reason: "it is negative")
        }
        for name in method.stateNames {
            let target = withState(name) { $0 }
            try file.copy(Self.prefix + name, into: target)
        }
        stepCount = steps
    }
}

/// What must be saved of an average so that it goes on bit for bit.
extension WeightAverage {
    private static var prefix: String { "average." }

    /// The average as a tensor; valid while this value is alive, and unchanged until its next update.
    package var stateTensors: [CheckpointTensor] {
        [CheckpointTensor(Self.prefix + "weights", UnsafeBufferPointer(start: values, count: count))]
    }

    /// Belongs to the checkpoint's metadata.
    package var metadata: [String: String] { [Self.prefix + "updates": String(updateCount)] }

    /// Takes the state out of a checkpoint.
    package mutating func restore(from file: CheckpointFile) throws(TrainingFileError) {
        let updates = try file.integer(Self.prefix + "updates")
        guard updates >= 0 else {
            throw TrainingFileError(
                kind: .mismatch, file: file.file, entry: "metadata \"\(Self.prefix)updates\"", reason: "it is negative")
        }
        try file.copy(Self.prefix + "weights", into: UnsafeMutableBufferPointer(start: values, count: count))
        updateCount = updates
    }
}
