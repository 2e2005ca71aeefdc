import CFFmpeg
import Synchronization

/// The owner of the memory of one picture: a reference to a decoder's frame, or a frame from a `FramePool`.
final class FrameBuffer: @unchecked Sendable {
    // Sendable: one thread at a time holds the picture that this owns; the pool that takes it back has a lock.
    let av: UnsafeMutablePointer<AVFrame>
    private let pool: FramePool?

    /// Takes what `frame` refers to and leaves it empty; `nil` when there is no memory.
    init?(moving frame: UnsafeMutablePointer<AVFrame>) {
        guard let own = av_frame_alloc() else { return nil }
        av = own
        pool = nil
        av_frame_move_ref(own, frame)
    }

    fileprivate init(_ frame: UnsafeMutablePointer<AVFrame>, pool: FramePool) {
        av = frame
        self.pool = pool
    }

    deinit {
        if let pool {
            pool.takeBack(av)
        } else {
            FramePool.free(av)
        }
    }
}

/// Frames of one size in planar 4:2:0 whose memory is used again.
final class FramePool: Sendable {
    private struct Stock: @unchecked Sendable {
        // Sendable: only reached under the lock.
        var frames: [UnsafeMutablePointer<AVFrame>] = []
        var width: Int32 = 0
        var height: Int32 = 0
    }

    private static let capacity = 8
    private let stock = Mutex(Stock())

    deinit {
        stock.withLock { stock in
            for frame in stock.frames { FramePool.free(frame) }
        }
    }

    /// A frame whose content is undefined; `nil` when there is no memory.
    func frame(width: Int32, height: Int32) -> FrameBuffer? {
        let recycled = stock.withLock { stock -> FrameReference? in
            if stock.width != width || stock.height != height {
                for frame in stock.frames { FramePool.free(frame) }
                stock.frames.removeAll()
                stock.width = width
                stock.height = height
            }
            return stock.frames.popLast().map(FrameReference.init)
        }
        if let recycled { return FrameBuffer(recycled.frame, pool: self) }
        guard let frame = FramePool.allocate(width: width, height: height, format: AV_PIX_FMT_YUV420P) else {
            return nil
        }
        return FrameBuffer(frame, pool: self)
    }

    fileprivate func takeBack(_ frame: UnsafeMutablePointer<AVFrame>) {
        let reference = FrameReference(frame: frame)
        let isKept = stock.withLock { stock in
            let frame = reference.frame.pointee
            guard stock.frames.count < FramePool.capacity, stock.width == frame.width, stock.height == frame.height
            else { return false }
            stock.frames.append(reference.frame)
            return true
        }
        if !isKept { FramePool.free(frame) }
    }

    /// Carries a pointer over the border of the lock, which wants Sendable values.
    private struct FrameReference: @unchecked Sendable {
        // Sendable: exactly one side of the lock holds the frame.
        let frame: UnsafeMutablePointer<AVFrame>
    }

    static func allocate(width: Int32, height: Int32, format: AVPixelFormat) -> UnsafeMutablePointer<AVFrame>? {
        guard let frame = av_frame_alloc() else { return nil }
        frame.pointee.width = width
        frame.pointee.height = height
        frame.pointee.format = format.rawValue
        guard av_frame_get_buffer(frame, 0) >= 0 else {
            free(frame)
            return nil
        }
        return frame
    }

    static func free(_ frame: UnsafeMutablePointer<AVFrame>) {
        var freed: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&freed)
    }
}
