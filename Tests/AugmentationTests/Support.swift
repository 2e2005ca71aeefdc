import Augmentation
import Detections
import Foundation
import Imaging

extension RGBImage {
    /// A picture whose levels are a formula of the place and the channel.
    static func made(width: Int, height: Int, _ formula: (Int, Int, Int) -> Int) -> RGBImage {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width { for c in 0..<3 { pixels.append(UInt8(clamping: formula(x, y, c))) } }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    static func noise(width: Int, height: Int, key: UInt64) -> RGBImage {
        var stream = RandomStream(key: key)
        return made(width: width, height: height) { _, _, _ in stream.integer(0...255) }
    }

    /// Soft blobs of colour, as photographs have: little detail near the limit of resolution.
    static func smooth(width: Int, height: Int, key: UInt64) -> RGBImage {
        var stream = RandomStream(key: key)
        let waves = (0..<3).map { _ in
            (stream.uniform(0.02...0.12), stream.uniform(0.02...0.12), stream.uniform(0...6), stream.uniform(30...55))
        }
        return made(width: width, height: height) { x, y, c in
            let (u, v, phase, size) = waves[c]
            return 128 + Int(size * triangle(u * Double(x) + phase) + size * triangle(v * Double(y)))
        }
    }

    /// Peak signal-to-noise ratio in dB; infinite for equal pictures.
    func psnr(_ other: RGBImage) -> Double {
        let error = zip(pixels, other.pixels).reduce(0.0) {
            let d = Double($1.0) - Double($1.1)
            return $0 + d * d
        }
        return decibels(255 * 255 * Double(pixels.count) / error)
    }
}

func decibels(_ ratio: Double) -> Double { 10 * log10(ratio) }

/// A wave of period 1 between -1 and 1.
func triangle(_ x: Double) -> Double { 4 * abs(x - (x + 0.5).rounded(.down)) - 1 }

/// An ellipse's mask in a window around it.
func ellipse(x: Int, y: Int, width: Int, height: Int) -> ObjectMask {
    var bits: [UInt8] = []
    for j in 0..<height {
        for i in 0..<width {
            let (u, v) = (
                (Double(i) + 0.5) / Double(width) * 2 - 1, (Double(j) + 0.5) / Double(height) * 2 - 1
            )
            bits.append(u * u + v * v <= 1 ? 1 : 0)
        }
    }
    return ObjectMask(x: x, y: y, width: width, height: height, bits: bits)
}

func box(_ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float) -> BoundingBox {
    BoundingBox(x1: x1, y1: y1, x2: x2, y2: y2)
}
