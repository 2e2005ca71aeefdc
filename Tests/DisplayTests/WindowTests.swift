import Display
import Glibc
import Imaging
import Testing

/// Windows of SDL's own driver without a screen: what they show is in memory.
@Suite(.serialized) struct WindowTests {
    /// A picture of one colour.
    private func picture(_ y: UInt8, _ u: UInt8, _ v: UInt8, color: ColorDescription, width: Int = 321) -> Image {
        let image = ImagePool(capacity: 1).image(width: width, height: 181, color: color)
        for (plane, value) in [(image.y, y), (image.u, u), (image.v, v)] {
            for row in 0..<plane.height { plane.row(row).update(repeating: value, count: plane.width) }
        }
        return image
    }

    private func system() throws -> WindowSystem {
        setenv("SDL_VIDEODRIVER", "dummy", 1)
        return try WindowSystem()
    }

    private func expect(_ window: Window, shows color: [Int], sourceLocation: SourceLocation = #_sourceLocation) {
        let (width, height, bytes) = window.pixels()
        #expect(width == 321 && height == 181, sourceLocation: sourceLocation)
        guard bytes.count == width * height * 3 else { return }
        let middle = (height / 2 * width + width / 2) * 3
        for channel in 0..<3 {
            #expect(abs(Int(bytes[middle + channel]) - color[channel]) <= 4, sourceLocation: sourceLocation)
        }
    }

    /// Pure red in each way to write it, so that a wrong matrix or range is seen.
    @Test func coloursAreThoseOfThePicture() throws {
        let system = try system()
        let window = try Window(system, title: "red", width: 321, height: 181)
        try window.show(picture(81, 90, 240, color: ColorDescription(matrix: .bt601, isFullRange: false)))
        expect(window, shows: [255, 0, 0])
        try window.show(picture(63, 102, 240, color: ColorDescription(matrix: .bt709, isFullRange: false)))
        expect(window, shows: [255, 0, 0])
        try window.show(picture(76, 85, 255, color: ColorDescription(matrix: .bt601, isFullRange: true)))
        expect(window, shows: [255, 0, 0])
    }

    @Test func aPictureOfAnotherShapeGetsBars() throws {
        let system = try system()
        let window = try Window(system, title: "bars", width: 321, height: 181)
        let color = ColorDescription(matrix: .bt601, isFullRange: true)
        try window.show(picture(200, 128, 128, color: color))
        expect(window, shows: [200, 200, 200])
        try window.show(picture(200, 128, 128, color: color, width: 101))
        let (width, height, bytes) = window.pixels()
        #expect(bytes.count == width * height * 3)
        _ = system.events()
    }

    @Test func withoutAScreenItIsSaidSo() throws {
        let names: [String] = ["DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"]
        let kept = names.map { name in (name, getenv(name).map { String(cString: $0) }) }
        defer { for (name, value) in kept { if let value { setenv(name, value, 1) } else { unsetenv(name) } } }
        for (name, _) in kept { unsetenv(name) }
        let missing = #expect(throws: DisplayError.self) { try WindowSystem() }
        #expect(missing?.description.contains("DISPLAY") ?? false)
        setenv("DISPLAY", ":4711", 1)
        let closed = #expect(throws: DisplayError.self) { try WindowSystem() }
        #expect(closed?.description.contains("cannot be used") ?? false)
    }
}
