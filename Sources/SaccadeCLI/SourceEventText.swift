import Foundation
import Saccade

/// A change in the life of a live source or a published stream, for people and for programs.
struct SourceEventText {
    private let event: SourceEvent

    init(_ event: SourceEvent) { self.event = event }

    /// One line; `nil` where there is nothing to tell.
    var line: String? {
        let text: String
        switch event.state {
        case .connecting: return nil
        case .stalled: text = "stalled"
        case .ended: text = (event.message.map { "\($0) " } ?? "ended ") + "[reason: \(event.reason ?? "eof")]"
        case .live: text = "live" + (event.message.map { ": \($0)" } ?? "")
        case .backoff:
            let wait = event.retrySeconds.map { String(format: "%.2g s", $0) } ?? "a while"
            text = "\(event.message ?? "lost") [reason: \(event.reason ?? "internal")]; trying again in \(wait)"
        }
        let name = text.hasPrefix(event.source) ? "" : "\(event.source): "
        return "saccade: \(name)\(text)".withoutControls + "\n"
    }

    /// One JSON object and a line's end. Times are in seconds.
    var json: String {
        struct Document: Encodable {
            struct Age: Encodable { let p50, p95, p99: Double }
            let event: String
            let source, output: String?
            let state: String
            let time_s: Double
            let reason, message: String?
            let retry_s: Double?
            let age_s: Age?
        }
        let document = Document(
            event: event.subject.rawValue, source: event.subject == .source ? event.source : nil,
            output: event.subject == .output ? event.source : nil, state: event.state.rawValue, time_s: event.seconds,
            reason: event.reason,
            message: event.message, retry_s: event.retrySeconds,
            age_s: event.age.map { Document.Age(p50: $0.p50, p95: $0.p95, p99: $0.p99) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(document) else { return "" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
