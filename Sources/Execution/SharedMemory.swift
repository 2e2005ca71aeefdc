package import Tensors

/// Memory that several sessions and their owner have in common: the parameters of a model, which every step of a training
/// changes, and their gradients.
///
/// Sessions read and write it while they run, and nobody keeps them apart: whoever shares it runs one at a time.
package final class SharedMemory: @unchecked Sendable {
    // Sendable: the memory lives as long as the object; its users take turns, as said above.
    private let buffer: TensorBuffer

    package init(byteCount: Int) throws(TensorError) { buffer = try TensorBuffer(byteCount: byteCount) }

    package var byteCount: Int { buffer.byteCount }

    /// The first byte, 64-byte aligned; valid while the object is alive.
    package var baseAddress: UnsafeMutableRawPointer { buffer.baseAddress }
}
