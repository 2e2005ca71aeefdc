import Foundation
import Tensors
import Testing

@Suite struct PhiloxTests {
    /// The known answers that come with the paper's library (Random123, kat_vectors, philox4x32 10).
    @Test func knownAnswers() {
        let all = UInt32.max
        #expect(
            Philox.block(SIMD4(0, 0, 0, 0), key: (0, 0)) == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        #expect(
            Philox.block(SIMD4(all, all, all, all), key: (all, all))
                == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
        // The digits of π, as seed, stream and place.
        let generator = Philox(seed: 0x299F_31D0_A409_3822, stream: 0x0370_7344_1319_8A2E)
        #expect(
            generator.block(at: 0x85A3_08D3_243F_6A88)
                == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
    }

    @Test func countsWhatItGives() {
        let whole = Philox(seed: 3, stream: 9)
        var numbers = whole
        let first = (0..<11).map { _ in numbers.next32() }
        #expect(first == (0..<11).map { whole.number(at: $0) })
        #expect(first[4] == whole.block(at: 1)[0])
        #expect(numbers.position == 11)
        var later = Philox(seed: 3, stream: 9, position: 4)
        #expect(later.next() == UInt64(first[5]) << 32 | UInt64(first[4]))
        #expect(Philox(seed: 3, stream: 8).number(at: 0) != first[0])
        #expect(Philox(seed: 4, stream: 9).number(at: 0) != first[0])
    }

    @Test func integersAreEven() {
        var numbers = Philox(seed: 1)
        for count in [1, 2, 3, 7, 100] {
            var times = Array(repeating: 0, count: count)
            for _ in 0..<count * 1000 { times[numbers.integer(below: count)] += 1 }
            // Each is drawn 1000 times, give or take five standard deviations.
            for time in times { #expect(abs(time - 1000) < 160) }
        }
        // A third of the products would be drawn too often here, were they not drawn again.
        let most = (Int.max / 4) * 3
        var low = 0
        for _ in 0..<6000 where numbers.integer(below: most) < most / 3 { low += 1 }
        #expect(abs(low - 2000) < 185)
    }

    @Test func permutationsHoldEachPlaceOnce() {
        var numbers = Philox(seed: 2)
        #expect(numbers.permutation(0).isEmpty)
        #expect(numbers.permutation(1) == [0])
        #expect(numbers.permutation(257).sorted() == Array(0..<257))
        var times: [[Int]: Int] = [:]
        for _ in 0..<6000 { times[numbers.permutation(3), default: 0] += 1 }
        #expect(times.count == 6)
        for time in times.values { #expect(abs(time - 1000) < 145) }
    }

    @Test func uniformAndNormalHaveTheirMoments() {
        var numbers = Philox(seed: 5)
        var values = Array(repeating: Float(0), count: 40000)
        values.withUnsafeMutableBufferPointer { numbers.fillUniform($0, -1..<3) }
        #expect(values.allSatisfy { (-1..<3).contains($0) })
        #expect(abs(values.reduce(0, +) / 40000 - 1) < 0.03)
        values.withUnsafeMutableBufferPointer { numbers.fillNormal($0, mean: 2, deviation: 3) }
        let deviations = values.map { Double($0 - 2) / 3 }
        for (power, moment, margin) in [(1, 0.0, 0.025), (2, 1, 0.036), (3, 0, 0.1), (4, 3, 0.25)] {
            let mean = deviations.reduce(0) { $0 + pow($1, Double(power)) } / 40000
            #expect(abs(mean - moment) < margin, "moment \(power) is \(mean)")
        }
        #expect((0..<100).allSatisfy { _ in !numbers.chance(0) })
        #expect((0..<100).allSatisfy { _ in numbers.chance(1) })
    }

    /// A filled buffer holds what the same numbers of calls give, wherever the generator stands in a block.
    @Test(arguments: [0, 1, 2, 3, 7]) func fillingEqualsDrawing(position: UInt64) {
        for count in [0, 1, 2, 3, 9] {
            var filling = Philox(seed: 6, stream: 7, position: position)
            var drawing = filling
            var values = Array(repeating: Float(0), count: count)
            values.withUnsafeMutableBufferPointer { filling.fillUniform($0, -2..<5) }
            #expect(values == values.map { _ in drawing.uniform(-2..<5) })
            values.withUnsafeMutableBufferPointer { filling.fillNormal($0, mean: 1, deviation: 2) }
            #expect(values == values.map { _ in 1 + 2 * drawing.normal() })
            #expect(filling == drawing)
        }
    }
}
