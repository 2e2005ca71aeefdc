import Glibc

/// The folder with all data sets, as `SACCADE_DATA` names it: `speech/fsdd`, `medical/bccd`, `text/clinc150`.
package struct DataFolder: Hashable, Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// A folder or file in it.
    package func path(of name: String) -> String { path + "/" + name }

    /// The names of what lies in a folder, in the order of their bytes, which is the same everywhere.
    static func names(in folder: String) throws(DataSetError) -> [String] {
        guard let stream = opendir(folder) else { throw DataSetError(file: folder, code: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        guard errno == 0 else { throw DataSetError(file: folder, code: errno) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The bytes of a regular file of at most `limit` bytes.
    static func bytes(of file: String, limit: Int) throws(DataSetError) -> [UInt8] {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw DataSetError(file: file, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DataSetError(file: file, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DataSetError(.corrupt, file: file, reason: "it is no regular file")
        }
        guard status.st_size <= limit else {
            throw DataSetError(.corrupt, file: file, reason: "\(status.st_size) bytes are more than \(limit)")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { bytes in
                read(descriptor, bytes.baseAddress.map { $0 + filled }, bytes.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DataSetError(file: file, code: errno) }
            // It has become shorter; what is there counts.
            guard count > 0 else { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    /// The text of a file in UTF-8.
    static func text(of file: String, limit: Int) throws(DataSetError) -> String {
        guard let text = String(validating: try bytes(of: file, limit: limit), as: UTF8.self) else {
            throw DataSetError(.corrupt, file: file, reason: "it is not UTF-8")
        }
        return text
    }
}
