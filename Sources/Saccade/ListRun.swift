import Detectors
import Foundation
import Media
import Pipelines
import Synchronization

/// The detector's workers, where several sources share them.
typealias DetectorPool = WorkerPool<YOLODetector.Worker>

/// What a run over several sources did.
public struct ListSummary: Hashable, Sendable, Codable {
    /// What each did, in the order of the list. A source that could not be read, or whose outputs failed, has the reason
    /// in its summary.
    public var sources: [RunSummary]
    /// From start to end of the run in seconds.
    public var wallTime = 0.0
    /// 0, or the exit code of the first source in the list that has one.
    public var exitCode: Int32 { sources.lazy.map(\.exitCode).first { $0 != 0 } ?? 0 }
}

/// One run over several sources: one model, one pool of workers, and for each source its own stages, queues and outputs.
///
/// Nothing but the workers is shared, and those are lent for one frame at a time in turns. So a source that is slow,
/// stalls or dies, or whose outputs fail, costs the others nothing.
final class ListRun: @unchecked Sendable {
    // Sendable: what changes is in `state`.
    private struct State {
        /// Those that have given a frame.
        var begun: Set<Int> = []
        var ended: Set<Int> = []
        var summaries: [Int: RunSummary] = [:]
    }

    private let list: SourceList
    private let outputs: RunOutputs
    private let configuration: PipelineConfiguration
    private let analysis: VideoRun.Analysis
    private let onSourceEvent: (@Sendable (SourceEvent) -> Void)?
    private let wantsStop: @Sendable () -> Bool
    private let start = MonotonicTime.now
    private let isOver = Atomic<Bool>(false)
    private let state = Mutex(State())

    init(
        _ list: SourceList, outputs: RunOutputs, configuration: PipelineConfiguration, detector: YOLODetector,
        onSourceEvent: (@Sendable (SourceEvent) -> Void)?, shouldStop: @escaping @Sendable () -> Bool
    ) throws {
        self.list = list
        self.outputs = outputs
        self.configuration = configuration
        self.onSourceEvent = onSourceEvent
        wantsStop = shouldStop
        let isMixed = outputs.video == "-" || outputs.results.contains { $0.path == "-" && $0.format != .jsonLines }
        guard list.entries.count == 1 || !isMixed else {
            throw SaccadeError.usage(
                "several sources can share standard output as JSON Lines alone: name a file, and each gets its own")
        }
        guard list.entries.count == 1 || !outputs.showsWindow else {
            throw SaccadeError.usage("a window shows one source: leave out --show, or name one of the list")
        }
        if outputs.publishes, let video = outputs.video {
            let path = video.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }
            guard list.entries.count == 1 || video.lowercased().hasPrefix("rtsp") && path.count > 1 else {
                throw SaccadeError.usage(
                    "several sources are published to rtsp://server/path alone, where each gets its own path")
            }
        }
        if let folder = outputs.video, folder.hasSuffix("/") { try PictureOutput.makeFolder(folder) }
        let named = list.entries.map { outputs.named($0.name) }
        try OutputConflicts.check(outputs: named.flatMap(\.files).filter { $0 != "-" })
        let wanted = configuration.threads > 0 ? configuration.threads : ProcessInfo.processInfo.activeProcessorCount
        let threads = min(wanted, PipelineConfiguration.mostThreads)
        let frames = configuration.mode == .latency ? 1 : configuration.batch ?? list.entries.count
        // A worker keeps a network for each shape of picture that it may meet.
        let workers = PipelineConfiguration.workers(threads: threads, frames: min(frames, list.entries.count))
            .map { detector.makeWorker(threads: $0, networkLimit: min(list.entries.count, 8)) }
        analysis = .detector(detector, DetectorPool(workers))
    }

    /// Runs all sources to their ends.
    func execute(onFrame: (@Sendable (_ name: String, FrameResult) -> Void)?) -> ListSummary {
        let runs = DispatchGroup()
        for index in list.entries.indices {
            DispatchQueue(label: "saccade.source.\(index)", qos: .userInitiated).async(group: runs) {
                self.run(index, onFrame)
            }
        }
        runs.wait()
        let summaries = state.withLock(\.summaries)
        var summary = ListSummary(sources: list.entries.indices.compactMap { summaries[$0] })
        summary.wallTime = start.age
        return summary
    }

    private func run(_ index: Int, _ onFrame: (@Sendable (String, FrameResult) -> Void)?) {
        let entry = list.entries[index]
        var summary: RunSummary
        do {
            let run = try VideoRun(
                source: entry.source, name: entry.name, outputs: outputs.named(entry.name),
                configuration: configuration, analysis: analysis, onSourceEvent: onSourceEvent,
                shouldStop: { self.wantsStop() || self.isOver.load(ordering: .relaxed) || self.isElapsed })
            state.withLock { _ = $0.begun.insert(index) }
            var report: (@Sendable (FrameResult) -> Void)?
            if let onFrame { report = { onFrame(entry.name, $0) } }
            summary = try run.execute(onFrame: report)
        } catch {
            let error = SaccadeError(error)
            summary = RunSummary(source: LogCapture.redacted(entry.source))
            let isStopped = error.exitCode == 130
            summary.reason = isStopped ? "interrupted" : error.reason
            summary.message = isStopped ? nil : error.message
            summary.exitCode = isStopped ? 0 : error.exitCode
        }
        summary.name = entry.name
        state.withLock { state in
            state.summaries[index] = summary
            state.ended.insert(index)
        }
        onSourceEvent?(SourceEvent(endOf: entry.name, summary))
        if summary.exitCode != 0, configuration.source.endsOnLoss { isOver.store(true, ordering: .relaxed) }
    }

    /// Whether the wanted duration has passed and nobody reads: then what never came is not waited for any longer.
    private var isElapsed: Bool {
        guard let duration = configuration.source.duration, start.age > duration else { return false }
        return state.withLock { $0.begun.isSubset(of: $0.ended) }
    }
}
