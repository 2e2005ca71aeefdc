import CFFmpeg
import Glibc

/// A file on the web, read once from its beginning to its end.
///
/// The server of an `https` URL must show a certificate that an authority of this machine vouches for, and so must those
/// that it redirects to; a redirect that ends at `http` is refused. Nothing but these two protocols can be reached,
/// whatever a server answers.
package final class WebFile {
    package static let schemes = ["https", "http"]

    /// The name of the server that was asked first, for messages.
    package let host: String
    /// Bytes, as far as the server says.
    package let size: Int64?
    /// Bytes that were read.
    package private(set) var position: Int64 = 0

    private var context: UnsafeMutablePointer<AVIOContext>?
    private let deadline: Deadline
    private let stallTimeout: Double

    /// Asks for the file, and follows redirects.
    ///
    /// - Parameters:
    ///   - deadline: cancels this and every `read`; it is armed here.
    ///   - stallTimeout: seconds that the opening, and each `read`, may take without a byte.
    ///
    /// Throws `timeout`, `refused`, `not_found`, `auth`, `unsupported`, `cancelled`.
    package init(_ url: SecretURL, deadline: Deadline, stallTimeout: Double = 30) throws(MediaError) {
        guard Self.schemes.contains(url.scheme), let host = url.host else {
            throw MediaError(.unsupported, "'\(url)' is no https:// or http:// URL")
        }
        try FFmpegLibraries.load()
        LogCapture.clear()
        let settings = try Self.settings(of: url)
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        for (key, value) in settings { av_dict_set(&dictionary, key, value, 0) }
        deadline.arm(seconds: stallTimeout)
        defer { deadline.disarm() }
        var callback = deadline.interruptCallback
        var opened: UnsafeMutablePointer<AVIOContext>?
        let code = avio_open2(&opened, url.secret, AVIO_FLAG_READ, &callback, &dictionary)
        guard code >= 0, let opened else { throw Self.failure(code, to: url, host, deadline) }
        // The library follows a redirect to any of the two protocols.
        if url.scheme == "https", let place = Self.location(of: opened), SecretURL(place)?.scheme != "https" {
            var closed: UnsafeMutablePointer<AVIOContext>? = opened
            avio_closep(&closed)
            throw MediaError(.refused, "\(host) leads from https to \(SecretURL(place)?.scheme ?? "elsewhere")")
        }
        let bytes = avio_size(opened)
        size = bytes >= 0 ? bytes : nil
        context = opened
        self.host = host
        self.deadline = deadline
        self.stallTimeout = stallTimeout
    }

    deinit {
        // Closing says goodbye to the server, which may not listen any more.
        deadline.arm(seconds: 0.5)
        avio_closep(&context)
        deadline.disarm()
    }

    /// Reads what has come, at most the buffer's bytes; 0 at the end of the file, and where the connection ends when
    /// `size` is unknown.
    ///
    /// Throws `reset` when the connection breaks before the end, `timeout`, `cancelled`.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(MediaError) -> Int {
        deadline.arm(seconds: stallTimeout)
        defer { deadline.disarm() }
        let code = avio_read_partial(
            context, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: buffer.count))
        if deadline.isCancelled { throw MediaError(.cancelled, "Reading from \(host) was cancelled") }
        if code > 0 {
            position += Int64(code)
            return Int(code)
        }
        if deadline.isExpired { throw MediaError(.timeout, "\(host) has sent nothing for \(stallTimeout) s") }
        // Where the server tells no size, libav* calls the end of the connection an error: who reads must know the size.
        let isEnd = code == 0 || code == sk_averror_eof || size == nil && code == -EIO
        if isEnd, size.map({ position >= $0 }) ?? true { return 0 }
        let error = MediaError(code: code, "", fallback: .reset)
        let count = size.map { "\(position) of \($0)" } ?? "\(position)"
        throw MediaError(.reset, "\(host) broke off after \(count) bytes", detail: error.detail)
    }

    /// What libav* is asked for, and what it may reach.
    private static func settings(of url: SecretURL) throws(MediaError) -> [(String, String)] {
        // Whole files without the extras of radio stations.
        var settings = [("user_agent", "Saccade"), ("seekable", "0"), ("icy", "0"), ("tls_verify", "1")]
        // `httpproxy` is used where the environment names a proxy (`http_proxy`), and nowhere else.
        let protocols = url.scheme == "https" ? "https,tls,tcp,httpproxy" : "http,https,tls,tcp,httpproxy"
        settings.append(("protocol_whitelist", protocols))
        if let authorities = certificateAuthorities() {
            settings.append(("ca_file", authorities))
        } else if url.scheme == "https" {
            throw MediaError(
                .unsupported,
                "This machine has no certificates of authorities: install ca-certificates, or name a file of them in "
                    + "the environment's variable SSL_CERT_FILE")
        }
        return settings
    }

    /// The file of certificates that the environment names, or the system's.
    private static func certificateAuthorities() -> String? {
        if let named = getenv("SSL_CERT_FILE").map({ String(cString: $0) }), !named.isEmpty { return named }
        return ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
            .first { access($0, R_OK) == 0 }
    }

    /// Where the last redirect led.
    private static func location(of context: UnsafeMutablePointer<AVIOContext>) -> String? {
        var text: UnsafeMutablePointer<UInt8>?
        guard av_opt_get(context, "location", AV_OPT_SEARCH_CHILDREN, &text) >= 0, let text else { return nil }
        defer { av_free(text) }
        return String(cString: text)
    }

    private static func failure(_ code: Int32, to url: SecretURL, _ host: String, _ deadline: Deadline) -> MediaError {
        if deadline.isCancelled { return MediaError(.cancelled, "Asking \(host) was cancelled") }
        if deadline.isExpired { return MediaError(.timeout, "\(host) does not answer") }
        let error = MediaError(code: code, "", fallback: .refused)
        switch error.reason {
        case .notFound: return MediaError(.notFound, "\(host) has no such file: \(url)")
        case .auth: return MediaError(.auth, "\(host) does not give \(url) without a password", detail: error.detail)
        case .timeout, .unsupported, .internalError:
            return MediaError(error.reason, "\(host) cannot be reached", detail: error.detail)
        // libav* says EIO of names that do not resolve, of certificates, and of who hangs up.
        default: return MediaError(.refused, "\(host) cannot be reached", detail: error.detail)
        }
    }
}
