import Digests
import Foundation
import Training

/// What makes a run that run: it is resumed with the same of everything alone.
package struct DetectorRun: Hashable, Sendable, Codable {
    package let names: [String]
    /// SHA-256 over the paths of the pictures.
    let pictures: String
    let origins: [String: String]
    package let recipe: DetectorRecipe

    init(names: [String], pictures: [String], origins: [String: String], recipe: DetectorRecipe) {
        self.names = names
        self.pictures = Array(pictures.joined(separator: "\0").utf8).withUnsafeBytes { SHA256.digest($0) }
        self.origins = origins
        self.recipe = recipe
    }

    private static let file = "run.json"

    /// The run of a folder; nil when there is none.
    package init?(folder: String) throws {
        let path = FileName.join(folder, Self.file)
        guard FileName.exists(path) else { return nil }
        do {
            self = try JSONDecoder().decode(
                DetectorRun.self, from: Data(try DataFolder.bytes(of: path, limit: 1 << 24)))
        } catch let error as DataSetError {
            throw error
        } catch {
            throw TrainingFileError(kind: .corrupt, file: path, reason: "it cannot be read")
        }
    }

    /// Writes what the run is, or finds that the one that is to go on is the same.
    func keep(in folder: String, resumes: Bool) throws {
        let known = try DetectorRun(folder: folder)
        let path = FileName.join(folder, Self.file)
        if resumes, let known {
            let differences = [
                ("recipe", known.recipe != recipe), ("classes", known.names != names),
                ("pictures", known.pictures != pictures), ("first model or teacher", known.origins != origins),
            ].filter(\.1).map(\.0)
            guard differences.isEmpty else {
                throw TrainingFileError(
                    kind: .mismatch, file: path,
                    reason: "the run that is to go on has other \(differences.joined(separator: " and "))")
            }
            return
        }
        guard resumes || !FileName.exists(FileName.join(folder, "checkpoints/last.safetensors")) else {
            throw TrainingFileError(
                kind: .mismatch, file: folder, reason: "a run is there already: --resume goes on with it")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
            try recipe.json.write(to: URL(fileURLWithPath: FileName.join(folder, "recipe.json")), options: .atomic)
        } catch { throw TrainingFileError(kind: .writeFailed, file: path, reason: "it cannot be written") }
    }
}
