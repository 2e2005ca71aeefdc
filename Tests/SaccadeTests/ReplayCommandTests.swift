import Foundation
import Testing

/// The program's own ways with detections: which options go together, and what it says.
@Suite struct ReplayCommandTests {
    /// The program is built into the folder of the tests.
    private static let program: String? = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let names = [CommandLine.arguments[0], tests] + CommandLine.arguments.filter { $0.hasSuffix(".xctest") }
        return names.map { URL(filePath: $0).deletingLastPathComponent().appending(path: "saccade").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try ReplayScenes.write(to: folder.file("scenes"))
    }

    private func run(_ arguments: [String]) throws -> (code: Int32, output: String, error: String) {
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.program))
        process.arguments = arguments
        let output = folder.file("stdout")
        let error = folder.file("stderr")
        for path in [output, error] { try Data().write(to: URL(filePath: path)) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: error)
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try folder.text("stdout"), try folder.text("stderr"))
    }

    private var detections: String { folder.file("scenes/CROSS-1/det/det.txt") }

    @Test(
        .enabled(if: program != nil, "the program saccade is not built"),
        arguments: [
            "-o out.mp4", "--show", "--model yolov8n.onnx", "--iou 0.5", "--max-det 10", "--agnostic-nms",
            "--classes person", "--imgsz 320", "--square", "--head yolov8", "--threads 2", "--mode latency",
            "--batch 2",
            "--ss 1", "--to 2", "-t 1", "--realtime", "--exit-on-source-loss", "--rtsp-transport udp",
            "--video-size 640x480", "--framerate 30", "--input-format mjpeg", "--latency-budget 80ms", "--isolate",
            "--no-labels", "--no-scores", "--line-width 2", "--trace 1", "--blur person", "--show-fps", "--show-age",
            "--codec libx265", "--crf 20", "--preset slow",
        ]) func whatNeedsPicturesIsRefused(option: String) throws
    {
        let words = option.split(separator: " ").map(String.init)
        let result = try run(["track", "--detections", detections, "--json"] + words)
        #expect(result.code == 64)
        #expect(result.error.contains("needs pictures"), "\(result.error)")
        #expect(result.output.contains("\"reason\":\"refused\""))
    }

    @Test(.enabled(if: program != nil, "the program saccade is not built")) func otherCombinationsAreRefused() throws {
        for (arguments, words) in [
            (["track"], "name a SOURCE, or --detections"),
            (["track", "a.mp4", "--detections", detections], "--detections takes the place of SOURCE"),
            (["track", "a.mp4", "--online"], "--online belongs to --detections"),
            (["track", "a.mp4", "--sequences", "A"], "--sequences belongs to --detections"),
            (["track", "--detections", detections, "--detect-every", "0"], "the detection interval"),
            (["track", "--detections", detections, "--json", "--save-mot", "-"], "--json writes the summary"),
            (["track", "--detections", folder.file("scenes"), "--save-csv", "-"], "several sequences"),
            (["benchmark", "sweep", "--gt", folder.file("scenes")], "either --detections or --video"),
            (
                ["benchmark", "sweep", "--gt", folder.file("scenes"), "--detections", detections, "--model", "a"],
                "--model needs a --video"
            ),
            (
                [
                    "benchmark", "sweep", "--gt", folder.file("scenes"), "--detections", folder.file("scenes"),
                    "--detect-every", "1,0",
                ], "'1,0' is invalid"
            ),
            (
                [
                    "tune", "tracker", "--gt", folder.file("scenes"), "--detections", folder.file("scenes"),
                    "--parameters", "margin,colour",
                ], "no parameter colour"
            ),
        ] {
            let result = try run(arguments)
            #expect(result.code == 64, "\(arguments): \(result.error)")
            #expect(result.error.contains(words), "\(arguments): \(result.error)")
        }
    }

    @Test(.enabled(if: program != nil, "the program saccade is not built")) func aTunedFileIsUsed() throws {
        let scenes = folder.file("scenes")
        let yaml = folder.file("tracker.yaml")
        let tuned = try run([
            "tune", "tracker", "--gt", scenes, "--detections", scenes, "--detect-every", "1,3", "--trials", "20",
            "--cross-validate", "-o", yaml,
        ])
        #expect(tuned.code == 0, "\(tuned.error)")
        #expect(tuned.output.contains("tuned, cross-validated"))
        let track = ["track", "--detections", scenes, "--save-mot"]
        #expect(try run(track + [folder.file("a/"), "--tracker", yaml]).code == 0)
        #expect(try run(track + [folder.file("b/")]).code == 0)
        #expect(try folder.text("a/CROSS-1.txt") != folder.text("b/CROSS-1.txt"))
        try "margin: wide\n".write(toFile: yaml, atomically: true, encoding: .utf8)
        let broken = try run(track + [folder.file("c/"), "--tracker", yaml])
        #expect(broken.code == 78)
        #expect(broken.error.contains("tracker.yaml: line 1: margin must be a number"))
    }

    @Test(.enabled(if: program != nil, "the program saccade is not built")) func sweepsAreWritten() throws {
        let result = try run([
            "benchmark", "sweep", "--gt", folder.file("scenes"), "--detections", folder.file("scenes"),
            "--detect-every", "1,3", "--csv", folder.file("sweep.csv"), "--plot", folder.file("sweep.svg"), "--json",
        ])
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output.contains("\"detections_per_frame\""))
        #expect(try folder.text("sweep.csv").split(separator: "\n").count == 9)
        #expect(try folder.text("sweep.svg").contains("IDF1, real time"))
    }

    @Test(.enabled(if: program != nil, "the program saccade is not built")) func linesOfAllSequencesAreOneStream()
        throws
    {
        let result = try run(["track", "--detections", folder.file("scenes"), "--quiet"])
        #expect(result.code == 0)
        #expect(result.output.split(separator: "\n").count == 2 * ReplayScenes.length)
        #expect(result.output.contains("\"source\":\"CROSS-2\""))
        #expect(result.error.isEmpty)
    }
}
