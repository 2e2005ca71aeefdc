import Evaluation
import Foundation
package import Tracking

/// The tracker's parameters in a file of their own: flat YAML, one `key: number` a line, times in seconds and lengths in
/// heights of the box, so that one file serves every frame rate, frame size and detection interval.
///
///     # tracker.yaml
///     track_high: 0.25         # least score that starts a track, and of a track in the mean
///     maximum_time_lost: 1.5   # seconds that a confirmed track may be missed
///
/// Keys that a file lacks keep their defaults. All that is not `key: number`, a comment or an empty line is an error, and
/// so is a key that is unknown or stands twice.
package struct TrackerParameterFile: Hashable, Sendable {
    /// The parameters.
    package var configuration: TrackerConfiguration

    /// Parameters that shall be written.
    package init(_ configuration: TrackerConfiguration) { self.configuration = configuration }

    /// Reads a file. What is wrong in it is told with its line and has the exit code 78.
    package init(contentsOf path: String) throws(SaccadeError) {
        do {
            try self.init(String(decoding: FileContent.read(path), as: UTF8.self), name: path)
        } catch {
            throw SaccadeError(error)
        }
    }

    /// Reads a file's text; `name` is for errors.
    package init(_ text: String, name: String) throws(SaccadeError) {
        configuration = TrackerConfiguration()
        let parameters = Dictionary(uniqueKeysWithValues: TrackerParameter.all.map { ($0.name, $0) })
        var lines: [String: Int] = [:]
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            func error(_ reason: String) -> SaccadeError {
                SaccadeError(reason: "corrupt", message: "\(name): line \(number): \(reason)", exitCode: 78)
            }
            let content = line.prefix { $0 != "#" }
            if content.allSatisfy(\.isWhitespace) { continue }
            guard let first = content.first, !first.isWhitespace, first != "-" else {
                throw error("a line is key: number, without space before the key")
            }
            guard let colon = content.firstIndex(of: ":") else { throw error("there is no colon behind the key") }
            let key = String(content[..<colon])
            let value = content[content.index(after: colon)...]
            guard value.isEmpty || value.first?.isWhitespace == true else {
                throw error("there is no space behind the colon")
            }
            guard let parameter = parameters[key] else { throw error("the tracker has no parameter \(key)") }
            if let earlier = lines.updateValue(number, forKey: key) {
                throw error("\(key) stands in line \(earlier) already")
            }
            let written = value.trimmingCharacters(in: .whitespaces)
            guard parameter.set(written, in: &configuration) else {
                let kind = parameter.isWhole ? "whole number" : "number"
                let range = "\(Self.short(parameter.valid.lowerBound)) to \(Self.short(parameter.valid.upperBound))"
                throw error("\(key) must be a \(kind) from \(range)\(written.isEmpty ? "" : ", not \(written)")")
            }
        }
        guard configuration.trackLow <= configuration.trackHigh else {
            throw SaccadeError(
                reason: "corrupt", message: "\(name): track_low is above track_high", exitCode: 78)
        }
    }

    /// The file's text, all parameters with their meaning; the lines of `notes` stand above them.
    package func text(notes: [String] = []) -> String {
        let entries = TrackerParameter.all.map { (text: "\($0.name): \($0.text(in: configuration))", $0.meaning) }
        let width = entries.map(\.text.count).max() ?? 0
        var text = notes.map { "# \($0)\n" }.joined()
        for (entry, meaning) in entries {
            text += entry.padding(toLength: width, withPad: " ", startingAt: 0) + "  # \(meaning)\n"
        }
        return text
    }

    private static func short(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}

extension TrackerOptions {
    /// The parameters of a file that `saccade tune tracker` wrote, or that was written by hand; see the README.
    public init(contentsOf path: String) throws(SaccadeError) {
        self.init()
        parameters = try TrackerParameterFile(contentsOf: path).configuration
        lowConfidence = parameters.trackLow
    }

    /// The least score of what starts a track that the file names, or the default: what `DetectorOptions.confidence` and
    /// `DetectionReplay.confidence` should be.
    public var confidence: Float { parameters.trackHigh }
}
