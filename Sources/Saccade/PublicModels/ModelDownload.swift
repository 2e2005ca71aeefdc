import Digests
import Glibc
import Media
import Synchronization

/// Gets the file of a public model: beside its target until all bytes are there and their SHA-256 is the right one, then
/// synchronized and renamed. Whatever goes wrong, nothing of it stays.
package final class ModelDownload: Sendable {
    package enum Outcome: Sendable {
        case written
        /// The target was the model already.
        case present
    }

    /// Where the file will be.
    package let target: String
    private let model: PublicModel
    private let url: SecretURL
    private let host: String
    private let stallTimeout: Double
    private let calls: FileCalls
    private let deadline = Deadline()
    private let unfinished = Mutex<String?>(nil)

    /// - Parameters:
    ///   - output: a file, or a folder, which is made where its name ends with `/`; `nil` = the cache.
    ///   - mirror: the URL of the file elsewhere, or of its folder when it ends with `/`. The checksum stays.
    ///   - stallTimeout: seconds without a byte after which the server counts as gone.
    package init(
        _ model: PublicModel, to output: String? = nil, from mirror: String? = nil, cache: ModelCache = ModelCache(),
        stallTimeout: Double = 30, calls: FileCalls = .system
    ) throws(SaccadeError) {
        let place = mirror ?? model.url
        guard let given = SecretURL(place), WebFile.schemes.contains(given.scheme), let host = given.host,
            let url = place.hasSuffix("/") ? SecretURL(place + model.fileName) : given
        else {
            throw .usage("a mirror is the URL of a file or of a folder (https://host/models/), which \(place) is not")
        }
        self.model = model
        self.url = url
        self.host = host
        self.stallTimeout = stallTimeout
        self.calls = calls
        do {
            target = try Self.target(of: model, output: output, cache: cache)
        } catch {
            throw SaccadeError(error)
        }
    }

    private static func target(
        of model: PublicModel, output: String?, cache: ModelCache
    ) throws(OutputError) -> String {
        guard let output else {
            try PictureOutput.makeFolder(cache.folder)
            return cache.path(of: model)
        }
        if output == "-" {
            throw OutputError(kind: .conflict, path: output, detail: "the path of the model is written there")
        }
        if output.hasSuffix("/") {
            try PictureOutput.makeFolder(output)
            return output + model.fileName
        }
        var status = stat()
        let exists = stat(output, &status) == 0
        switch status.st_mode & S_IFMT {
        case _ where !exists: return output
        case S_IFDIR: return "\(output)/\(model.fileName)"
        case S_IFREG: return output
        default: throw OutputError(kind: .cannotCreate, path: output, detail: "it is no file")
        }
    }

    /// Ends `run` at once, from any thread; it throws `cancelled`.
    package func stop() { deadline.cancel() }

    /// Removes what was written so far, for a process that ends without waiting for `run`.
    package func abandon() {
        unfinished.withLock { path in
            if let path { _ = calls.remove(path) }
        }
    }

    /// Downloads the file, unless it is there. `onProgress` is told how many bytes have come.
    package func run(onProgress: (Int64) -> Void = { _ in }) throws(SaccadeError) -> Outcome {
        if try isPresent() { return .present }
        do {
            // Another process may be getting the same model.
            var file = try OutputFile(path: target, suffix: ".\(getpid())\(OutputFile.asideSuffix)", calls: calls)
            unfinished.withLock { $0 = file.asidePath }
            defer { unfinished.withLock { $0 = nil } }
            do {
                try receive(into: &file, onProgress: onProgress)
                try file.finish()
            } catch {
                file.discard()
                throw error
            }
        } catch {
            throw told(error)
        }
        return .written
    }

    private func receive(into file: inout OutputFile, onProgress: (Int64) -> Void) throws {
        let source = try WebFile(url, deadline: deadline, stallTimeout: stallTimeout)
        if let size = source.size, size > model.bytes { throw tooLarge("\(size)") }
        var hash = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try source.read(into: buffer)
            if count == 0 { break }
            if source.position > model.bytes { throw tooLarge("more") }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(piece)
            try file.write(piece)
            onProgress(source.position)
        }
        // A server that did not say how much it would send, and hung up.
        if source.size == nil, source.position < model.bytes {
            throw MediaError(.reset, "\(host) broke off after \(source.position) of \(model.bytes) bytes")
        }
        let sum = hash.finish()
        guard sum == model.sha256 else {
            throw SaccadeError(
                reason: "corrupt",
                message: "what \(host) sent is not \(model.name), and was removed: its SHA-256 is \(sum) "
                    + "(\(source.position) bytes), and not \(model.sha256) (\(model.bytes) bytes)",
                exitCode: 65)
        }
    }

    private func tooLarge(_ size: String) -> SaccadeError {
        SaccadeError(
            reason: "too_large",
            message: "what \(host) sends is not \(model.name): \(size) bytes, and not \(model.bytes)", exitCode: 65)
    }

    /// Whether the target is the model already.
    private func isPresent() throws(SaccadeError) -> Bool {
        var status = stat()
        guard stat(target, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int64(status.st_size) == model.bytes
        else { return false }
        let descriptor = open(target, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var hash = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            if deadline.isCancelled { throw told(MediaError(.cancelled, "")) }
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            // What cannot be read is not the model; writing its successor tells what is wrong.
            guard count >= 0 else { return false }
            if count == 0 { return hash.finish() == model.sha256 }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// The error as the user is told it. A server that does not give the file is a source that is unavailable.
    private func told(_ error: any Error) -> SaccadeError {
        guard let error = error as? MediaError else { return SaccadeError(error) }
        if error.reason == .cancelled {
            return SaccadeError(
                reason: error.reason.rawValue, message: "the download of \(model.name) was cancelled, nothing is kept",
                exitCode: error.exitCode)
        }
        let advice = error.reason == .notFound || error.reason == .auth ? "" : "look at the connection, or "
        return SaccadeError(
            reason: error.reason.rawValue,
            message: "\(error.description): \(advice)name a mirror of \(model.fileName) with --from URL",
            exitCode: [.auth, .internalError].contains(error.reason) ? error.exitCode : 69)
    }
}
