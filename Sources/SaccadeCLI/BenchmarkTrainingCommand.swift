import ArgumentParser
import Foundation
import Kernels

struct BenchmarkTrainingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training",
        abstract: "Measure how long a step of training takes, and how near it comes to what the machine can do.",
        discussion: """
            A step is a batch through the network and back, and the optimizer. The networks are small and made for this: \
            a convolutional one, two layers of LSTM, four layers of a transformer. The share of the peak is the time that \
            the multiply-adds of both passes would take at the rate of multiply-adds on registers alone, on all threads, \
            divided by the time of the step.

              saccade benchmark training --task cnn --threads 2
              saccade benchmark training --task transformer --per-kernel
            """)

    @Option(
        help: ArgumentHelp(
            "The network: \(TrainingBenchmark.Task.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "name"))
    var task: String

    @Option(help: "Threads, all together.")
    var threads = 1

    @Option(help: "Steps that are measured, after three that are not.")
    var steps = 20

    @Flag(help: "Print the time of each kind of kernel, the slowest first.")
    var perKernel = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard TrainingBenchmark.Task(rawValue: task) != nil else {
            throw ValidationError("there is no task \(task)")
        }
        guard (1...1024).contains(threads), (1...10000).contains(steps) else {
            throw ValidationError("--threads must be 1 to 1024, --steps 1 to 10000")
        }
    }

    func run() throws {
        try runReporting(json: json) {
            guard let task = TrainingBenchmark.Task(rawValue: task) else { return }
            let benchmark = TrainingBenchmark(task: task, threads: threads, steps: steps)
            let figures = try benchmark.measure(perKernel: perKernel)
            try StandardOutput.write(json ? Self.json(benchmark, figures) : Self.text(benchmark, figures))
        }
    }

    private static func milliseconds(_ time: Duration) -> Double { time / .milliseconds(1) }

    private static func median(_ times: [Duration]) -> Double {
        milliseconds(times.sorted()[times.count / 2])
    }

    private static func share(_ benchmark: TrainingBenchmark, _ figures: TrainingBenchmark.Figures) -> Double {
        let seconds = median(figures.times) / 1000
        return Double(figures.multiplyAdds) / seconds / (figures.peak.floats * Double(benchmark.threads))
    }

    private static func text(_ benchmark: TrainingBenchmark, _ figures: TrainingBenchmark.Figures) -> String {
        func number(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }
        var text = """
            \(benchmark.task.rawValue): \(figures.parameters) parameters, \(benchmark.threads) threads
            step: \(number(median(figures.times), 2)) ms (median of \(figures.times.count)), least \
            \(number(milliseconds(figures.times.min() ?? .zero), 2)) ms
            \(number(Double(figures.multiplyAdds) / 1e9, 2)) billion multiply-adds, \
            \(number(100 * share(benchmark, figures), 1)) % of the peak
            activations and scratch: \(figures.arenaByteCount >> 20) MiB

            """
        if !figures.kernels.isEmpty { text += "\n   ms  count  share of peak  kernel\n" }
        for kernel in figures.kernels {
            let rate = Double(kernel.multiplyAdds) / (kernel.time / .seconds(1))
            let share =
                kernel.multiplyAdds == 0
                ? ""
                : number(
                    100 * rate / (figures.peak.floats * Double(benchmark.threads)), 0) + " %"
            text += String(
                format: "%7.2f  %4d  %8@  %@\n", milliseconds(kernel.time), kernel.count, share as NSString,
                kernel.name as NSString)
        }
        return text
    }

    private struct Report: Encodable {
        var task: String
        var threads: Int
        var milliseconds: Double
        var leastMilliseconds: Double
        var multiplyAdds: Int
        var shareOfPeak: Double
        var parameters: Int
    }

    private static func json(
        _ benchmark: TrainingBenchmark, _ figures: TrainingBenchmark.Figures
    ) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let report = Report(
            task: benchmark.task.rawValue, threads: benchmark.threads, milliseconds: median(figures.times),
            leastMilliseconds: milliseconds(figures.times.min() ?? .zero), multiplyAdds: figures.multiplyAdds,
            shareOfPeak: share(benchmark, figures), parameters: figures.parameters)
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
