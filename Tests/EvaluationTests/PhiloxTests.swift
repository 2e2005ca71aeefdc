import Evaluation
import Testing

@Suite struct PhiloxTests {
    /// The known answers that come with the paper's library (Random123, kat_vectors, philox4x32 10).
    @Test func knownAnswers() {
        let all = UInt32.max
        #expect(
            Philox(seed: 0).block(SIMD4(0, 0, 0, 0)) == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        #expect(
            Philox(seed: .max).block(SIMD4(all, all, all, all))
                == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
        #expect(
            Philox(seed: 0x299F_31D0_A409_3822).block(SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344))
                == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
    }

    @Test(arguments: [1, 3, 141]) func aDrawIsAsLargeAsWhatItIsDrawnFrom(count: Int) {
        var times: [Int] = []
        var totals = Array(repeating: 0, count: count)
        for number in 0..<2000 {
            Philox(seed: 5).resample(count, number: number, into: &times)
            #expect(times.count == count)
            #expect(times.reduce(0, +) == count)
            for (index, time) in times.enumerated() { totals[index] += time }
        }
        // Each thing is drawn 2000 times, give or take five standard deviations.
        for total in totals { #expect(abs(total - 2000) < 250) }
    }
}
