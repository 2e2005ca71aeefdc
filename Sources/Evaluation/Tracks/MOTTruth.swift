/// The ground truth of a sequence, to be compared with tracks that are in no file.
///
///     let truths = try MOTTruth.all(in: "mot15", sequences: [], benchmark: .mot15)
///     let figures = truths[0].figures(of: frames)
package struct MOTTruth: Sendable {
    /// The sequence's name.
    package let name: String
    /// The boxes of the objects.
    package let boxes: MOTFile
    /// What `seqinfo.ini` says; `nil` where there is none.
    package let info: MOTSequenceInfo?
    /// By whose rules boxes count.
    package let benchmark: MOTBenchmark

    /// Reads the ground truth of the sequences in a folder; see `MOTFolders`.
    package static func all(
        in folder: String, sequences wanted: [String], benchmark: MOTBenchmark
    ) throws(EvaluationFileError) -> [MOTTruth] {
        let folders = try MOTFolders(truth: folder, results: folder, sequences: wanted)
        var truths: [MOTTruth] = []
        for name in folders.sequences {
            let files = folders.files(of: name)
            var info: MOTSequenceInfo?
            if let path = files.info { info = try MOTSequenceInfo(contentsOf: path) }
            let boxes = try MOTFile(contentsOf: files.truth, role: .truth(benchmark), length: info?.length)
            truths.append(MOTTruth(name: name, boxes: boxes, info: info, benchmark: benchmark))
        }
        return truths
    }

    /// A sequence out of the ground truth and of tracks, the boxes of each frame. It has as many frames as
    /// `seqinfo.ini` says, else as many as the longer of both.
    package func sequence(with tracks: [[TrackedBox]]) -> TrackedSequence {
        TrackedSequence(
            truth: boxes, results: MOTFile(tracks: tracks),
            length: info?.length ?? max(boxes.frames.count, tracks.count), benchmark: benchmark)
    }
}
