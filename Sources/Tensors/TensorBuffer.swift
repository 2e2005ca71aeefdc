import Foundation

/// Owned, 64-byte aligned memory for tensors; freed when the owner goes away.
///
/// The memory is zeroed. Nothing stands around it, as nothing stands between the tensors of an arena: kernels touch no
/// byte outside of a tensor. A failed allocation is an error, not a trap, so that a model which asks for too much is
/// refused like any other bad model.
package struct TensorBuffer: ~Copyable, @unchecked Sendable {
    // Sendable: the pointer is owned by this value alone and is only reached through it.
    package let baseAddress: UnsafeMutableRawPointer
    package let byteCount: Int

    package static let alignment = 64

    package init(byteCount: Int) throws(TensorError) {
        var pointer: UnsafeMutableRawPointer?
        let size = max(byteCount, 1)
        guard posix_memalign(&pointer, TensorBuffer.alignment, size) == 0, let pointer else {
            throw .outOfMemory(bytes: byteCount)
        }
        memset(pointer, 0, size)
        self.baseAddress = pointer
        self.byteCount = byteCount
    }

    deinit { free(baseAddress) }
}
