import Media
import Pipelines

/// A change in the life of a live source, or of a stream that is published: connecting → live → stalled → backoff →
/// connecting → …; or the end of one of several sources.
public struct SourceEvent: Hashable, Sendable {
    /// Whose life it is.
    public enum Subject: String, Hashable, Sendable, CaseIterable {
        /// A source: frames come from it.
        case source
        /// A stream that is published: frames go to it.
        case output
    }

    /// What the source is, or does, from now on.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// It is being opened.
        case connecting
        /// Frames come.
        case live
        /// No frame came for too long.
        case stalled
        /// It was lost, or could not be opened; the next attempt waits.
        case backoff
        /// It is over, while others go on.
        case ended
    }

    /// Whose life it is.
    public let subject: Subject
    /// The source's name in its list, or what source or output are, without a password.
    public let source: String
    /// What it is from now on.
    public let state: State
    /// Seconds since the source was first opened; at its end, those in which it ran.
    public let seconds: Double
    /// Seconds until the next attempt, in `backoff`.
    public let retrySeconds: Double?
    /// Why it was lost, one word of the closed vocabulary.
    public let reason: String?
    /// The reason in words; or, of a source that is live, what it gives.
    public let message: String?
    /// The age at output of the frames so far, if there were any.
    public let age: RunSummary.Stage?

    /// The end of a source of a list.
    init(endOf name: String, _ summary: RunSummary) {
        subject = .source
        source = name
        state = .ended
        seconds = summary.wallTime
        retrySeconds = nil
        reason = summary.reason
        message = summary.message
        age = summary.age
    }

    init(_ event: LiveEvent, of subject: Subject = .source, name: String? = nil, age: StageMetrics) {
        self.subject = subject
        source = name ?? event.source
        seconds = event.seconds
        reason = event.error?.reason.rawValue
        message = event.error?.description ?? event.content
        let figures = age.snapshot
        self.age = figures.count > 0 ? RunSummary.Stage(figures) : nil
        switch event.state {
        case .connecting: (state, retrySeconds) = (.connecting, nil)
        case .live: (state, retrySeconds) = (.live, nil)
        case .stalled: (state, retrySeconds) = (.stalled, nil)
        case .backoff(let until): (state, retrySeconds) = (.backoff, max(0, until - event.seconds))
        }
    }
}
