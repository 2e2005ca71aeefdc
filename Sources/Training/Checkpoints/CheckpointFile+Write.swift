import Digests
import Glibc

/// A checkpoint that is ready to be written: its header with the digest. The tensors' bytes stay the caller's and may
/// not change before it is written.
package struct CheckpointDraft {
    private let tensors: [CheckpointTensor]
    private let header: [UInt8]

    /// `file` is for messages.
    package init(
        tensors: [CheckpointTensor], metadata: [String: String], file: String
    ) throws(TrainingFileError) {
        var (bytes, place) = try CheckpointHeader.bytes(for: tensors, metadata: metadata, file: file)
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        for tensor in tensors { hash.update(tensor.bytes) }
        bytes.replaceSubrange(place, with: Array(hash.finish().utf8))
        self.tensors = tensors
        header = bytes
    }

    /// What stands behind the name of a file that is still being written.
    package static let asideSuffix = ".part"

    /// Writes the whole file aside and waits until it is on the device. After an error nothing of it is left.
    func writeAside(of path: String, calls: TrainingFileCalls) throws(TrainingFileError) {
        let aside = path + Self.asideSuffix
        let descriptor = calls.open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else { throw TrainingFileError(file: aside, code: -descriptor, writing: true) }
        do throws(TrainingFileError) {
            defer { _ = calls.close(descriptor) }
            try header.withUnsafeBufferPointer { (bytes) throws(TrainingFileError) in
                try calls.write(descriptor, UnsafeRawBufferPointer(bytes), file: aside)
            }
            for tensor in tensors { try calls.write(descriptor, tensor.bytes, file: aside) }
            let code = -calls.synchronize(descriptor)
            // A file system that cannot synchronize says EINVAL; it has done all it can.
            guard code == 0 || code == EINVAL else { throw TrainingFileError(file: aside, code: code, writing: true) }
        } catch {
            _ = calls.remove(aside)
            throw error
        }
    }

    /// Gives the file written aside its name.
    func takeName(_ path: String, calls: TrainingFileCalls) throws(TrainingFileError) {
        let code = -calls.rename(path + Self.asideSuffix, path)
        guard code == 0 else {
            _ = calls.remove(path + Self.asideSuffix)
            throw TrainingFileError(file: path, code: code, writing: true)
        }
    }

    /// Writes the file: aside in the same folder, to the device, then under its name. A file of that name stays whole
    /// until the new one is.
    package func write(to path: String, calls: TrainingFileCalls = .system) throws(TrainingFileError) {
        try writeAside(of: path, calls: calls)
        try takeName(path, calls: calls)
        try calls.synchronizeFolder(folder(of: path))
    }
}

extension CheckpointFile {
    /// Writes a file; see `CheckpointDraft.write`.
    package static func write(
        _ path: String, tensors: [CheckpointTensor], metadata: [String: String] = [:],
        calls: TrainingFileCalls = .system
    ) throws(TrainingFileError) {
        try CheckpointDraft(tensors: tensors, metadata: metadata, file: path).write(to: path, calls: calls)
    }
}

/// The folder in which a file lies.
func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
