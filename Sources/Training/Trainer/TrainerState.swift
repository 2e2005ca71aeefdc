import Foundation

/// What a trainer remembers beside its learner.
struct TrainerState: Codable {
    struct Best: Codable {
        var epoch: Int
        var loss: Float
        var metrics: [String: Float]
    }

    var epoch = 0
    /// Of this epoch so far.
    var lossSum = 0.0
    var sampleCount = 0
    var best: Best?
    var plateau: PlateauController.State?
    var stopping: EarlyStopping.State?
    var isStopped = false

    init() {}

    init(_ text: String, file: String) throws(TrainingFileError) {
        do {
            self = try JSONDecoder().decode(TrainerState.self, from: Data(text.utf8))
        } catch {
            throw TrainingFileError(
                kind: .corrupt, file: file, entry: "metadata \"trainer.state\"", reason: "it cannot be read")
        }
    }

    /// JSON, whose numbers keep their bits.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// Files of a run that are no checkpoints.
enum TrainingFolder {
    static func make(_ path: String) throws(TrainingFileError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw TrainingFileError(kind: .writeFailed, file: path, reason: "the folder cannot be made")
        }
    }

    static func write(_ text: String, to path: String) throws(TrainingFileError) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw TrainingFileError(kind: .writeFailed, file: path, reason: "it cannot be written")
        }
    }
}
