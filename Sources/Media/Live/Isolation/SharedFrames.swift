import CFFmpeg
import CIsolation
import Glibc

/// Memory that two processes share, in slots of one picture each: one writes pictures, the other copies them out.
///
/// Where the planes of a picture lie in its slot follows from its format and size alone. So the reader computes itself
/// what it reads, and never takes an address from the writer.
final class SharedFrames {
    /// One that is being read, one that waits, one that is being written.
    static let slots = 3
    /// Rows begin at multiples of this.
    private static let alignment: Int32 = 64

    let descriptor: Int32
    private let slotSize: Int
    private let memory: UnsafeMutableRawPointer

    /// New memory, for pictures of at most so many pixels, which is taken as it is used.
    convenience init(maximumPixels: Int) throws(MediaError) {
        let slotSize = Self.slotSize(maximumPixels: maximumPixels)
        let descriptor = sk_shared_memory(Int64(slotSize * Self.slots))
        guard descriptor >= 0 else { throw MediaError(errno: errno, "No shared memory", fallback: .internalError) }
        try self.init(descriptor: descriptor, slotSize: slotSize, isWritten: false)
    }

    /// The memory of another process, to be written.
    convenience init(descriptor: Int32, maximumPixels: Int) throws(MediaError) {
        try self.init(descriptor: descriptor, slotSize: Self.slotSize(maximumPixels: maximumPixels), isWritten: true)
    }

    private init(descriptor: Int32, slotSize: Int, isWritten: Bool) throws(MediaError) {
        let protection = isWritten ? PROT_READ | PROT_WRITE : PROT_READ
        guard let memory = mmap(nil, slotSize * Self.slots, protection, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else {
            let code = errno
            Glibc.close(descriptor)
            throw MediaError(errno: code, "No shared memory", fallback: .internalError)
        }
        self.descriptor = descriptor
        self.slotSize = slotSize
        self.memory = memory
    }

    deinit {
        munmap(memory, slotSize * Self.slots)
        Glibc.close(descriptor)
    }

    /// Eight bytes a pixel hold any format; pages that are not used take no memory.
    private static func slotSize(maximumPixels: Int) -> Int {
        let pixels = min(max(maximumPixels, 1), 1 << 28)
        return (pixels * 8 + (1 << 20)) & ~0xFFF
    }

    private func slot(_ index: Int) -> UnsafeMutablePointer<UInt8>? {
        guard (0..<Self.slots).contains(index) else { return nil }
        return (memory + index * slotSize).assumingMemoryBound(to: UInt8.self)
    }

    /// Copies a decoder's picture into a slot.
    func write(_ frame: UnsafeMutablePointer<AVFrame>, to index: Int) throws(MediaError) {
        let format = AVPixelFormat(frame.pointee.format)
        guard let slot = slot(index),
            sk_copy_to_buffer(
                slot, Int32(clamping: slotSize), frame, format, frame.pointee.width, frame.pointee.height,
                Self.alignment) >= 0
        else { throw MediaError(.tooLarge, "The picture does not fit into the shared memory") }
    }

    /// Copies the picture of a slot into a frame of this process; `nil` for a format, a size or a slot that cannot be.
    func read(_ index: Int, format: Int32, width: Int32, height: Int32) -> FrameBuffer? {
        let format = AVPixelFormat(format)
        guard width > 0, height > 0, let slot = slot(index), sk_is_plain(format) != 0 else { return nil }
        let size = av_image_get_buffer_size(format, width, height, Self.alignment)
        guard size > 0, Int(size) <= slotSize,
            let frame = FramePool.allocate(width: width, height: height, format: format)
        else { return nil }
        guard sk_copy_from_buffer(frame, slot, format, width, height, Self.alignment) >= 0 else {
            FramePool.free(frame)
            return nil
        }
        let buffer = FrameBuffer(moving: frame)
        FramePool.free(frame)
        return buffer
    }
}
