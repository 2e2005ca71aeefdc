import Glibc
import Synchronization

/// A file format for results.
public enum ResultFormat: String, Hashable, Sendable, CaseIterable {
    /// JSON Lines, one object per frame.
    case jsonLines
    /// MOTChallenge text in 10 columns.
    case mot
    /// CSV, one row per object.
    case csv
    /// A folder of YOLO label files.
    case yolo
    /// A COCO results array.
    case coco
}

/// A result file that a run is asked for.
public struct ResultOutput: Hashable, Sendable {
    /// The format.
    public let format: ResultFormat
    /// The file, or the folder for `.yolo`; `-` is standard output.
    public let path: String

    /// A result file.
    public init(_ format: ResultFormat, to path: String) {
        self.format = format
        self.path = path
    }

    /// Opens the file and gives its writer. It is an error to ask for a folder of labels on standard output.
    package func writer(source: ResultSource, calls: FileCalls = .system) throws(OutputError) -> any ResultWriter {
        switch format {
        case .jsonLines: return try JSONLinesWriter(path: path, source: source, calls: calls)
        case .mot: return try MOTWriter(path: path, calls: calls)
        case .csv: return try CSVWriter(path: path, source: source, calls: calls)
        case .coco: return try COCOWriter(path: path, source: source, calls: calls)
        case .yolo:
            if path == "-" { throw OutputError(kind: .conflict, path: path, detail: "label files need a folder") }
            return try YOLOWriter(folder: path, source: source, calls: calls)
        }
    }
}

/// All the result files of one run.
package final class ResultOutputs: Sendable {
    private let writers: Mutex<[any ResultWriter]>

    /// Opens every file, so that a path that cannot be written ends the run before it begins.
    package init(_ outputs: [ResultOutput], source: ResultSource, calls: FileCalls = .system) throws(OutputError) {
        var opened: [any ResultWriter] = []
        for output in outputs { opened.append(try output.writer(source: source, calls: calls)) }
        writers = Mutex(opened)
    }

    /// Whether nothing is written.
    package var isEmpty: Bool { writers.withLock { $0.isEmpty } }

    /// Writes one frame to each file. Frames come in ascending order.
    package func write(_ frame: FrameResult) throws(OutputError) {
        try writers.withLock { (writers) throws(OutputError) in
            for writer in writers { try writer.write(frame) }
        }
    }

    /// Completes every file, also when one of them fails; the first error is thrown at the end. A run that does not
    /// call it leaves `.part` files, readable up to the last frame written.
    package func finish() throws(OutputError) {
        let failure = writers.withLock { writers in
            var failure: OutputError?
            for writer in writers {
                do throws(OutputError) { try writer.finish() } catch { failure = failure ?? error }
            }
            return failure
        }
        if let failure { throw failure }
    }
}

/// Refuses a run whose outputs would destroy each other or an input.
package enum OutputConflicts {
    /// Throws a `.conflict` when two of the outputs are the same file or both standard output, when one is also an
    /// input, or when one would be written where another is kept while it is incomplete. `/dev/null` may be named as
    /// often as one likes.
    package static func check(outputs: [String], inputs: [String] = []) throws(OutputError) {
        let devices = Set(["/dev/null"])
        var owners: [String: String] = [:]
        for input in inputs where input != "-" {
            for identity in identities(input) where !devices.contains(identity) { owners[identity] = input }
        }
        let inputOwners = owners
        for output in outputs {
            let own = identities(output).filter { !devices.contains($0) }
            for identity in own {
                if inputOwners[identity] != nil {
                    throw OutputError(kind: .conflict, path: output, detail: "it is also the input")
                }
                if owners[identity] != nil {
                    throw OutputError(
                        kind: .conflict, path: output,
                        detail: output == "-"
                            ? "two outputs cannot share it" : "two outputs cannot be the same file")
                }
            }
            for identity in own { owners[identity] = output }
        }
    }

    /// What tells that two paths are one file: the path without links, the name aside, and the device and number of
    /// the file where it exists.
    private static func identities(_ path: String) -> [String] {
        var status = stat()
        if path == "-" {
            guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT != S_IFCHR else { return ["-"] }
            return ["-", "\(status.st_dev):\(status.st_ino)"]
        }
        let exists = stat(path, &status) == 0
        let canonical = resolvedPath(path) ?? resolvedParent(path)
        if !exists { return [canonical, canonical + OutputFile.asideSuffix] }
        if status.st_mode & S_IFMT == S_IFCHR { return [canonical] }
        let number = "\(status.st_dev):\(status.st_ino)"
        return status.st_mode & S_IFMT == S_IFREG
            ? [canonical, canonical + OutputFile.asideSuffix, number] : [canonical, number]
    }

    private static func resolvedParent(_ path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        let name = parts.last.map(String.init) ?? path
        let parent = parts.dropLast().joined(separator: "/")
        let folder = path.hasPrefix("/") ? "/" + parent : (parent.isEmpty ? "." : parent)
        return (resolvedPath(folder) ?? folder) + "/" + name
    }
}
