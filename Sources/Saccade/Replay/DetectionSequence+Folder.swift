import Evaluation
import Foundation

extension DetectionSequence {
    /// Reads the detections of one sequence or of many.
    ///
    /// - Parameters:
    ///   - path: a file, a sequence's folder (with `det/det.txt`), or a folder of sequences: `SEQ/det/det.txt`, or
    ///     `SEQ.txt` where no folder has these.
    ///   - names: the sequences that are wanted, in this order; none for all, by name.
    ///   - frameRate: frames a second, in place of what `seqinfo.ini` says.
    /// - Returns: At least one sequence.
    public static func all(
        at path: String, names: [String] = [], frameRate: Double? = nil
    ) throws(SaccadeError) -> [DetectionSequence] {
        var files: [(name: String, path: String)]
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            files = try Self.files(in: path)
        } else {
            let sequence = try DetectionSequence(contentsOf: path, frameRate: frameRate)
            guard names.isEmpty || names == [sequence.name] else {
                throw SaccadeError.missing("\(path) holds the sequence \(sequence.name) alone")
            }
            return [sequence]
        }
        if !names.isEmpty {
            let all = Dictionary(files.map { ($0.name, $0.path) }, uniquingKeysWith: { first, _ in first })
            files = []
            for name in names {
                guard let file = all[name] else {
                    throw SaccadeError.missing("\(path) has no detections of a sequence \(name)")
                }
                files.append((name, file))
            }
        }
        var sequences: [DetectionSequence] = []
        for file in files { sequences.append(try DetectionSequence(contentsOf: file.path, frameRate: frameRate)) }
        return sequences
    }

    /// The files of detections in a folder, by name.
    private static func files(in folder: String) throws(SaccadeError) -> [(name: String, path: String)] {
        func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
        if exists("\(folder)/det/det.txt") {
            let name = URL(filePath: folder).standardizedFileURL.lastPathComponent
            return [(name: name, path: "\(folder)/det/det.txt")]
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw SaccadeError(reason: "denied", message: "not allowed to read the folder \(folder)", exitCode: 77)
        }
        var files = names.map { (name: $0, path: "\(folder)/\($0)/det/det.txt") }.filter { exists($0.path) }
        if files.isEmpty {
            files = names.filter { $0.hasSuffix(".txt") && $0.count > 4 }
                .map { (name: String($0.dropLast(4)), path: "\(folder)/\($0)") }
        }
        guard !files.isEmpty else {
            throw SaccadeError.missing("\(folder) holds neither SEQ/det/det.txt nor SEQ.txt")
        }
        return files
    }
}

extension SaccadeError {
    static func missing(_ message: String) -> SaccadeError {
        SaccadeError(reason: "not_found", message: message, exitCode: 66)
    }
}
