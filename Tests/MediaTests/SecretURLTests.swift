import Glibc
import Media
import Testing

/// No text of ours holds a password.
@Suite struct SecretURLTests {
    @Test(
        arguments: [
            ("rtsp://admin:canary@10.0.0.1:554/live", "rtsp://***@10.0.0.1:554/live"),
            ("rtsp://canary@host/a", "rtsp://***@host/a"),
            ("rtsp://a:cana@canary@host/a@b", "rtsp://***@host/a@b"),
            ("rtsp://a:can/canary@host/x", "rtsp://***@host/x"),
            ("rtsp://a:can?canary@host/x", "rtsp://***@host/x"),
            ("http://h/x?user=canary&pwd=canary", "http://h/x?user=***&pwd=***"),
            ("http://h/x?a=canary=canary&b", "http://h/x?a=***&b"),
            ("http://a:canary@h:80/x?token=canary", "http://***@h:80/x?token=***"),
            ("rtsp://h/user=canary_password=canary_channel=1.sdp?real", "rtsp://h/user=***?real"),
            ("http://h/x?a=canary/canary=canary", "http://h/x?a=***"),
            ("http://h/a=canary/b;c=canary", "http://h/a=***/b;c=***"),
            ("http://[::1]:80/@x", "http://[::1]:80/@x"),
            ("udp://:5000", "udp://:5000"),
        ])
    func descriptionsAreRedacted(url: String, shown: String) throws {
        let secret = try #require(SecretURL(url))
        #expect(secret.secret == url)
        #expect(secret.description == shown)
        #expect(secret.debugDescription == shown)
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("canary"))
        #expect(!"\(LiveInput.stream(secret)) \(Optional(secret) as Any)".contains("canary"))
        // In the middle of a line, as libav* writes them.
        #expect(SecretURL.redacted("[tcp] '\(url)' failed: \"\(url)\".") == "[tcp] '\(shown)' failed: \"\(shown)\".")
    }

    @Test func whatIsNoURLIsNone() {
        for text in ["", "a", "://x", "c:\\x", "file", "a b://c"] { #expect(SecretURL(text) == nil, "\(text)") }
    }

    @Test func theHostIsNamedAlone() {
        for (text, host) in [
            ("https://github.com/a/b?c=d", "github.com"), ("http://user:canary@host:8080/x", "host"),
            ("http://user:ca/na?ry@host/x", "host"), ("http://[::1]:80/x", "[::1]"), ("http://host?x", "host"),
        ] {
            #expect(SecretURL(text)?.host == host)
        }
        for text in ["https://", "https:///x", "https://user:canary@/x", "https://:80/"] {
            #expect(SecretURL(text)?.host == nil, "\(text)")
        }
    }

    @Test func theEnvironmentNamesASource() throws {
        setenv("SACCADE_TEST_CAMERA", "rtsp://a:canary@host/x", 1)
        setenv("SACCADE_TEST_NONE", "canary.mp4", 1)
        setenv("SACCADE_TEST_AGAIN", "env:SACCADE_TEST_CAMERA", 1)
        let url = try #require(SecretURL("rtsp://a:canary@host/x"))
        #expect(try InputLocation("env:SACCADE_TEST_CAMERA") == .live(.stream(url)))
        for (name, reason) in [
            ("NONE", MediaError.Reason.unsupported), ("AGAIN", .unsupported), ("MISSING", .notFound),
        ] {
            let error = #expect(throws: MediaError.self) { try InputLocation("env:SACCADE_TEST_\(name)") }
            #expect(error?.reason == reason)
            #expect(error.map { $0.description.contains(name) && !$0.description.contains("canary") } ?? false)
        }
        let error = #expect(throws: MediaError.self) { try InputLocation("env:") }
        #expect(error?.reason == .notFound)
    }

    @Test func argumentsAreUnderstood() throws {
        let url = try #require(SecretURL("RTSP://camera/x"))
        #expect(url.scheme == "rtsp")
        #expect(try InputLocation("RTSP://camera/x") == .live(.stream(url)))
        #expect(try InputLocation("lavfi:testsrc2") == .live(.testSource("testsrc2")))
        let error = #expect(throws: MediaError.self) { try InputLocation("977") }
        #expect(error?.reason == .notFound)
    }
}
