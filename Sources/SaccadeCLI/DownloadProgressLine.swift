import Dispatch
import Foundation
import Saccade
import Synchronization

/// Shows how far a download is, on a terminal alone. The first SIGINT, SIGTERM or SIGHUP ends it in good order, the
/// second at once.
final class DownloadProgressLine: Sendable {
    private let model: PublicModel
    private let isShown: Bool
    private let start = ContinuousClock.now
    private let shown = Mutex(ContinuousClock.now - .seconds(1))
    private let received = Atomic<Int32>(0)

    init(model: PublicModel, isQuiet: Bool) {
        self.model = model
        isShown = !isQuiet && isatty(STDERR_FILENO) == 1
    }

    /// The signal that ended the download.
    var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Runs `body`; `stop` ends it in good order, `abandon` removes what it wrote when the process ends before it.
    func observing<Result>(
        stop: @escaping @Sendable () -> Void, abandon: @escaping @Sendable () -> Void,
        _ body: () throws(SaccadeError) -> Result
    ) throws(SaccadeError) -> Result {
        let signals = [SIGINT, SIGTERM, SIGHUP].map { number in
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
            source.setEventHandler { [self] in
                if received.exchange(number, ordering: .relaxed) != 0 {
                    abandon()
                    _exit(128 + number)
                }
                stop()
            }
            source.resume()
            return source
        }
        defer {
            signals.forEach { $0.cancel() }
            if isShown { StandardError.write("\r\u{1B}[K") }
        }
        return try body()
    }

    /// `count` bytes have come.
    func show(_ count: Int64) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let isDue = shown.withLock { shown in
            guard now - shown >= .milliseconds(200) else { return false }
            shown = now
            return true
        }
        guard isDue else { return }
        let (done, total) = (Double(count) / 1e6, Double(model.bytes) / 1e6)
        let rate = done / max((now - start) / .seconds(1), 1e-9)
        StandardError.write(
            "\r\u{1B}[K\(model.name)  "
                + String(format: "%.1f of %.1f MB  %.0f %%  %.1f MB/s", done, total, done / total * 100, rate))
    }
}
