import Foundation
import Imaging
import Testing

/// What another implementation makes of the test picture; see Tests/Oracles/make_letterbox_goldens.py.
struct LetterboxGolden: CustomTestStringConvertible {
    let name: String
    let width: Int
    let height: Int
    let canvasWidth: Int
    let canvasHeight: Int
    let color: ColorDescription
    /// Sampled from the planes in floating point, base64.
    let planes: String
    /// Converted to RGB at full size first, base64.
    let pixels: String

    var testDescription: String { name }
}

@Suite struct LetterboxGoldenTests {
    static func triangle(_ n: Int) -> Int { abs(n % 510 - 255) }

    @Test(arguments: letterboxGoldens) func matchesOtherImplementations(_ golden: LetterboxGolden) throws {
        let image = Image.made(
            width: golden.width, height: golden.height, color: golden.color,
            y: { x, y in 16 + Self.triangle(9 * x + 5 * y) * 219 / 255 },
            u: { x, y in 64 + Self.triangle(11 * x + 3 * y) / 2 },
            v: { x, y in 64 + Self.triangle(4 * x + 13 * y + 100) / 2 })
        let letterbox = Letterbox(
            sourceWidth: golden.width, sourceHeight: golden.height, canvasWidth: golden.canvasWidth,
            canvasHeight: golden.canvasHeight)
        let canvas = LetterboxScaler(letterbox).canvas(image)
        let planes = try #require(Data(base64Encoded: golden.planes))
        let pixels = try #require(Data(base64Encoded: golden.pixels))
        try #require(canvas.count == planes.count && canvas.count == pixels.count)

        let worst = zip(canvas, planes).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(worst <= 1, "against the same method in floating point")
        let difference = zip(canvas, pixels).map { abs(Int($0) - Int($1)) }.reduce(0, +)
        let mean = Double(difference) / Double(canvas.count)
        #expect(mean < 1, "against scaling of RGB")
        print("letterbox \(golden.name): at most \(worst) from floating point, mean \(mean) from scaling RGB")
    }
}
