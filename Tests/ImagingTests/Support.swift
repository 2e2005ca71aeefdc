import Detections
import Foundation
import Imaging

/// A generator with a seed, for the same numbers in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

let limited709 = ColorDescription(matrix: .bt709, isFullRange: false)
let fullRange601 = ColorDescription(matrix: .bt601, isFullRange: true)

extension Image {
    /// A picture whose planes are formulas of the place.
    static func made(
        width: Int, height: Int, color: ColorDescription = limited709, y: (Int, Int) -> Int,
        u: (Int, Int) -> Int = { _, _ in 128 }, v: (Int, Int) -> Int = { _, _ in 128 }
    ) -> Image {
        let image = Image(width: width, height: height, color: color)
        image.y.write(y)
        image.u.write(u)
        image.v.write(v)
        return image
    }

    /// A picture of noise.
    static func noise(width: Int, height: Int, color: ColorDescription = limited709, seed: UInt64) -> Image {
        var generator = SeededGenerator(state: seed)
        let image = Image(width: width, height: height, color: color)
        for plane in [image.y, image.u, image.v] {
            for row in 0..<plane.height {
                for column in 0..<plane.width { plane.row(row)[column] = UInt8.random(in: 0...255, using: &generator) }
            }
        }
        return image
    }

    /// All bytes of the planes, without the room between the rows.
    var contents: [UInt8] { y.contents + u.contents + v.contents }

    /// Writes a binary PPM picture, for people to look at.
    func writePPM(to path: String) throws {
        let scaler = LetterboxScaler(
            Letterbox(sourceWidth: width, sourceHeight: height, canvasWidth: width, canvasHeight: height))
        var bytes = [UInt8](repeating: 0, count: width * height * 3)
        bytes.withUnsafeMutableBufferPointer { scaler.write(self, into: $0, order: .rgb) }
        try (Data("P6\n\(width) \(height)\n255\n".utf8) + Data(bytes)).write(to: URL(fileURLWithPath: path))
    }
}

extension Plane {
    func write(_ formula: (Int, Int) -> Int) {
        for row in 0..<height {
            for column in 0..<width { self.row(row)[column] = UInt8(clamping: formula(column, row)) }
        }
    }

    var contents: [UInt8] {
        (0..<height).flatMap { Array(UnsafeBufferPointer(start: row($0), count: width)) }
    }
}

extension LetterboxScaler {
    /// The canvas for a picture.
    func canvas(_ image: borrowing Image, order: ChannelOrder = .rgb) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: letterbox.canvasWidth * letterbox.canvasHeight * 3)
        bytes.withUnsafeMutableBufferPointer { write(image, into: $0, order: order) }
        return bytes
    }
}
