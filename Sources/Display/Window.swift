import CSDL2
package import Imaging

/// A window that shows pictures: of their shape, resizable, with bars where the shapes differ.
///
/// The planes go to the graphics card, or to SDL's own renderer, as they are. To be used by the system's thread alone.
package final class Window {
    /// The system's number of this window.
    package let number: UInt32

    private let system: WindowSystem
    private let window: OpaquePointer
    private let renderer: OpaquePointer
    private let pixelAspect: Double
    private var texture: OpaquePointer?
    private var size = (width: 0, height: 0)
    private var color: ColorDescription?

    /// A window for pictures of a size; `pixelAspect` is the width of a pixel by its height.
    package init(
        _ system: WindowSystem, title: String, width: Int, height: Int, pixelAspect: Double = 1
    ) throws(DisplayError) {
        self.system = system
        self.pixelAspect = pixelAspect.isFinite && (0.1...10).contains(pixelAspect) ? pixelAspect : 1
        // Smaller than the screen, by room for a frame and a title.
        var bounds = SDL_Rect(x: 0, y: 0, w: 1280, h: 720)
        _ = SDL_GetDisplayUsableBounds(0, &bounds)
        let wanted = (Double(width) * self.pixelAspect, Double(height))
        let scale = min(1, Double(bounds.w) * 0.95 / max(1, wanted.0), Double(bounds.h) * 0.9 / max(1, wanted.1))
        let side = { (length: Double) in Int32(clamping: Int(max(64, min(length * scale, 16384)).rounded())) }
        guard
            let window = SDL_CreateWindow(
                title, sk_sdl_window_centered, sk_sdl_window_centered, side(wanted.0), side(wanted.1),
                SDL_WINDOW_RESIZABLE.rawValue)
        else { throw DisplayError("No window can be opened: \(WindowSystem.lastError)") }
        guard let renderer = SDL_CreateRenderer(window, -1, 0) else {
            SDL_DestroyWindow(window)
            throw DisplayError("Nothing can be drawn in a window: \(WindowSystem.lastError)")
        }
        self.window = window
        self.renderer = renderer
        number = SDL_GetWindowID(window)
        _ = SDL_SetRenderDrawColor(renderer, 0, 0, 0, 255)
    }

    deinit {
        if let texture { SDL_DestroyTexture(texture) }
        SDL_DestroyRenderer(renderer)
        SDL_DestroyWindow(window)
    }

    package func setTitle(_ title: String) { SDL_SetWindowTitle(window, title) }

    /// Fills the screen, or returns from there.
    package func toggleFullScreen() {
        let desktop = SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue
        _ = SDL_SetWindowFullscreen(window, SDL_GetWindowFlags(window) & desktop == desktop ? 0 : desktop)
    }

    /// Shows a picture, which is free afterwards.
    package func show(_ image: borrowing Image) throws(DisplayError) {
        if texture == nil || size != (image.width, image.height) || color != image.color {
            try prepare(width: image.width, height: image.height, color: image.color)
        }
        let code = SDL_UpdateYUVTexture(
            texture, nil, image.y.baseAddress, Int32(clamping: image.y.stride), image.u.baseAddress,
            Int32(clamping: image.u.stride), image.v.baseAddress, Int32(clamping: image.v.stride))
        guard code == 0 else { throw DisplayError("A picture cannot be shown: \(WindowSystem.lastError)") }
        redraw()
    }

    /// Shows the last picture again.
    package func redraw() {
        render()
        SDL_RenderPresent(renderer)
    }

    private func render() {
        // SDL knows one for all windows; it counts when the texture is drawn.
        SDL_SetYUVConversionMode(color.map(Window.mode) ?? SDL_YUV_CONVERSION_AUTOMATIC)
        _ = SDL_RenderClear(renderer)
        if let texture { _ = SDL_RenderCopy(renderer, texture, nil, nil) }
    }

    /// SDL has no BT.709 in full range, and no BT.2020: the nearest.
    private static func mode(_ color: ColorDescription) -> SDL_YUV_CONVERSION_MODE {
        if color.isFullRange { return SDL_YUV_CONVERSION_JPEG }
        return color.matrix == .bt601 ? SDL_YUV_CONVERSION_BT601 : SDL_YUV_CONVERSION_BT709
    }

    private func prepare(width: Int, height: Int, color: ColorDescription) throws(DisplayError) {
        if let texture { SDL_DestroyTexture(texture) }
        SDL_SetYUVConversionMode(Window.mode(color))
        texture = SDL_CreateTexture(
            renderer, sk_sdl_format_iyuv, Int32(bitPattern: SDL_TEXTUREACCESS_STREAMING.rawValue),
            Int32(clamping: width), Int32(clamping: height))
        guard texture != nil else {
            throw DisplayError("A picture of \(width) × \(height) cannot be shown: \(WindowSystem.lastError)")
        }
        size = (width, height)
        self.color = color
        let shown = Int32(clamping: Int(max(1, Double(width) * pixelAspect).rounded()))
        _ = SDL_RenderSetLogicalSize(renderer, shown, Int32(clamping: height))
    }

    /// What the window shows: rows of red, green and blue.
    package func pixels() -> (width: Int, height: Int, rgb: [UInt8]) {
        var (width, height): (Int32, Int32) = (0, 0)
        guard SDL_GetRendererOutputSize(renderer, &width, &height) == 0, width > 0, height > 0 else {
            return (0, 0, [])
        }
        render()
        var bytes = [UInt8](repeating: 0, count: Int(width) * Int(height) * 3)
        let code = SDL_RenderReadPixels(renderer, nil, sk_sdl_format_rgb24, &bytes, width * 3)
        return code == 0 ? (Int(width), Int(height), bytes) : (0, 0, [])
    }
}
