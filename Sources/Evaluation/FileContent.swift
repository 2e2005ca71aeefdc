package import Foundation
import Glibc

/// The bytes of a file.
package enum FileContent {
    /// The most bytes that a file may have.
    static let maximumSize = 4 << 30

    /// Reads the whole file; a pipe or a device will do.
    package static func read(_ path: String) throws(EvaluationFileError) -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw EvaluationFileError(file: path, code: errno) }
        defer { close(descriptor) }
        var (bytes, buffer) = (Data(), [UInt8](repeating: 0, count: 1 << 20))
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw EvaluationFileError(file: path, code: errno) }
            if count == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= maximumSize else {
                throw EvaluationFileError(kind: .corrupt, file: path, entry: nil, reason: "larger than 4 GiB")
            }
        }
        return bytes
    }
}
