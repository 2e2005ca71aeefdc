import ArgumentParser

struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure how long things take, and what tracking is worth when frames are skipped.",
        discussion: """
              saccade benchmark model yolov8n.onnx --threads 2 --square --per-layer
              saccade benchmark track street.mp4 --detect-every 3
              saccade benchmark sweep --gt mot15/ --detections mot15/

            Other programs on the machine disturb the figures: compare in turns, and compare medians.
            """,
        subcommands: [
            BenchmarkModelCommand.self, BenchmarkTrackCommand.self, BenchmarkSweepCommand.self,
            BenchmarkTrackerCommand.self, BenchmarkTrainingCommand.self,
        ])
}
