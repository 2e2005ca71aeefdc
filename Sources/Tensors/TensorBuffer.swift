import Glibc

/// Owned, 64-byte aligned memory for tensors; freed when the owner goes away.
///
/// The memory is zeroed. Nothing stands around it, as nothing stands between the tensors of an arena: kernels touch no
/// byte outside of a tensor. A failed allocation is an error, not a trap, so that a model which asks for too much is
/// refused like any other bad model.
///
/// Large buffers are mappings of their own in huge pages, where the system has such: the first touch of a page costs
/// more than a small page's worth of work, and what is never touched costs nothing.
package struct TensorBuffer: ~Copyable, @unchecked Sendable {
    // Sendable: the pointer is owned by this value alone and is only reached through it.
    package let baseAddress: UnsafeMutableRawPointer
    package let byteCount: Int
    /// Nil for memory of the heap.
    private let mapping: UnsafeMutableRawBufferPointer?

    package static let alignment = 64
    private static let hugePage = 2 << 20

    package init(byteCount: Int) throws(TensorError) {
        let size = max(byteCount, 1)
        if size >= TensorBuffer.hugePage {
            guard let mapping = TensorBuffer.map(size) else { throw .outOfMemory(bytes: byteCount) }
            self.mapping = mapping.all
            baseAddress = mapping.start
        } else {
            var pointer: UnsafeMutableRawPointer?
            guard posix_memalign(&pointer, TensorBuffer.alignment, size) == 0, let pointer else {
                throw .outOfMemory(bytes: byteCount)
            }
            memset(pointer, 0, size)
            mapping = nil
            baseAddress = pointer
        }
        self.byteCount = byteCount
    }

    deinit {
        if let mapping {
            munmap(mapping.baseAddress, mapping.count)
        } else {
            free(baseAddress)
        }
    }

    /// Zeroed memory that starts on a huge page.
    private static func map(_ size: Int) -> (all: UnsafeMutableRawBufferPointer, start: UnsafeMutableRawPointer)? {
        let (room, isTooMuch) = size.addingReportingOverflow(hugePage)
        guard !isTooMuch,
            let all = mmap(nil, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            all != UnsafeMutableRawPointer(bitPattern: -1)  // MAP_FAILED
        else { return nil }
        let start = all.alignedUp(toMultipleOf: hugePage)
        // A wish: small pages serve as well. What lies past the last whole huge page stays small.
        madvise(start, size, MADV_HUGEPAGE)
        return (UnsafeMutableRawBufferPointer(start: all, count: room), start)
    }
}
