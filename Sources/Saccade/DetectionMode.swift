import Media

/// How the detector's threads share the frames. The results are the same, bit for bit.
public enum DetectionMode: String, Hashable, Sendable, CaseIterable {
    /// Throughput for videos, folders and pipes, where frames a second count; latency for live sources, and for a single
    /// picture, which has no other beside it. Measured with YOLOv8n in 8 bits on two cores, throughput gives 1.3 times the
    /// frames a second of latency, for three quarters of the processor time.
    case auto
    /// All threads work on one frame: the shortest time from a frame to its boxes. What an operator cannot share among
    /// threads, and the work between operators, is waited for.
    case latency
    /// Each thread works on a frame of its own: the most frames a second, for a network's worth of memory a thread.
    case throughput
}

extension PipelineConfiguration {
    /// For each worker of the detector, how many threads it has.
    ///
    /// - Parameters:
    ///   - threads: all of them together, at least 1.
    ///   - info: the source.
    func workers(threads: Int, for info: VideoInfo) -> [Int] {
        let isSingle = info.isLive || info.isImageSequence && info.estimatedFrameCount == 1
        let frames =
            switch mode {
            case .latency: 1
            case .throughput: batch ?? threads
            case .auto: batch ?? (isSingle ? 1 : threads)
            }
        return Self.workers(threads: threads, frames: frames)
    }

    /// Threads spread over the frames that are worked on at a time: `(4, 2)` are two workers with two threads each. More
    /// frames than threads wait for one.
    package static func workers(threads: Int, frames: Int) -> [Int] {
        let workers = max(1, min(threads, frames))
        return (0..<workers).map { threads / workers + ($0 < threads % workers ? 1 : 0) }
    }
}
