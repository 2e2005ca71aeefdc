import Dispatch
import Imaging
import Media
import Pipelines
import Synchronization

/// The stream of a live source's pictures: compressed and sent on a thread of its own, so that what the network does
/// holds up nothing else. Pictures that it has no time for are left out, the oldest first.
final class StreamOutput: Sendable {
    private struct Picture: ~Copyable, Sendable {
        let image: Image
        let timestamp: Timestamp
        let duration: Int64
    }

    private let writer: StreamWriter
    private let waiting = BoundedQueue<Picture>(capacity: 2, whenFull: .dropOldest)
    private let ending = DispatchGroup()
    private let fault = Mutex<MediaError?>(nil)
    /// Pictures that were overtaken while the stream was down.
    private let missed = Atomic<Int>(0)

    init(_ writer: StreamWriter) {
        self.writer = writer
        DispatchQueue(label: "saccade.publish", qos: .userInitiated).async(group: ending) { self.send() }
    }

    private func send() {
        while let picture = waiting.pop() {
            let (overtaken, wasUp) = (waiting.dropCount, writer.isUp)
            do throws(MediaError) {
                try writer.write(picture.image, at: picture.timestamp, duration: picture.duration)
            } catch {
                // The encoder's, which no new connection heals.
                fault.withLock { $0 = error }
                waiting.finish()
                return
            }
            if !wasUp || !writer.isUp { missed.add(waiting.dropCount - overtaken, ordering: .relaxed) }
        }
        do throws(MediaError) { _ = try writer.finish() } catch { fault.withLock { $0 = error } }
    }

    func write(_ image: consuming Image, at timestamp: Timestamp, duration: Int64) throws(MediaError) {
        if let error = fault.withLock({ $0 }) { throw error }
        _ = waiting.push(Picture(image: image, timestamp: timestamp, duration: duration))
    }

    /// Sends what waits, for a second at the most, and ends the stream.
    func finish() throws(MediaError) -> RunSummary.Publication {
        waiting.finish()
        if ending.wait(timeout: .now() + 1) == .timedOut {
            writer.cancel()
            ending.wait()
        }
        if let error = fault.withLock({ $0 }) { throw error }
        let missed = missed.load(ordering: .relaxed)
        return RunSummary.Publication(writer, unreachable: missed, overtaken: waiting.dropCount - missed)
    }

    /// Ends the stream at once.
    func cancel() {
        writer.cancel()
        waiting.cancel()
    }
}

extension RunSummary.Publication {
    /// What became of a stream that has ended; the pictures that never came to the writer are given by reason.
    init(_ writer: StreamWriter, unreachable missed: Int = 0, overtaken: Int = 0) {
        let counts = writer.summary
        let unreachable = counts.unreachable + missed
        self.init()
        address = writer.address.description
        sent = counts.sent
        dropped = unreachable + overtaken
        dropReasons = ["unreachable": unreachable, "overtaken": overtaken].filter { $0.value > 0 }
        connections = counts.connections
        losses = Dictionary(uniqueKeysWithValues: counts.losses.map { ($0.key.rawValue, $0.value) })
    }
}
