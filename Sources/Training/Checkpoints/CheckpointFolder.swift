import Glibc

/// The checkpoints of one run: `last.safetensors`, the one before it as `previous.safetensors`, and
/// `best.safetensors`.
///
///     let folder = try CheckpointFolder("runs/7/checkpoints")
///     if let found = try folder.load() { resume(found.file, from: found.step) }
///     try folder.save(tensors, step: 120, metadata: [:], isBest: true)
///
/// At every moment, whatever fails and whenever the process is killed, one of them is whole: a new file is complete and
/// on the device before an older one moves.
package struct CheckpointFolder: Sendable {
    package let path: String
    private let calls: TrainingFileCalls

    package static let last = "last.safetensors"
    package static let previous = "previous.safetensors"
    package static let best = "best.safetensors"
    /// Behind the name of a `last` that does not verify.
    package static let damagedSuffix = ".damaged"
    package static let stepKey = "step"

    /// Makes the folder, not those above it, where there is none.
    package init(_ path: String, calls: TrainingFileCalls = .system) throws(TrainingFileError) {
        self.path = path
        self.calls = calls
        let code = -calls.makeFolder(path)
        guard code == 0 || code == EEXIST else { throw TrainingFileError(file: path, code: code, writing: true) }
    }

    /// The path of one of the files.
    package func path(of name: String) -> String { path + "/" + name }

    /// Saves the state after `step` steps as the last one, and as the best one too if it is.
    package func save(
        _ tensors: [CheckpointTensor], step: Int, metadata: [String: String] = [:], isBest: Bool = false
    ) throws(TrainingFileError) {
        let last = path(of: Self.last)
        var metadata = metadata
        metadata[Self.stepKey] = String(step)
        let draft = try CheckpointDraft(tensors: tensors, metadata: metadata, file: last)
        // The best one first: a state that says that it is the best has its weights there.
        if isBest { try draft.write(to: path(of: Self.best), calls: calls) }
        try draft.writeAside(of: last, calls: calls)
        // Between the two renames there is no `last`, but `previous` is the one that was it.
        let code = -calls.rename(last, path(of: Self.previous))
        guard code == 0 || code == ENOENT else {
            _ = calls.remove(last + CheckpointDraft.asideSuffix)
            throw TrainingFileError(file: last, code: code, writing: true)
        }
        try draft.takeName(last, calls: calls)
        try calls.synchronizeFolder(path)
    }

    /// A checkpoint that was found.
    package struct Found: Sendable {
        package let file: CheckpointFile
        package let step: Int
        /// Why newer ones were passed over.
        package let warnings: [TrainingFileError]
    }

    /// The newest checkpoint that is whole; nil when there is none at all. Throws the error of the newest when none is
    /// whole.
    ///
    /// A damaged `last` is renamed, so that the next one to be saved does not push the good `previous` out.
    package func load() throws(TrainingFileError) -> Found? {
        var warnings: [TrainingFileError] = []
        if let found = try open(Self.last, &warnings) {
            return Found(file: found.file, step: found.step, warnings: [])
        }
        if warnings.first?.kind == .corrupt {
            _ = calls.rename(path(of: Self.last), path(of: Self.last) + Self.damagedSuffix)
        }
        let others = [try open(Self.previous, &warnings), try open(Self.best, &warnings)].compactMap(\.self)
        if let newest = others.max(by: { $0.step < $1.step }) {
            return Found(file: newest.file, step: newest.step, warnings: warnings)
        }
        if let first = warnings.first { throw first }
        return nil
    }

    /// The best checkpoint, if there is one.
    package func loadBest() throws(TrainingFileError) -> Found? {
        var warnings: [TrainingFileError] = []
        if let found = try open(Self.best, &warnings) {
            return Found(file: found.file, step: found.step, warnings: [])
        }
        if let first = warnings.first { throw first }
        return nil
    }

    /// Nil when there is no such file, or with a warning when it is of no use.
    private func open(
        _ name: String, _ warnings: inout [TrainingFileError]
    ) throws(TrainingFileError) -> (file: CheckpointFile, step: Int)? {
        do throws(TrainingFileError) {
            let file = try CheckpointFile(path(of: name), requiresDigest: true, calls: calls)
            return (file, try file.integer(Self.stepKey))
        } catch {
            if error.kind != .missing { warnings.append(error) }
            return nil
        }
    }
}
