import Dispatch
import Foundation
import Saccade
import Synchronization

/// Shows how far a quantization is: a line that is rewritten on a terminal, a line for each stage elsewhere. The first
/// SIGINT or SIGTERM ends it in good order, the second at once.
final class QuantizationProgressLine: Sendable {
    private struct State {
        var stage: ModelQuantizer.Progress.Stage?
        var start = ContinuousClock.now
        var shown = ContinuousClock.now - .seconds(1)
    }

    private let isQuiet: Bool
    private let isTerminal: Bool
    private let state = Mutex(State())
    private let received = Atomic<Int32>(0)

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = isatty(STDERR_FILENO) == 1
    }

    /// The signal that ended the run.
    var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    func observing<Result>(
        stop: @escaping @Sendable () -> Void, _ body: () throws(SaccadeError) -> Result
    ) throws(SaccadeError) -> Result {
        let signals = [SIGINT, SIGTERM].map { number in
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
            source.setEventHandler { [self] in
                if received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
                stop()
            }
            source.resume()
            return source
        }
        defer {
            signals.forEach { $0.cancel() }
            if isTerminal, !isQuiet { StandardError.write("\r\u{1B}[K") }
        }
        return try body()
    }

    @Sendable func show(_ progress: ModelQuantizer.Progress) {
        guard !isQuiet else { return }
        let line: String? = state.withLock { state in
            let now = ContinuousClock.now
            let isNew = state.stage != progress.stage
            if isNew { (state.stage, state.start) = (progress.stage, now) }
            guard isTerminal else { return isNew ? "saccade: \(Self.name(progress.stage))\n" : nil }
            guard isNew || now - state.shown >= .milliseconds(200) else { return nil }
            state.shown = now
            return "\r\u{1B}[K\(Self.name(progress.stage))  \(progress.done)/\(progress.total)"
        }
        if let line { StandardError.write(line) }
    }

    private static func name(_ stage: ModelQuantizer.Progress.Stage) -> String {
        switch stage {
        case .reading: "reading calibration pictures"
        case .calibrating: "calibrating"
        case .searching: "searching"
        case .measuring: "measuring average precision"
        case .timing: "timing both models in turns"
        }
    }
}
