import Dispatch
import Foundation
import Lab
import Plots
import Saccade
import Synchronization
import Training

/// Shows how far a training is: a line that is rewritten on a terminal, a line for each epoch elsewhere. The first SIGINT
/// or SIGTERM ends it in good order, the second at once.
final class LabProgress: Sendable {
    private let isQuiet: Bool
    private let isTerminal: Bool
    private let start = ContinuousClock.now
    private let shown = Mutex(ContinuousClock.now - .seconds(1))
    private let received = Atomic<Int32>(0)

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = isatty(STDERR_FILENO) == 1
    }

    /// The signal that is to end the run.
    var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    var goesOn: Bool { signal == nil }

    /// Since this was made.
    var now: Duration { ContinuousClock.now - start }

    /// Runs a command's body; an end by a signal has that signal's exit code.
    func observing(_ body: () throws -> Void) throws {
        let signals = [SIGINT, SIGTERM].map { number in
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
            source.setEventHandler { [self] in
                if received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
            }
            source.resume()
            return source
        }
        defer {
            signals.forEach { $0.cancel() }
            clear()
        }
        do {
            try body()
        } catch is CancellationError {
            throw SaccadeError(reason: "interrupted", message: "interrupted", exitCode: 128 + (signal ?? SIGINT))
        }
    }

    /// A line of its own.
    func tell(_ text: String) {
        guard !isQuiet else { return }
        clear()
        StandardError.write("saccade: \(text.withoutControls)\n")
    }

    /// The line that is rewritten; on a terminal alone, and not too often.
    func show(_ text: @autoclosure () -> String) {
        guard !isQuiet, isTerminal else { return }
        let isDue = shown.withLock { shown in
            let now = ContinuousClock.now
            guard now - shown >= .milliseconds(200) else { return false }
            shown = now
            return true
        }
        if isDue { StandardError.write("\r\u{1B}[K\(text())") }
    }

    private func clear() { if isTerminal, !isQuiet { StandardError.write("\r\u{1B}[K") } }

    /// An epoch's end as a line of its own, any other step in the line that is rewritten.
    ///
    /// - Parameter metrics: the figures to show beside the losses.
    func show(
        _ progress: TrainingProgress, epochs: Int, line: inout ProgressLine, name: String = "",
        metrics: [String] = [LearningTask.accuracy]
    ) {
        let prefix = name.isEmpty ? "" : "\(name)  "
        guard let results = progress.validation else {
            let text = line.text(
                step: progress.step, loss: progress.trainLoss, rate: progress.rate, at: now)
            return show(prefix + text)
        }
        let figures = metrics.compactMap { name in
            results.metrics[name].map { "  \(name) \(PlotAxis.short(Double($0)))" }
        }
        tell(
            prefix + "epoch \(progress.epoch + 1)/\(epochs)  loss \(PlotAxis.short(progress.trainLoss))  "
                + "validation loss \(PlotAxis.short(Double(results.loss)))\(figures.joined())  "
                + "rate \(PlotAxis.short(progress.rate))")
    }
}
