import CArguments
import Glibc
import Media
import Saccade

/// The stream for people. What cannot be written there is lost and stops nothing.
enum StandardError {
    static func write(_ text: String) { _ = writeAll(text, to: STDERR_FILENO) }
}

/// The stream for results. A result that cannot be written is an error.
enum StandardOutput {
    static func write(_ text: String) throws(SaccadeError) {
        let code = writeAll(text, to: STDOUT_FILENO)
        guard code != 0 else { return }
        let reason =
            switch code {
            case ENOSPC, EDQUOT, EFBIG: "disk_full"
            case EPIPE: "reset"
            default: "io"
            }
        throw SaccadeError(
            reason: reason, message: "cannot write standard output: \(String(cString: strerror(code)))", exitCode: 74)
    }
}

/// Makes the process one that can write: a reader who has gone is an error of `write`, not the end of the process, and
/// no file gets the number of a standard stream that is closed.
func prepareStandardStreams() {
    signal(SIGPIPE, SIG_IGN)
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
        // Opened the wrong way round, so that its use fails as it does with a closed one.
        _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
}

/// The arguments behind the program's name, as they were given. What the system shows of them has no passwords, from the
/// start (see CArguments); here it becomes readable again: `rtsp://***@camera/stream`.
func takeArguments() -> [String] {
    (0..<sk_argument_count()).compactMap { index in
        guard let text = sk_argument(index) else { return nil }
        let argument = String(cString: text)
        if argument.contains("://") { sk_show_argument(index, LogCapture.redacted(argument)) }
        return index > 0 ? argument : nil
    }
}

extension String {
    /// The text without control characters, so that a name out of a file cannot move a terminal's cursor. Line ends and
    /// tabs become spaces too.
    var withoutControls: String {
        var view = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: view.append(" ")
            default: view.append(scalar)
            }
        }
        return String(view)
    }
}

/// Writes all of a text; 0 or the error's number.
private func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, 1000)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
