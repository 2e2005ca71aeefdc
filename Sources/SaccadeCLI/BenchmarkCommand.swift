import ArgumentParser

struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure how long things take.",
        discussion: """
              saccade benchmark model yolov8n.onnx --threads 2 --square --per-layer
              saccade benchmark track street.mp4 --detect-every 3

            Other programs on the machine disturb the figures: compare in turns, and compare medians.
            """,
        subcommands: [BenchmarkModelCommand.self, BenchmarkTrackCommand.self, BenchmarkTrainingCommand.self, BenchmarkTrackerCommand.self])
}
