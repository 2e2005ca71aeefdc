import ArgumentParser
import Evaluation
import Saccade

struct EvalTrackingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mot",
        abstract: "Measure tracks by HOTA, CLEAR MOT and identity figures.",
        discussion: """
            Ground truth and results are text in the columns of the MOTChallenge, as `saccade track --save-mot` writes \
            it: frame (from 1), id, left, top, width, height. Of the ground truth, rows whose seventh column is 0 do not \
            count. The figures equal those of TrackEval; several sequences are combined as there.

              saccade track street.mp4 --save-mot results/street.txt
              saccade eval mot --gt truth/ --results results/
              saccade eval mot --gt truth/ --results results/ --sequences A B --switches

            The ground truth lies in SEQ/gt/gt.txt with SEQ/seqinfo.ini (frames and their rate), or in SEQ.txt alone; the \
            results in SEQ.txt or data/SEQ.txt. A tracker that found nothing has an empty file.

            HOTA, DetA, AssA and their parts are means over 19 overlaps, 0.05 to 0.95; MOTA, IDF1 and the counts are of \
            an overlap of 0.5. --switches lists where an object goes on under another track.
            """)

    @Option(help: ArgumentHelp("The ground truth.", valueName: "folder"))
    var gt: String

    @Option(help: ArgumentHelp("What the tracker says.", valueName: "folder"))
    var results: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The sequences, by name; without it all of the ground truth.", valueName: "name"))
    var sequences: [String] = []

    @Option(
        help: ArgumentHelp(
            "The rules: mot15 knows no classes; mot16, mot17 and mot20 count pedestrians and forgive boxes on what looks "
                + "like one.",
            valueName: "benchmark"))
    var benchmark = MOTBenchmark.mot15

    @Flag(help: "List the identity switches with their times.")
    var switches = false

    @Flag(help: "Print all figures of each sequence.")
    var perSequence = false

    @Option(help: ArgumentHelp("Write the figures over the overlap as CSV and SVG.", valueName: "folder"))
    var curves: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        // A name is a part of paths.
        guard sequences.allSatisfy({ !$0.isEmpty && !$0.contains("/") && $0 != ".." && $0 != "." }) else {
            throw ValidationError("--sequences takes names, not paths")
        }
    }

    func run() throws {
        try runReporting(json: json) {
            let folder = try curves.map { (path) throws(SaccadeError) in try OutputFolder(path) }
            let folders = try MOTFolders(truth: gt, results: results, sequences: sequences)
            for name in folders.leftOver {
                let line = "saccade: \(results): \(name).txt is left out: the ground truth has no such sequence"
                StandardError.write(line.withoutControls + "\n")
            }
            var evaluation = TrackingEvaluation()
            for name in folders.sequences {
                let (sequence, frameRate) = try folders.read(name, benchmark: benchmark)
                evaluation.append(sequence, name: name, frameRate: frameRate)
            }
            if let folder {
                for (name, content) in HOTAFiles(evaluation).files { try folder.write(content.utf8, to: name) }
            }
            let report = EvalTrackingReport(
                groundTruth: gt, results: results, benchmark: benchmark, evaluation: evaluation)
            try StandardOutput.write(
                json ? report.json() : report.text(perSequence: perSequence, switches: switches))
        }
    }
}

extension MOTBenchmark: ExpressibleByArgument {}
