import Foundation

/// A ground truth and results in the folders of the MOTChallenge.
///
/// The ground truth has `SEQ/gt/gt.txt` with `SEQ/seqinfo.ini`, or `SEQ.txt` alone, whose length is that of the longer of
/// the two files and whose frame rate nobody knows; or it is itself a sequence's folder. The results have `SEQ.txt`, or
/// `data/SEQ.txt`.
package struct MOTFolders: Sendable {
    /// The ground truth's folder.
    package let truth: String
    /// The results' folder.
    package let results: String
    /// The names of the sequences, in the order in which they were asked for, else by name.
    package let sequences: [String]
    /// Names of result files that no sequence takes, where no sequences were asked for.
    package let leftOver: [String]

    /// Looks for sequences.
    ///
    /// - Parameters:
    ///   - truth: The ground truth's folder.
    ///   - results: The results' folder.
    ///   - sequences: Those that are wanted; none for all of the ground truth.
    package init(
        truth: String, results: String, sequences wanted: [String] = []
    ) throws(EvaluationFileError) {
        (self.truth, self.results) = (truth, results)
        let names = try Self.list(truth)
        let found = Self.texts(try Self.list(results))
        guard wanted.isEmpty else {
            sequences = wanted.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
            leftOver = []
            for name in sequences where !names.contains(name) && !names.contains(name + ".txt") {
                guard name != Self.ownName(of: truth) else { continue }
                throw EvaluationFileError(
                    kind: .missing, file: truth, entry: nil, reason: "it has no sequence \(name)")
            }
            return
        }
        var sequences = names.filter { FileManager.default.fileExists(atPath: "\(truth)/\($0)/gt/gt.txt") }
        if sequences.isEmpty, names.contains("gt"), FileManager.default.fileExists(atPath: "\(truth)/gt/gt.txt") {
            sequences = [Self.ownName(of: truth)]
        }
        if sequences.isEmpty { sequences = Self.texts(names) }
        guard !sequences.isEmpty else {
            throw EvaluationFileError(
                kind: .missing, file: truth, entry: nil, reason: "it holds neither SEQ/gt/gt.txt nor SEQ.txt")
        }
        self.sequences = sequences
        leftOver = found.filter { !sequences.contains($0) }
    }

    /// The files of a sequence.
    func files(of name: String) -> (truth: String, info: String?, results: String) {
        func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
        var folder: String? = "\(truth)/\(name)"
        if !exists("\(truth)/\(name)/gt/gt.txt") {
            if exists("\(truth)/\(name).txt") {
                folder = nil
            } else if name == Self.ownName(of: truth), exists("\(truth)/gt/gt.txt") {
                folder = truth
            }
        }
        let file = exists("\(results)/\(name).txt") || !exists("\(results)/data/\(name).txt") ? name : "data/\(name)"
        return (
            folder.map { "\($0)/gt/gt.txt" } ?? "\(truth)/\(name).txt", folder.map { "\($0)/seqinfo.ini" },
            "\(results)/\(file).txt"
        )
    }

    /// Reads a sequence.
    package func read(
        _ name: String, benchmark: MOTBenchmark = .mot15
    ) throws(EvaluationFileError) -> (sequence: TrackedSequence, frameRate: Double?) {
        let files = files(of: name)
        var info: MOTSequenceInfo?
        if let path = files.info { info = try MOTSequenceInfo(contentsOf: path) }
        let truth = try MOTFile(contentsOf: files.truth, role: .truth(benchmark), length: info?.length)
        let results = try MOTFile(contentsOf: files.results, role: .results, length: info?.length)
        let (objects, tracks) = (truth.identityCount, results.identityCount)
        guard objects.multipliedReportingOverflow(by: tracks).partialValue <= Self.maximumPairs else {
            throw EvaluationFileError(
                kind: .corrupt, file: files.results, entry: nil,
                reason: "its \(tracks) identities are too many to be compared with \(objects) objects")
        }
        let length = info?.length ?? max(truth.frames.count, results.frames.count)
        return (TrackedSequence(truth: truth, results: results, length: length, benchmark: benchmark), info?.frameRate)
    }

    /// The most pairs of an object and a track that are compared: a gibibyte.
    private static let maximumPairs = 1 << 27

    private static func ownName(of folder: String) -> String {
        URL(filePath: folder).standardizedFileURL.lastPathComponent
    }

    private static func texts(_ names: [String]) -> [String] {
        names.filter { $0.hasSuffix(".txt") && $0.count > 4 }.map { String($0.dropLast(4)) }
    }

    /// The names in a folder, sorted.
    private static func list(_ path: String) throws(EvaluationFileError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            let code = (error as? CocoaError)?.code
            switch code {
            case .fileReadNoPermission:
                throw EvaluationFileError(kind: .denied, file: path, entry: nil, reason: "not allowed to read it")
            case .fileReadNoSuchFile:
                throw EvaluationFileError(kind: .missing, file: path, entry: nil, reason: "there is no such folder")
            default:
                throw EvaluationFileError(kind: .missing, file: path, entry: nil, reason: "not a folder")
            }
        }
    }
}

extension TrackedSequence {
    /// The frames of two files that count by the rules of a benchmark.
    package init(truth: MOTFile, results: MOTFile, length: Int, benchmark: MOTBenchmark = .mot15) {
        self.init()
        var assignment = CompleteAssignment()
        for frame in 0..<length {
            let (objects, tracks) = benchmark.scored(
                objects: frame < truth.frames.count ? truth.frames[frame] : [],
                tracks: frame < results.frames.count ? results.frames[frame] : [], with: &assignment)
            append(objects: objects, tracks: tracks)
        }
    }
}
