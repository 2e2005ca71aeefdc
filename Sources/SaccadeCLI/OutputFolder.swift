import Foundation
import Saccade

/// A folder for several results. It is made first, so that a wrong path is known before the work begins.
struct OutputFolder {
    let path: String

    init(_ path: String) throws(SaccadeError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            let isDenied = (error as? CocoaError)?.code == .fileWriteNoPermission
            let reason = (error as? CocoaError)?.code == .fileWriteFileExists ? ": a file has its name" : ""
            throw SaccadeError(
                reason: isDenied ? "denied" : "cannot_create",
                message: isDenied
                    ? "not allowed to make the folder \(path)" : "cannot make the folder \(path)\(reason)",
                exitCode: isDenied ? 77 : 73)
        }
    }

    /// Writes a file, aside until it is complete.
    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        var file = try OutputFile(path: "\(path)/\(name)", isDurable: false)
        try Array(bytes).withUnsafeBytes { try file.write($0) }
        try file.finish()
    }
}

extension OutputFile {
    /// Writes a text as a whole file, aside until it is complete; `-` is standard output.
    static func write(_ text: String, to path: String) throws {
        var file = try OutputFile(path: path, isDurable: false)
        try Array(text.utf8).withUnsafeBytes { try file.write($0) }
        try file.finish()
    }
}
