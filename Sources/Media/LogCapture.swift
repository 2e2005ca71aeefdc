import CFFmpeg
import Glibc
import Synchronization

/// Takes the log of libav*: nothing is printed, the last error line is kept for the next `MediaError`.
///
/// Lines are kept per thread, and once for all threads, since decoders log from threads of their own. Credentials in
/// URLs are removed before a line is stored, so that no message can carry a password.
package enum LogCapture {
    private struct Lines {
        var latest: String?
        var byThread: [UInt: String] = [:]
    }

    private static let lines = Mutex(Lines())
    private static let installed: Void = sk_capture_log()

    /// Routes the log here; has an effect once per process.
    package static func install() { _ = installed }

    /// The last line of this thread, else of any thread, and forgets it.
    static func takeLine() -> String? {
        let thread = UInt(pthread_self())
        return lines.withLock { lines in
            let line = lines.byThread.removeValue(forKey: thread) ?? lines.latest
            lines.latest = nil
            return line
        }
    }

    /// Forgets what was logged, so that a later error does not quote an older one.
    static func clear() { _ = takeLine() }

    fileprivate static func record(_ line: String) {
        let clean = readable(redacted(line))
        guard !clean.isEmpty else { return }
        let thread = UInt(pthread_self())
        lines.withLock { lines in
            lines.latest = clean
            if lines.byThread.count > 64 { lines.byThread.removeAll() }
            lines.byThread[thread] = clean
        }
    }

    /// The text without the secrets of URLs, see `SecretURL.redacted`.
    package static func redacted(_ text: String) -> String { SecretURL.redacted(text) }

    /// The text on one line, without control characters, trimmed and of limited length.
    package static func readable(_ text: String) -> String {
        let kept = text.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: " " as Unicode.Scalar
            default: scalar
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: kept.drop { $0 == " " }.prefix(500))
        while view.last == " " { view.removeLast() }
        return String(view)
    }
}

/// Called by the log callback in CFFmpeg's shim for each line at the level of errors.
@_cdecl("sk_log_line")
func logLine(_ line: UnsafePointer<CChar>) {
    LogCapture.record(String(cString: line))
}
