import CSaccadePixels
import Imaging
import Testing

/// The loops that measure motion against their meaning, written down plainly, on every instruction set, exactly.
@Suite struct MotionLoopTests {
    static let sets = PixelInstructionSet.allCases.filter { $0 <= .best }

    /// Bytes of three kinds: noise, and the two that make sums largest.
    static func bytes(_ count: Int, round: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in
            switch round % 3 {
            case 0: .random(in: 0...255, using: &generator)
            case 1: 255
            default: Bool.random(using: &generator) ? 255 : 0
            }
        }
    }

    @Test func skippedSets() {
        for set in PixelInstructionSet.allCases where set > .best { print("skipped: this processor lacks \(set)") }
    }

    @Test(arguments: sets)
    func cellsAreMeans(_ set: PixelInstructionSet) {
        var generator = SeededGenerator(state: 1)
        for round in 0..<120 {
            let large = round % 10 == 0
            let width = large ? [128, 129, 255, 256][round / 10 % 4] : Int.random(in: 1...17, using: &generator)
            let height = large ? [256, 128, 129, 255][round / 10 % 4] : Int.random(in: 1...17, using: &generator)
            let count = Int.random(in: 1...(large ? 3 : 70), using: &generator)
            let stride = width * count + 3
            let pixels = Self.bytes(stride * height, round: round, &generator)
            var sums = [UInt16](repeating: 7, count: width * count)
            var means = [UInt8](repeating: 7, count: count)
            sp_average_cells(set.rawValue, pixels, stride, width, height, count, &sums, &means)
            for cell in 0..<count {
                var sum = width * height / 2
                for y in 0..<height {
                    for x in 0..<width { sum += Int(pixels[y * stride + cell * width + x]) }
                }
                #expect(Int(means[cell]) == sum / (width * height), "\(width) x \(height)")
            }
        }
    }

    @Test(arguments: sets)
    func gradientsAreSummedOverBlocks(_ set: PixelInstructionSet) {
        var generator = SeededGenerator(state: 2)
        for round in 0..<30 {
            let count = Int.random(in: 1...40, using: &generator)
            let stride = 4 * count + 2
            let pixels = Self.bytes(stride * 6, round: round, &generator)
            var sums = [Int32](repeating: 9, count: 12 * count)
            var (xx, xy, yy) = (
                [Int32](repeating: 9, count: count), [Int32](repeating: 9, count: count),
                [Int32](repeating: 9, count: count)
            )
            pixels.withUnsafeBufferPointer { pixels in
                guard let start = pixels.baseAddress else { return }
                sp_gradient_blocks(set.rawValue, start + stride + 1, stride, count, &sums, &xx, &xy, &yy)
            }
            for block in 0..<count {
                var (a, b, c): (Int32, Int32, Int32) = (0, 0, 0)
                for y in 1...4 {
                    for x in 1 + 4 * block...4 + 4 * block {
                        let at = y * stride + x
                        let gx = Int32(pixels[at + 1]) - Int32(pixels[at - 1])
                        let gy = Int32(pixels[at + stride]) - Int32(pixels[at - stride])
                        a += gx * gx
                        b += gx * gy
                        c += gy * gy
                    }
                }
                #expect(xx[block] == a && xy[block] == b && yy[block] == c)
            }
        }
    }

    @Test(arguments: sets)
    func windowsAreComparedAtFractions(_ set: PixelInstructionSet) {
        var generator = SeededGenerator(state: 3)
        let (side, stride) = (Int(SP_WINDOW), Int(SP_WINDOW) + 2)
        for round in 0..<30 {
            let first = Self.bytes(stride * stride, round: round, &generator)
            let second = Self.bytes(stride * stride, round: round + round / 3, &generator)
            let (wx, wy) = (Int.random(in: 0...255, using: &generator), Int.random(in: 0...255, using: &generator))
            var window = sp_window()
            var mismatch = sp_mismatch()
            first.withUnsafeBufferPointer { first in
                guard let start = first.baseAddress else { return }
                sp_take_window(set.rawValue, start + stride + 1, stride, &window)
            }
            sp_compare_window(set.rawValue, second, stride, Int32(wx), Int32(wy), &window, &mismatch)
            var own = [Int](repeating: 0, count: 7)
            var other = [Int](repeating: 0, count: 4)
            for y in 0..<side {
                for x in 0..<side {
                    let at = (y + 1) * stride + x + 1
                    let level = 8 * Int(first[at])
                    let gx = Int(first[at + 1]) - Int(first[at - 1])
                    let gy = Int(first[at + stride]) - Int(first[at - stride])
                    for (index, term) in [level, level * level, gx, gy, gx * gx, gx * gy, gy * gy].enumerated() {
                        own[index] += term
                    }
                    func pixel(_ dx: Int, _ dy: Int) -> Int { Int(second[(y + dy) * stride + x + dx]) }
                    let upper = pixel(0, 0) * (256 - wx) + pixel(1, 0) * wx
                    let lower = pixel(0, 1) * (256 - wx) + pixel(1, 1) * wx
                    let d = ((upper * (256 - wy) + lower * wy + 4096) >> 13) - level
                    for (index, term) in [d, d * d, d * gx, d * gy].enumerated() { other[index] += term }
                }
            }
            let found = [window.sum, window.square, window.sum_x, window.sum_y, window.xx, window.xy, window.yy]
            #expect(found.map(Int.init) == own)
            #expect([mismatch.sum, mismatch.square, mismatch.x, mismatch.y].map(Int.init) == other)
        }
    }

    @Test(arguments: sets)
    func correlationIsASumOfProducts(_ set: PixelInstructionSet) {
        var generator = SeededGenerator(state: 4)
        for round in 0..<40 {
            let (width, height) = (16 * (1 + round % 3), Int.random(in: 1...32, using: &generator))
            let count = Int.random(in: 1...33, using: &generator)
            let stride = count + width + 2
            let template = Self.bytes(width * height, round: round, &generator).map(Int16.init)
            let picture = Self.bytes(stride * height, round: round + round / 3, &generator).map(Int16.init)
            var found = [Int32](repeating: 5, count: count)
            sp_correlate(set.rawValue, template, width, height, picture, stride, count, &found)
            for shift in 0..<count {
                var sum = 0
                for y in 0..<height {
                    for x in 0..<width { sum += Int(template[y * width + x]) * Int(picture[y * stride + shift + x]) }
                }
                #expect(Int(found[shift]) == sum)
            }
        }
    }
}
