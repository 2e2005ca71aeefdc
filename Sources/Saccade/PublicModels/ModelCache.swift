import Foundation

/// The user's folder of downloaded models: `$XDG_CACHE_HOME/saccade/models`, else `~/.cache/saccade/models`.
package struct ModelCache: Sendable {
    package let folder: String

    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        // The standard has relative paths ignored.
        let named = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory()
        folder = (named ?? home + "/.cache") + "/saccade/models"
    }

    package func path(of model: PublicModel) -> String { "\(folder)/\(model.fileName)" }

    /// Whether the model's file is there with its number of bytes. A download gets its name only after it was checked.
    package func holds(_ model: PublicModel) -> Bool {
        var status = stat()
        guard stat(path(of: model), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return Int64(status.st_size) == model.bytes
    }

    /// The path of a model that a user names: a file's, as it is, or the name of a model of the catalogue, which stands
    /// for the file of the cache.
    ///
    /// Throws `not_found` for a model of the catalogue that is not in the cache.
    package func resolve(_ argument: String) throws(SaccadeError) -> String {
        guard let model = PublicModel.named(argument), access(argument, F_OK) != 0 else { return argument }
        guard holds(model) else {
            throw SaccadeError(
                reason: "not_found",
                message: "\(model.name) is not on this machine yet: saccade models pull \(model.name) gets it",
                exitCode: 66)
        }
        return path(of: model)
    }
}
