import CSDL2
import Glibc
import Synchronization

/// The connection with the screen, by SDL. It and its windows belong to the one thread that made it.
package final class WindowSystem {
    /// What the user did.
    package struct Event: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// A key went down: its letter, a space, or one of the names below.
            case key(Character)
            /// The window shall be closed.
            case close
            /// The window's contents are lost, or its size is another.
            case exposed
        }

        package static let escape: Character = "\u{1B}"

        package let kind: Kind
        /// The window's number; `nil` when all are meant.
        package let window: UInt32?
    }

    /// Set last: what fails before has nothing to quit.
    private let isOpen: Bool

    /// Throws when SDL is missing or when there is no screen, and says which.
    package init() throws(DisplayError) {
        if let failure = sk_sdl_load_failure() {
            throw DisplayError(
                "A window needs SDL 2, which is missing (\(String(cString: failure))): "
                    + "install Debian's package libsdl2-2.0-0, or leave out --show")
        }
        let isSet = { (name: String) in getenv(name).map { $0.pointee != 0 } ?? false }
        let drivers = [("DISPLAY", "x11"), ("WAYLAND_DISPLAY", "wayland")].filter { isSet($0.0) }.map(\.1)
        guard !drivers.isEmpty || isSet("SDL_VIDEODRIVER") else {
            throw DisplayError(
                "There is no screen for a window (neither DISPLAY nor WAYLAND_DISPLAY is set): "
                    + "write or publish the pictures with -o, or forward a display (ssh -X)")
        }
        let hints: [(String, String)] = [
            // Signals are the program's own matter.
            (SDL_HINT_NO_SIGNAL_HANDLERS, "1"), (SDL_HINT_RENDER_SCALE_QUALITY, "linear"),
            (SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1"), (SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0"),
        ]
        for (name, value) in hints { _ = SDL_SetHint(name, value) }
        // By itself SDL would take a bare console, or no screen at all, where these fail.
        if !isSet("SDL_VIDEODRIVER") { _ = SDL_SetHint(SDL_HINT_VIDEODRIVER, drivers.joined(separator: ",")) }
        guard SDL_Init(SDL_INIT_VIDEO) == 0 else {
            throw DisplayError("The screen cannot be used: \(Self.lastError)")
        }
        isOpen = true
    }

    deinit { SDL_Quit() }

    /// Calls `action` when the connection with an X server breaks. The thread that notices it never returns: Xlib would
    /// end the program.
    package func onLoss(_ action: @escaping @Sendable () -> Void) {
        Self.lossAction.withLock { $0 = action }
        sk_sdl_on_lost_display { WindowSystem.lossAction.withLock { $0 }?() }
    }

    /// Takes note that a screen does not answer: the program will end without waiting for it.
    package static func abandon() { sk_sdl_skip_cleanup() }

    private static let lossAction = Mutex<(@Sendable () -> Void)?>(nil)

    static var lastError: String { SDL_GetError().map { String(cString: $0) } ?? "SDL does not say why" }

    /// What the user did since the last call.
    package func events() -> [Event] {
        var events: [Event] = []
        var event = SDL_Event()
        while SDL_PollEvent(&event) != 0 {
            switch SDL_EventType(event.type) {
            case SDL_QUIT: events.append(Event(kind: .close, window: nil))
            case SDL_KEYDOWN:
                guard event.key.repeat == 0, let scalar = Unicode.Scalar(UInt32(bitPattern: event.key.keysym.sym))
                else { continue }
                events.append(Event(kind: .key(Character(scalar)), window: event.key.windowID))
            case SDL_WINDOWEVENT:
                switch SDL_WindowEventID(UInt32(event.window.event)) {
                case SDL_WINDOWEVENT_CLOSE: events.append(Event(kind: .close, window: event.window.windowID))
                case SDL_WINDOWEVENT_EXPOSED, SDL_WINDOWEVENT_SIZE_CHANGED:
                    events.append(Event(kind: .exposed, window: event.window.windowID))
                default: break
                }
            default: break
            }
        }
        return events
    }
}
