import ArgumentParser
import Foundation
import Saccade

struct ModelsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models that pull knows, with size, licence and origin.")

    @Flag(help: "Print JSON.")
    var json = false

    private struct Document: Encodable {
        let name: String
        let input: [Int]
        let bytes: Int64
        let license: String
        let note: String
        let url: String
        let sha256: String
        /// Where it is, or would be.
        let path: String
        let isCached: Bool
    }

    func run() throws {
        try runReporting(json: json) {
            let cache = ModelCache()
            guard !json else { return try StandardOutput.write(Self.json(cache)) }
            try StandardOutput.write(PublicModel.catalogue.map { Self.text($0, cache) }.joined())
        }
    }

    private static func json(_ cache: ModelCache) throws -> String {
        let documents = PublicModel.catalogue.map { model in
            Document(
                name: model.name, input: [model.inputSide, model.inputSide], bytes: model.bytes,
                license: model.license, note: model.note, url: model.url, sha256: model.sha256,
                path: cache.path(of: model), isCached: cache.holds(model))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(documents), as: UTF8.self) + "\n"
    }

    private static func text(_ model: PublicModel, _ cache: ModelCache) -> String {
        let name = model.name.padding(toLength: 11, withPad: " ", startingAt: 0)
        let bytes = String(format: "%9lld", model.bytes)
        let state = cache.holds(model) ? "in \(cache.folder)" : "not downloaded"
        let lines = [
            "\(name) \(model.inputSide)x\(model.inputSide)  \(bytes) bytes  \(model.license)  \(model.note)  \(state)",
            "            \(model.url)",
        ]
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }
}
