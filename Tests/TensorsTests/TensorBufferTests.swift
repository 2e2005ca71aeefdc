import Tensors
import Testing

/// Memory of a tensor: zero, aligned, and refused when there is too much of it.
struct TensorBufferTests {
    @Test(arguments: [0, 1, 4095, 2 << 20, (2 << 20) + 1, (6 << 20) + 12345])
    func memoryIsZeroAndAligned(byteCount: Int) throws {
        // A second one of the size may come from memory that the first gave back.
        for _ in 0..<2 {
            let buffer = try TensorBuffer(byteCount: byteCount)
            #expect(buffer.byteCount == byteCount)
            #expect(UInt(bitPattern: buffer.baseAddress) % UInt(TensorBuffer.alignment) == 0)
            let bytes = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: byteCount)
            #expect(bytes.allSatisfy { $0 == 0 })
            for index in bytes.indices { bytes[index] = 0xa5 }
        }
    }

    @Test(arguments: [Int.max, Int.max - 4096, 1 << 60])
    func tooMuchIsAnError(byteCount: Int) {
        #expect(throws: TensorError.outOfMemory(bytes: byteCount)) { _ = try TensorBuffer(byteCount: byteCount) }
    }
}
