import ArgumentParser
import Detectors
import Execution
import Foundation
import Pipelines
import Saccade
import Tensors

struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure how long things take.", subcommands: [Model.self])

    struct Model: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "model", abstract: "Measure the latency of a model, one picture at a time.",
            discussion: "The input is gray; the time of a network does not depend on what it sees.")

        @Argument(help: "The model, an ONNX file.")
        var model: String

        @Option(help: "Threads for one picture.")
        var threads = 1

        @Option(help: "Runs that are measured, after three that are not.")
        var runs = 20

        @Flag(help: "Print the ten slowest operators.")
        var perLayer = false

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard threads > 0, runs > 0 else { throw ValidationError("--threads and --runs must be positive") }
        }

        func run() throws {
            try runReporting {
                let detector = try YOLODetector(modelPath: model)
                let plan = try detector.plan(width: detector.input.width, height: detector.input.height)
                let session = try Session(plan, threads: threads)
                let metrics = StageMetrics("run")
                let takesBytes = plan.inputs.first?.dtype == .uint8
                try session.withInput(0) { input in
                    if takesBytes {
                        input.bindMemory(to: UInt8.self).update(repeating: 114)
                    } else {
                        input.bindMemory(to: Float.self).update(repeating: 0.447)
                    }
                }
                for _ in 0..<3 { try session.run() }
                for _ in 0..<runs { try metrics.measure { try session.run() } }
                let figures = metrics.snapshot
                let macs = Double(plan.operations.reduce(0) { $0 + $1.multiplyAdds })
                if json {
                    let report = Report(
                        model: model, threads: threads, runs: runs, median_ms: figures.p50 * 1000,
                        p95_ms: figures.p95 * 1000, p99_ms: figures.p99 * 1000,
                        gmac_per_s: macs / figures.p50 / 1e9)
                    let encoder = JSONEncoder()
                    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                    try StandardOutput.write(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n")
                } else {
                    try StandardOutput.write(
                        String(
                            format: "%@, %d threads: p50 %.1f ms, p95 %.1f ms, p99 %.1f ms, %.1f GMAC/s\n", model,
                            threads,
                            figures.p50 * 1000, figures.p95 * 1000, figures.p99 * 1000, macs / figures.p50 / 1e9))
                }
                if perLayer { try printLayers(session) }
            }
        }

        private struct Report: Encodable {
            let model: String
            let threads: Int
            let runs: Int
            let median_ms: Double
            let p95_ms: Double
            let p99_ms: Double
            let gmac_per_s: Double
        }

        /// The medians of five runs.
        private func printLayers(_ session: Session) throws {
            var samples: [[Duration]] = []
            for _ in 0..<5 { samples.append(try session.runTimed()) }
            let layers = session.plan.operations.enumerated().map { index, operation in
                (operation: operation, time: samples.map { $0[index] }.sorted()[2])
            }
            for layer in layers.sorted(by: { $0.time > $1.time }).prefix(10) {
                let seconds = layer.time / .seconds(1)
                let line = String(
                    format: "  %7.2f ms %6.1f GMAC/s  %@ %@ (%@)", seconds * 1000,
                    Double(layer.operation.multiplyAdds) / max(seconds, 1e-9) / 1e9, layer.operation.op,
                    layer.operation.node, layer.operation.kernel)
                try StandardOutput.write(line.withoutControls + "\n")
            }
        }
    }
}
