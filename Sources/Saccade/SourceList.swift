import Foundation
import Media

/// The sources of one run, as a text file names them: a line each.
///
///     # the gate
///     rtsp://user:password@10.0.0.4/stream1
///     yard = rtsp://10.0.0.5/live
///     0
///
/// A name before ` = ` is the user's own; otherwise it is made of the source's, without its secrets. Empty lines and lines
/// that begin with `#` do not count. It is the list that Ultralytics reads, with names.
public struct SourceList: Hashable, Sendable {
    /// One source.
    public struct Entry: Hashable, Sendable {
        /// Unique in the list, and fit for the name of a file: letters, digits, `.`, `_` and `-`.
        public let name: String
        /// What `VideoPipeline.run` reads. It may hold a password: it is not for logs.
        public let source: String
    }

    /// In the order of the lines; one at least.
    public let entries: [Entry]

    /// The file names end with this.
    public static let fileExtension = "streams"
    /// Each source has half a dozen threads that wait, of which Dispatch has some 250.
    public static let mostSources = 32
    private static let mostBytes = 1 << 20

    /// Reads a list. Throws for a file that cannot be read, and for a line that names no source or a name twice.
    public init(path: String) throws(SaccadeError) {
        let data: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            data = try file.read(upToCount: Self.mostBytes + 1) ?? Data()
        } catch {
            let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
            let detail = code.map { String(cString: strerror(Int32(clamping: $0))) } ?? "it cannot be read"
            throw SaccadeError(
                reason: "not_found", message: "Cannot read the list of sources '\(path)': \(detail)", exitCode: 66)
        }
        guard data.count <= Self.mostBytes, let text = String(data: data, encoding: .utf8) else {
            throw SaccadeError(
                reason: "unsupported", message: "'\(path)' is no list of sources: a text with one a line", exitCode: 65)
        }
        try self.init(text: text, path: path)
    }

    /// Whether an argument names a list.
    public static func isList(_ argument: String) -> Bool {
        (argument as NSString).pathExtension.lowercased() == fileExtension && !argument.contains("://")
    }

    init(text: String, path: String) throws(SaccadeError) {
        var entries: [Entry] = []
        var names: Set<String> = []
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            func refuse(_ message: String) -> SaccadeError {
                SaccadeError(reason: "unsupported", message: "\(path):\(number): \(message)", exitCode: 65)
            }
            var source = line
            var name: String?
            if let mark = line.range(of: " = ") {
                let given = line[..<mark.lowerBound].trimmingCharacters(in: .whitespaces)
                source = line[mark.upperBound...].trimmingCharacters(in: .whitespaces)
                guard !given.isEmpty, given == Self.fileName(given) else {
                    throw refuse("a name has letters, digits, '.', '_' and '-' alone: '\(given)'")
                }
                guard !names.contains(given) else { throw refuse("the name '\(given)' is there twice") }
                name = given
            }
            guard !source.isEmpty else { throw refuse("a source is missing behind ' = '") }
            guard source != "-" else { throw refuse("standard input cannot be one of several sources") }
            guard !Self.isList(source) else { throw refuse("a list cannot hold a list") }
            guard entries.count < Self.mostSources else {
                throw refuse("more than \(Self.mostSources) sources: run two programs")
            }
            let entry = Entry(name: name ?? Self.name(for: source, apartFrom: names), source: source)
            names.insert(entry.name)
            entries.append(entry)
        }
        guard !entries.isEmpty else {
            throw SaccadeError(reason: "unsupported", message: "'\(path)' names no source", exitCode: 65)
        }
        self.entries = entries
    }

    /// A name made of the source's, with a number where that is taken.
    private static func name(for source: String, apartFrom names: Set<String>) -> String {
        var text = LogCapture.redacted(source)
        if let mark = text.range(of: "://") {
            text = String(text[mark.upperBound...])
            if let at = text.firstIndex(of: "@") { text = String(text[text.index(after: at)...]) }
            if let query = text.firstIndex(of: "?") { text = String(text[..<query]) }
        } else if source.allSatisfy(\.isNumber) {
            text = "camera\(source)"
        } else if !source.hasPrefix("lavfi:") {
            text = ((source as NSString).lastPathComponent as NSString).deletingPathExtension
        }
        let base = fileName(String(text.prefix(60)))
        let stem = base.isEmpty ? "source" : base
        var name = stem
        var count = 1
        while names.contains(name) {
            count += 1
            name = "\(stem)-\(count)"
        }
        return name
    }

    /// What of a text may stand in the name of a file; runs of anything else become one `-`.
    private static func fileName(_ text: String) -> String {
        var name = ""
        for character in text {
            if character.isASCII, character.isLetter || character.isNumber || "._-".contains(character) {
                name.append(character)
            } else if name.last != "-" {
                name.append("-")
            }
        }
        return name.trimmingCharacters(in: CharacterSet(charactersIn: "-."))
    }
}

extension RunOutputs {
    /// The outputs of one of several sources: `runs/live.mp4` becomes `runs/live-gate.mp4`, and for the video of each a
    /// folder may be named, `runs/live/`, which gets `gate.mp4`. What is a folder gets a folder of that name. What goes to
    /// standard output stays, where each line tells its source.
    func named(_ name: String) -> RunOutputs {
        func file(_ path: String) -> String {
            guard path != "-" else { return path }
            let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
            let dot = path[slash...].lastIndex(of: ".").flatMap { $0 > slash ? $0 : nil } ?? path.endIndex
            return "\(path[..<dot])-\(name)\(path[dot...])"
        }
        func folder(_ path: String) -> String { (path as NSString).appendingPathComponent(name) }
        var outputs = self
        outputs.video = video.map { path in
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            return path.hasSuffix("/") || exists && isFolder.boolValue ? folder(path) + ".mp4" : file(path)
        }
        outputs.imageFolder = imageFolder.map(folder)
        outputs.results = results.map { output in
            ResultOutput(output.format, to: output.format == .yolo ? folder(output.path) : file(output.path))
        }
        return outputs
    }
}
