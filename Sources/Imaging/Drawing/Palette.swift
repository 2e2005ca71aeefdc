import Foundation

/// Colours that stay with an id and that eyes tell apart: neighbouring ids lie far apart on the circle of hues.
///
/// The hue of id n is n times the golden ratio, modulo 1: however many ids there are, no two of a short run are close.
/// Hues are those of OKLCH (Björn Ottosson's perceptual space), so that brightness does not depend on the hue; it varies
/// a little with the id, to part those whose hues come close.
package enum Palette {
    /// The colour of a track.
    package static func color(trackID: UInt64) -> Color { color(number: trackID, offset: 0.58) }

    /// The colour of a class, for detections without a track.
    package static func color(classIndex: Int) -> Color {
        color(number: UInt64(bitPattern: Int64(classIndex)), offset: 0.38)
    }

    /// The colour of a detection: its track's, or its class's when it has none.
    package static func color(trackID: UInt64?, classIndex: Int) -> Color {
        trackID.map(color(trackID:)) ?? color(classIndex: classIndex)
    }

    private static func color(number: UInt64, offset: Double) -> Color {
        // 2^64 / golden ratio: the wrapped product is the fraction.
        let fraction = Double((number &* 0x9E37_79B9_7F4A_7C15) >> 11) / Double(1 << 53)
        // Hues come close again after 5, 8, 13, 21 and 34 numbers; steps of 0.345 turns are far apart at all of these.
        let lightness = 0.60 + 0.20 * (Double(number % 200) * 0.345).truncatingRemainder(dividingBy: 1)
        return color(lightness: lightness, chroma: 0.19, hue: fraction + offset)
    }

    /// OKLCH -> sRGB; the hue in turns. Chroma shrinks until the colour exists.
    static func color(lightness: Double, chroma: Double, hue: Double) -> Color {
        let (c, s) = (cos(hue * 2 * .pi), sin(hue * 2 * .pi))
        var chroma = chroma
        while true {
            let (a, b) = (chroma * c, chroma * s)
            let l = cubed(lightness + 0.3963377774 * a + 0.2158037573 * b)
            let m = cubed(lightness - 0.1055613458 * a - 0.0638541728 * b)
            let n = cubed(lightness - 0.0894841775 * a - 1.2914855480 * b)
            let linear = SIMD3(
                4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * n,
                -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * n,
                -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * n)
            if chroma <= 0 || (linear.min() >= -0.001 && linear.max() <= 1.001) {
                return Color(red: level(linear.x), green: level(linear.y), blue: level(linear.z))
            }
            chroma -= 0.01
        }
    }

    private static func cubed(_ x: Double) -> Double { x * x * x }

    private static func level(_ linear: Double) -> UInt8 {
        let x = min(max(linear, 0), 1)
        return UInt8(((x <= 0.0031308 ? x * 12.92 : 1.055 * pow(x, 1 / 2.4) - 0.055) * 255).rounded())
    }
}
