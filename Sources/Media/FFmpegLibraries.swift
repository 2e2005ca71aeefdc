import CFFmpeg
import Dispatch

/// FFmpeg's libraries, which are loaded when they are first needed and not when the program starts (see CFFmpeg).
package enum FFmpegLibraries {
    /// Begins to load them on another thread, for who has something else to do before the first picture.
    package static func loadInBackground() {
        DispatchQueue.global(qos: .userInitiated).async { _ = sk_load_failure() }
    }

    /// Waits until they are loaded; what they log goes to `LogCapture` then.
    ///
    /// Throws `unsupported`, naming the library that is missing.
    static func load() throws(MediaError) {
        if let failure = sk_load_failure() {
            throw MediaError(
                .unsupported,
                "FFmpeg's libraries are missing, install those of the version that this program was built with",
                detail: String(cString: failure))
        }
        LogCapture.install()
    }

    /// Waits until the formats of devices are known, too.
    ///
    /// Throws `unsupported`, naming the library that is missing.
    static func loadDevices() throws(MediaError) {
        try load()
        if let failure = sk_load_devices() {
            throw MediaError(
                .unsupported, "Cameras and test sources need FFmpeg's libavdevice: install it",
                detail: String(cString: failure))
        }
    }
}
