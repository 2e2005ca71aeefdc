import ArgumentParser
import Dispatch
import Foundation
import Saccade
import Synchronization

/// How progress is shown.
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
    /// A bar on a terminal, lines elsewhere.
    case auto
    /// The same: control codes go to terminals alone.
    case bar
    /// A line every five seconds.
    case plain
    /// A JSON object a line, four a second at most.
    case json
    case none
}

/// Runs a pipeline and shows how far it is. The first SIGINT or SIGTERM ends the run in good order, the second at once.
final class RunReporter: Sendable {
    private struct Progress {
        var total: Int?
        var done = 0
        var start = ContinuousClock.now
        var shown = ContinuousClock.now
        /// When a failed attempt was last told, by the name of the source or output.
        var complained: [String: ContinuousClock.Instant] = [:]
    }

    private let style: ProgressStyle
    private let interval: Duration
    private let progress = Mutex(Progress())
    private let received = Atomic<Int32>(0)

    init(progress style: ProgressStyle) {
        let isTerminal = isatty(STDERR_FILENO) == 1
        self.style = style == .auto || style == .bar ? (isTerminal ? .bar : .plain) : style
        interval = self.style == .plain ? .seconds(5) : .milliseconds(250)
    }

    /// The signal that ended the run.
    var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// What a run is given to tell how far it is: what it calls before the first frame, after each, and when a live
    /// source comes or goes.
    struct Observer: Sendable {
        let started: @Sendable (Int?) -> Void
        let onFrame: @Sendable (FrameResult) -> Void
        let onSourceEvent: @Sendable (SourceEvent) -> Void
    }

    /// Runs a pipeline over a source, or over those of a list.
    func run(
        _ pipeline: VideoPipeline, _ source: String, to outputs: RunOutputs
    ) throws(SaccadeError) -> any CommandSummary {
        guard SourceList.isList(source) else {
            return try observe(stop: pipeline.stop) { observer throws(SaccadeError) in
                try pipeline.run(
                    source, to: outputs, onFrame: observer.onFrame, onSourceEvent: observer.onSourceEvent,
                    started: observer.started)
            }
        }
        let list = try SourceList(path: source)
        return try observe(stop: pipeline.stop) { observer throws(SaccadeError) in
            observer.started(nil)
            return try pipeline.run(
                list, to: outputs, onFrame: { observer.onFrame($1) }, onSourceEvent: observer.onSourceEvent)
        }
    }

    /// Runs `body` under the eyes of the user; `stop` ends it in good order.
    func observe<Summary>(
        stop: @escaping @Sendable () -> Void, _ body: (Observer) throws(SaccadeError) -> Summary
    ) throws(SaccadeError) -> Summary {
        let signals = [SIGINT, SIGTERM].map { number in
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
            source.setEventHandler { [self] in
                if received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
                stop()
                guard style == .bar || style == .plain else { return }
                let clear = style == .bar ? "\r\u{1B}[K" : ""
                StandardError.write(clear + "saccade: finishing what was read; once more to end at once\n")
            }
            source.resume()
            return source
        }
        defer { signals.forEach { $0.cancel() } }
        let summary = try body(
            Observer(
                started: { self.start(total: $0) }, onFrame: { _ in self.advance() },
                onSourceEvent: { self.tell($0) }))
        if style == .bar { StandardError.write("\r\u{1B}[K") }
        return summary
    }

    /// Tells of a live source or a published stream. Attempts that fail in a row are told every half minute, wrong credentials each time.
    private func tell(_ event: SourceEvent) {
        if style == .json { return StandardError.write(SourceEventText(event).json) }
        guard style != .none, let text = SourceEventText(event).line else { return }
        let isNews = progress.withLock { progress in
            guard event.state == .backoff else {
                progress.complained[event.source] = nil
                return true
            }
            let now = ContinuousClock.now
            if let last = progress.complained[event.source], now - last < .seconds(30), event.reason != "auth" {
                return false
            }
            progress.complained[event.source] = now
            return true
        }
        if isNews || event.state == .ended { StandardError.write((style == .bar ? "\r\u{1B}[K" : "") + text) }
    }

    private func start(total: Int?) { progress.withLock { $0 = Progress(total: total) } }

    private func advance() {
        let line: String? = progress.withLock { progress in
            progress.done += 1
            let now = ContinuousClock.now
            guard style != .none, now - progress.shown >= interval else { return nil }
            progress.shown = now
            return text(progress, elapsed: (now - progress.start) / .seconds(1))
        }
        if let line { StandardError.write(line) }
    }

    private func text(_ progress: Progress, elapsed: Double) -> String {
        let rate = Double(progress.done) / max(elapsed, 1e-9)
        let left = progress.total.map { Double(max(0, $0 - progress.done)) / max(rate, 1e-9) }
        switch style {
        case .json:
            let total = progress.total.map(String.init) ?? "null"
            let eta = left.map { String(format: "%.1f", $0) } ?? "null"
            return
                "{\"n\":\(progress.done),\"total\":\(total),\"rate\":\(String(format: "%.2f", rate)),\"eta\":\(eta)}\n"
        case .bar:
            guard let total = progress.total, total > 0, let left else {
                return String(format: "\r\u{1B}[K%d frames  %.1f frames/s", progress.done, rate)
            }
            let share = min(1, Double(progress.done) / Double(total))
            let filled = Int(share * 30)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            return String(
                format: "\r\u{1B}[K%@ %3.0f %%  %d/%d  %.1f frames/s  ", bar, share * 100, progress.done, total, rate)
                + "\(SummaryText.clock(left)) left"
        default:
            let of = progress.total.map { " of \($0)" } ?? ""
            return String(format: "saccade: %d%@ frames, %.1f frames/s\n", progress.done, of, rate)
        }
    }
}
