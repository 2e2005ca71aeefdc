import Foundation
import Imaging
import Testing

@Suite struct LetterboxScalerTests {
    /// The method written down plainly: one pixel at a time, in the fixed point that the loops promise.
    static func naive(_ image: borrowing Image, _ box: Letterbox, order: ChannelOrder) -> [UInt8] {
        let (kr, kb): (Double, Double) =
            switch image.color.matrix {
            case .bt601: (0.299, 0.114)
            case .bt709: (0.2126, 0.0722)
            case .bt2020: (0.2627, 0.0593)
            }
        let (range, chroma, black) = image.color.isFullRange ? (1.0, 1.0, 0.0) : (255 / 219.0, 255 / 224.0, 16.0)
        func fixed(_ x: Double) -> Int { Int((x * 8192).rounded()) }
        let yy = fixed(range), rv = fixed(2 * (1 - kr) * chroma), bu = fixed(2 * (1 - kb) * chroma)
        let gu = fixed(-2 * (1 - kb) * kb / (1 - kr - kb) * chroma)
        let gv = fixed(-2 * (1 - kr) * kr / (1 - kr - kb) * chroma)
        let offset = Int(((128 - black) * range * 524_288).rounded()) + (1 << 18)

        /// A sample of a plane, centred on zero, in 1/64 of a level.
        func sample(_ plane: Plane, _ x: Int, _ y: Int, _ stepX: Double, _ stepY: Double) -> Int {
            let px = min(max((Double(x) + 0.5) * stepX - 0.5, 0), Double(plane.width - 1))
            let py = min(max((Double(y) + 0.5) * stepY - 0.5, 0), Double(plane.height - 1))
            let (ix, iy) = (Int(px), Int(py))
            let wx = Int(((px - px.rounded(.down)) * 16_384).rounded())
            let wy = Int(((py - py.rounded(.down)) * 256).rounded())
            let (jx, jy) = (min(ix + 1, plane.width - 1), min(iy + 1, plane.height - 1))
            let a = Int(plane.row(iy)[ix]) * (256 - wy) + Int(plane.row(jy)[ix]) * wy - 32_768
            let b = Int(plane.row(iy)[jx]) * (256 - wy) + Int(plane.row(jy)[jx]) * wy - 32_768
            return (a * (16_384 - wx) + b * wx + 32_768) >> 16
        }
        func level(_ x: Int) -> UInt8 { UInt8(min(max(x >> 19, 0), 255)) }

        var canvas = [UInt8](repeating: 114, count: box.canvasWidth * box.canvasHeight * 3)
        let stepX = Double(box.sourceWidth) / Double(box.width), stepY = Double(box.sourceHeight) / Double(box.height)
        for y in 0..<box.height {
            for x in 0..<box.width {
                let luma = sample(image.y, x, y, stepX, stepY)
                let u = sample(image.u, x, y, stepX / 2, stepY / 2), v = sample(image.v, x, y, stepX / 2, stepY / 2)
                let rgb = [
                    level(yy * luma + rv * v + offset), level(yy * luma + gu * u + gv * v + offset),
                    level(yy * luma + bu * u + offset),
                ]
                let at = ((y + box.top) * box.canvasWidth + x + box.left) * 3
                for channel in 0..<3 { canvas[at + channel] = rgb[order == .rgb ? channel : 2 - channel] }
            }
        }
        return canvas
    }

    static let colors = [ColorDescription.Matrix.bt601, .bt709, .bt2020].flatMap {
        [ColorDescription(matrix: $0, isFullRange: false), ColorDescription(matrix: $0, isFullRange: true)]
    }

    @Test(arguments: PixelInstructionSet.allCases)
    func equalsTheNaiveMethodExactly(_ instructionSet: PixelInstructionSet) {
        guard instructionSet <= .best else {
            print("skipped: this processor lacks \(instructionSet)")
            return
        }
        var generator = SeededGenerator(state: 7)
        for round in 0..<60 {
            let small = round < 20
            let letterbox = Letterbox(
                sourceWidth: .random(in: 1...(small ? 6 : 150), using: &generator),
                sourceHeight: .random(in: 1...(small ? 6 : 100), using: &generator),
                canvasWidth: .random(in: 1...90, using: &generator),
                canvasHeight: .random(in: 1...90, using: &generator),
                style: round.isMultiple(of: 2) ? .centered : .topLeft)
            let image = Image.noise(
                width: letterbox.sourceWidth, height: letterbox.sourceHeight, color: Self.colors[round % 6],
                seed: UInt64(round))
            let order: ChannelOrder = round % 3 == 0 ? .bgr : .rgb
            let canvas = LetterboxScaler(letterbox, instructionSet: instructionSet).canvas(image, order: order)
            #expect(canvas == Self.naive(image, letterbox, order: order), "\(letterbox)")
        }
    }

    @Test func anySplitOfTheRowsGivesTheSame() {
        let letterbox = Letterbox(sourceWidth: 101, sourceHeight: 77, canvasWidth: 64, canvasHeight: 64)
        let image = Image.noise(width: 101, height: 77, seed: 3)
        let scaler = LetterboxScaler(letterbox)
        var bytes = [UInt8](repeating: 0, count: 64 * 64 * 3)
        bytes.withUnsafeMutableBufferPointer { canvas in
            for rows in [40..<64, 0..<1, 1..<17, 17..<40] {
                scaler.write(image, into: canvas, order: .rgb, rows: rows)
            }
        }
        #expect(bytes == scaler.canvas(image))
    }

    @Test(arguments: PixelInstructionSet.allCases)
    func numbersAreTheLevelsTimesTheScale(_ instructionSet: PixelInstructionSet) {
        guard instructionSet <= .best else { return }
        for (width, canvasWidth, scale) in [(101, 64, Float(1) / 255), (30, 61, 1), (7, 1, 0.5)] {
            let letterbox = Letterbox(
                sourceWidth: width, sourceHeight: 77, canvasWidth: canvasWidth, canvasHeight: 40)
            let image = Image.noise(width: width, height: 77, seed: 4)
            let scaler = LetterboxScaler(letterbox, instructionSet: instructionSet)
            var numbers = [Float](repeating: .nan, count: canvasWidth * 40 * 3)
            numbers.withUnsafeMutableBufferPointer { scaler.write(image, into: $0, order: .bgr, scale: scale) }
            #expect(numbers == scaler.canvas(image, order: .bgr).map { Float($0) * scale })
        }
    }

    /// A ramp of 4 levels a pixel, halved: target pixel d lies between source pixels 2d and 2d + 1.
    @Test func rampsDoNotShift() {
        let image = Image.made(width: 64, height: 64, color: fullRange601, y: { x, _ in 4 * x })
        let canvas = LetterboxScaler(
            Letterbox(sourceWidth: 64, sourceHeight: 64, canvasWidth: 32, canvasHeight: 32)
        ).canvas(image)
        for x in 0..<32 { #expect(canvas[(5 * 32 + x) * 3] == UInt8(8 * x + 2)) }
        // The other way: up by 2, a quarter of a pixel to either side of each source pixel.
        let large = LetterboxScaler(
            Letterbox(sourceWidth: 64, sourceHeight: 64, canvasWidth: 128, canvasHeight: 128)
        ).canvas(image)
        for x in 1..<63 {
            #expect(large[(9 * 128 + 2 * x) * 3] == UInt8(4 * x - 1))
            #expect(large[(9 * 128 + 2 * x + 1) * 3] == UInt8(4 * x + 1))
        }
    }

    /// Chroma ramps of 4 levels a chroma pixel: luma pixel x lies at (x + 0.5) / 2 - 0.5 of the chroma plane.
    @Test func chromaLiesInTheMiddleOfItsPixels() {
        let image = Image.made(width: 96, height: 8, color: fullRange601, y: { _, _ in 128 }, v: { x, _ in 80 + 2 * x })
        let canvas = LetterboxScaler(
            Letterbox(sourceWidth: 96, sourceHeight: 8, canvasWidth: 96, canvasHeight: 8)
        ).canvas(image)
        for x in 1..<94 {
            let v = 80 + 2 * ((Double(x) + 0.5) / 2 - 0.5)
            let red = (128 + 1.402 * (v - 128)).rounded()
            #expect(abs(Double(canvas[(3 * 96 + x) * 3]) - red) <= 1)
        }
    }

    /// Squares of 8 pixels become squares of 4 with their edges where they belong.
    @Test func chessboardsKeepTheirEdges() {
        let image = Image.made(width: 80, height: 80, color: fullRange601, y: { ($0 / 8 + $1 / 8) % 2 * 255 })
        let canvas = LetterboxScaler(
            Letterbox(sourceWidth: 80, sourceHeight: 80, canvasWidth: 40, canvasHeight: 40)
        ).canvas(image)
        for y in 0..<40 {
            for x in 0..<40 { #expect(canvas[(y * 40 + x) * 3] == UInt8((x / 4 + y / 4) % 2 * 255)) }
        }
    }

    /// Prints how long a frame takes; the figure depends on the machine and its load and is not judged.
    @Test func time() {
        for (width, height) in [(1920, 1080), (3840, 2160)] {
            let image = Image.noise(width: width, height: height, seed: 5)
            let letterbox = Letterbox(sourceWidth: width, sourceHeight: height, canvasWidth: 640, canvasHeight: 384)
            for set in PixelInstructionSet.allCases where set <= .best {
                let scaler = LetterboxScaler(letterbox, instructionSet: set)
                var bytes = [UInt8](repeating: 0, count: 640 * 384 * 3)
                let best = (0..<12).map { _ in
                    let clock = ContinuousClock()
                    return clock.measure {
                        bytes.withUnsafeMutableBufferPointer { scaler.write(image, into: $0, order: .rgb) }
                    }
                }.min()
                print("letterbox \(width)x\(height) -> 640x384, \(set): \(best ?? .zero)")
                #expect(bytes[0] == Letterbox.fill)
            }
        }
    }
}
