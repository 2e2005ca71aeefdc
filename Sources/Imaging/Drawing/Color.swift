import Foundation

/// A colour to draw with: sRGB, 8 bits a channel.
package struct Color: Hashable, Sendable {
    package var red: UInt8
    package var green: UInt8
    package var blue: UInt8

    package init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    package static let black = Color(red: 0, green: 0, blue: 0)
    package static let white = Color(red: 255, green: 255, blue: 255)
    package static let gray = Color(red: 128, green: 128, blue: 128)

    /// The levels of the colour in a picture's planes.
    package func yuv(in color: ColorDescription) -> (y: UInt8, u: UInt8, v: UInt8) {
        ColorMatrix(color).yuv(red: Double(red), green: Double(green), blue: Double(blue))
    }

    /// Relative luminance by WCAG 2: 0 for black, 1 for white.
    package var luminance: Double {
        0.2126 * Self.linear(red) + 0.7152 * Self.linear(green) + 0.0722 * Self.linear(blue)
    }

    /// Black or white, whichever stands out more on this colour; white from a contrast of 3 on, as eyes judge it better
    /// on saturated colours than the formula does.
    package var textColor: Color { 1.05 / (luminance + 0.05) >= 3 ? .white : Color(red: 16, green: 16, blue: 16) }

    private static func linear(_ level: UInt8) -> Double {
        let value = Double(level) / 255
        return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
