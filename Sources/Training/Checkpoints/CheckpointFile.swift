import Digests
import Glibc
import Tensors

/// A checkpoint in the safetensors layout (github.com/huggingface/safetensors, "Format"): 8 bytes of length,
/// little-endian, a JSON header of that length, and the tensors' bytes one behind the other.
///
///     try CheckpointFile.write("last.safetensors", tensors: tensors, metadata: ["step": "120"])
///     let file = try CheckpointFile("last.safetensors")
///     try file.copy("weights", into: weights)
///
/// The metadata `sha256` is the digest of the whole file with the digest's own digits as zeros, so that neither a weight
/// nor a number of the header can change unseen. Files of others have none and are taken without, unless one is
/// required. Nothing in a file is trusted: see `CheckpointHeader`.
package final class CheckpointFile: Sendable {
    package let file: String
    /// In the order of the header.
    package let entries: [CheckpointEntry]
    package let metadata: [String: String]
    /// Whether it had a digest; a wrong one is an error.
    package let isVerified: Bool
    private let places: [String: Int]
    private let memory: TensorBuffer
    private let dataStart: Int

    /// Reads and checks a file of at most `maximumBytes`.
    package init(
        _ file: String, requiresDigest: Bool = false, maximumBytes: Int = 8 << 30, calls: TrainingFileCalls = .system
    ) throws(TrainingFileError) {
        let memory = try Self.read(file, maximumBytes: maximumBytes, calls: calls)
        let all = UnsafeRawBufferPointer(start: memory.baseAddress, count: memory.byteCount)
        let length = Int(UInt64(littleEndian: all.loadUnaligned(as: UInt64.self)))
        let bytes = UnsafeRawBufferPointer(rebasing: all[8..<8 + length])
        let header = try CheckpointHeader(bytes, dataCount: all.count - 8 - length, file: file)
        if let place = header.digestPlace {
            var hash = SHA256()
            hash.update(UnsafeRawBufferPointer(rebasing: all[..<(8 + place.lowerBound)]))
            Array(repeating: UInt8(ascii: "0"), count: place.count).withUnsafeBytes { hash.update($0) }
            hash.update(UnsafeRawBufferPointer(rebasing: all[(8 + place.upperBound)...]))
            guard hash.finish() == header.metadata[CheckpointHeader.digestKey] else {
                throw TrainingFileError(kind: .corrupt, file: file, reason: "its content does not have its digest")
            }
        } else if requiresDigest {
            throw TrainingFileError(kind: .unsupported, file: file, reason: "it has no digest")
        }
        self.file = file
        entries = header.entries
        metadata = header.metadata
        isVerified = header.digestPlace != nil
        places = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
        self.memory = memory
        dataStart = 8 + length
    }

    /// The bytes of a file whose header's length is possible.
    private static func read(
        _ file: String, maximumBytes: Int, calls: TrainingFileCalls
    ) throws(TrainingFileError) -> TensorBuffer {
        // Not to wait for the other end of a FIFO.
        let descriptor = calls.open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw TrainingFileError(file: file, code: -descriptor, writing: false) }
        defer { _ = calls.close(descriptor) }
        let size = calls.size(descriptor)
        if size == -Int(EINVAL) {
            throw TrainingFileError(kind: .unsupported, file: file, reason: "it is not a regular file")
        }
        guard size >= 0 else { throw TrainingFileError(file: file, code: Int32(-size), writing: false) }
        guard size >= 8 else { throw TrainingFileError(kind: .corrupt, file: file, reason: "it is cut off") }
        guard size <= maximumBytes else {
            throw TrainingFileError(
                kind: .unsupported, file: file, reason: "its \(size) bytes are more than the \(maximumBytes) allowed")
        }
        let start = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        defer { start.deallocate() }
        try calls.read(descriptor, into: start, file: file)
        let length = UInt64(littleEndian: start.load(as: UInt64.self))
        // A zip archive or a pickle, as PyTorch writes them.
        let isZip = length & 0xFFFF_FFFF == 0x0403_4B50
        let isPickle = length & 0xFF == 0x80 && length & 0xFF00 <= 0x0500
        if (isZip || isPickle) && length >> 32 != 0 {
            throw TrainingFileError(
                kind: .unsupported, file: file,
                reason: "a pickle, which can run code when it is loaded; convert it to safetensors")
        }
        guard length <= UInt64(CheckpointHeader.maximumBytes), Int(length) <= size - 8 else {
            throw TrainingFileError(
                kind: .corrupt, file: file, reason: "its header of \(length) bytes does not fit into \(size)")
        }
        let memory: TensorBuffer
        do throws(TensorError) {
            memory = try TensorBuffer(byteCount: size)
        } catch {
            throw TrainingFileError(kind: .unsupported, file: file, reason: "no memory for its \(size) bytes")
        }
        memory.baseAddress.storeBytes(of: length.littleEndian, as: UInt64.self)
        try calls.read(
            descriptor, into: UnsafeMutableRawBufferPointer(start: memory.baseAddress + 8, count: size - 8), file: file)
        return memory
    }

    package subscript(_ name: String) -> CheckpointEntry? { places[name].map { entries[$0] } }

    /// Calls `body` with a tensor's bytes, which may begin anywhere.
    package func withBytes<Result>(
        of name: String, _ body: (CheckpointEntry, UnsafeRawBufferPointer) throws(TrainingFileError) -> Result
    ) throws(TrainingFileError) -> Result {
        guard let entry = self[name] else {
            throw TrainingFileError(kind: .mismatch, file: file, entry: "tensor \"\(name)\"", reason: "there is none")
        }
        let start = memory.baseAddress + dataStart + entry.range.lowerBound
        return try body(entry, UnsafeRawBufferPointer(start: start, count: entry.range.count))
    }

    /// Copies a tensor of float32. With a `shape` it must have that one, else only as many elements as `target`.
    package func copy(
        _ name: String, into target: UnsafeMutableBufferPointer<Float>, shape: [Int]? = nil
    ) throws(TrainingFileError) {
        try withBytes(of: name) { (entry, bytes) throws(TrainingFileError) in
            let wanted = shape ?? [target.count]
            guard entry.dtype == .float32, bytes.count == target.count * MemoryLayout<Float>.stride,
                shape == nil || entry.shape == shape
            else {
                throw TrainingFileError(
                    kind: .mismatch, file: file, entry: "tensor \"\(name)\"",
                    reason: "\(entry.dtype.rawValue) \(entry.shape) stand there, not F32 \(wanted)")
            }
            UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
        }
    }

    /// A whole number of the metadata.
    package func integer(_ key: String) throws(TrainingFileError) -> Int {
        guard let text = metadata[key], let value = Int(text) else {
            throw TrainingFileError(
                kind: .mismatch, file: file, entry: "metadata \"\(key)\"",
                reason: metadata[key].map { "\"\($0)\" is no whole number" } ?? "there are none")
        }
        return value
    }
}
