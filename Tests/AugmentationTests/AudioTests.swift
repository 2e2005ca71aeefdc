import Augmentation
import Foundation
import Imaging
import Testing

@Suite struct AudioTests {
    private static let rate = 8000.0

    private static func tone(_ frequency: Double, count: Int = 8000, rate: Double = rate) -> [Float] {
        (0..<count).map { Float(0.5 * sin(2 * Double.pi * frequency * Double($0) / rate)) }
    }

    /// The frequency of the strongest peak in the middle of a clip, in Hz: a parabola through the logarithms of a
    /// Hann-windowed spectrum.
    private static func peak(_ samples: [Float]) -> Double {
        let size = 4096
        let start = (samples.count - size) / 2
        let piece = (0..<size).map { i in
            samples[start + i] * Float(0.5 - 0.5 * cos(2 * Double.pi * Double(i) / Double(size)))
        }
        let fft = RealFFT(size: size)
        var (re, im) = ([Float](repeating: 0, count: fft.bins), [Float](repeating: 0, count: fft.bins))
        fft.forward(piece, re: &re, im: &im)
        let power = zip(re, im).map { log(Double($0 * $0 + $1 * $1) + 1e-20) }
        let top = power.indices.dropFirst().dropLast().max { power[$0] < power[$1] } ?? 0
        let (a, b, c) = (power[top - 1], power[top], power[top + 1])
        return (Double(top) + 0.5 * (a - c) / (a - 2 * b + c)) * rate / Double(size)
    }

    @Test(arguments: [0.5, 0.8, 0.97, 1, 1.1, 1.5, 2.7]) func aStretchedToneKeepsItsPitch(factor: Double) {
        let tone = Self.tone(440, count: 12_000)
        let stretched = PhaseVocoder(rate: Self.rate).stretched(tone, by: factor)
        #expect(stretched.count == Int((12_000 * factor).rounded()))
        #expect(abs(Self.peak(stretched) / 440 - 1) < 0.002)
        // Its level, too, away from the ends.
        let middle = stretched[1000..<stretched.count - 1000]
        let power = middle.reduce(0) { $0 + Double($1) * Double($1) } / Double(middle.count)
        #expect(abs(power - 0.125) < 0.006)
    }

    @Test func aFactorOfOneChangesNothing() {
        var stream = RandomStream(key: 1)
        let noise = (0..<5000).map { _ in Float(stream.normal()) * 0.3 }
        let same = PhaseVocoder(rate: Self.rate).stretched(noise, by: 1)
        #expect(zip(noise, same).allSatisfy { abs($0 - $1) < 1e-4 })
        let shifted = PhaseVocoder(rate: Self.rate).pitchShifted(noise, by: 1)
        #expect(zip(noise, shifted).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test(arguments: [-12.0, -5, -1, 0.5, 2, 7, 12]) func aShiftedToneHasItsNewPitch(semitones: Double) {
        let ratio = pow(2, semitones / 12)
        let shifted = PhaseVocoder(rate: Self.rate).pitchShifted(Self.tone(600, count: 9001), by: ratio)
        #expect(shifted.count == 9001)
        #expect(abs(Self.peak(shifted) / (600 * ratio) - 1) < 0.01)
    }

    @Test func twoTonesKeepTheirRatio() {
        let both = zip(Self.tone(500, count: 12_000), Self.tone(1210, count: 12_000)).map { $0 + 0.5 * $1 }
        let stretched = PhaseVocoder(rate: Self.rate).stretched(both, by: 1.3)
        #expect(abs(Self.peak(stretched) / 500 - 1) < 0.002)
        // Without the first tone the second one is left.
        let second = PhaseVocoder(rate: Self.rate).stretched(Self.tone(1210, count: 12_000), by: 1.3)
        #expect(abs(Self.peak(second) / 1210 - 1) < 0.002)
    }

    @Test func resamplingKeepsTheBandAndNothingElse() {
        let halved = Resampler(from: 8000, to: 4000).resampled(Self.tone(500, count: 20_000), count: 10_000)
        for i in 100..<9900 {
            #expect(abs(Double(halved[i]) - 0.5 * sin(2 * Double.pi * 500 * Double(i) / 4000)) < 1e-3)
        }
        // 3000 Hz lie beyond half of 4000 Hz.
        let folded = Resampler(from: 8000, to: 4000).resampled(Self.tone(3000, count: 20_000), count: 10_000)
        #expect(folded[100..<9900].allSatisfy { abs($0) < 1e-3 })
        let doubled = Resampler(from: 8000, to: 16_000).resampled(Self.tone(500), count: 16_000)
        for i in 200..<15_800 {
            #expect(abs(Double(doubled[i]) - 0.5 * sin(2 * Double.pi * 500 * Double(i) / 16_000)) < 1e-3)
        }
    }

    @Test(arguments: [-10.0, 0, 3, 20, 40]) func noiseIsAtItsRatio(decibels: Double) {
        var stream = RandomStream(key: 9)
        let clip = AudioClip(samples: Self.tone(300), rate: Self.rate)
        // Shorter than the clip, and with a level of its own.
        let noise = (0..<3000).map { _ in Float(stream.normal()) * 7 }
        let mixed = clip.mixed(with: noise, decibels: decibels)
        let added = zip(mixed.samples, clip.samples).map { $0 - $1 }
        let measured = 10 * log10(clip.power / AudioClip(samples: added, rate: 1).power)
        #expect(abs(measured - decibels) < 0.01)
        let silent = AudioClip(samples: [0, 0, 0], rate: 1)
        #expect(silent.mixed(with: noise, decibels: 3) == silent)
        #expect(clip.mixed(with: [], decibels: 3) == clip)
    }

    @Test func gainAndShift() {
        let clip = AudioClip(samples: [1, 2, 3, 4], rate: 4)
        #expect(clip.shifted(by: 1).samples == [0, 1, 2, 3])
        #expect(clip.shifted(by: -2).samples == [3, 4, 0, 0])
        #expect(clip.shifted(by: 9).samples == [0, 0, 0, 0])
        #expect(abs(10 * log10(clip.amplified(decibels: -6).power / clip.power) + 6) < 1e-5)
        #expect(clip.fitted(to: 2).samples == [1, 2] && clip.fitted(to: 6).samples == [1, 2, 3, 4, 0, 0])
    }

    private static let everything: [AudioOperation] = [
        .timeStretch(0.8...1.2, probability: 0.5), .pitchShift(semitones: -2...2, probability: 0.5), .timeShift(0.1),
        .gain(decibels: -6...6), .noise(decibels: 10...30), .timeMask(count: 2, longest: 9),
        .frequencyMask(widest: 6),
    ]

    private static func apply(_ recipe: AudioAugmentation, index: Int) throws -> (
        AudioClip, LogMelSpectrogram, AugmentationRecord
    ) {
        var record = AugmentationRecord(seed: SampleSeed(run: 1, epoch: 0, index: index))
        let clip = try recipe.apply(to: AudioClip(samples: tone(440, count: 3000), rate: rate), &record)
        let bank = LogMelFilterBank.speech(rate: rate)
        return (clip, recipe.apply(to: bank.spectrogram(of: clip.samples), &record), record)
    }

    @Test func theSameSeedGivesTheSameBits() throws {
        let recipe = try AudioAugmentation(Self.everything)
        var clips: Set<AudioClip> = []
        for index in 0..<6 {
            let (first, again) = (try Self.apply(recipe, index: index), try Self.apply(recipe, index: index))
            #expect(first == again)
            clips.insert(first.0)
        }
        #expect(clips.count == 6)
    }

    @Test func anOperationMoreChangesNoOtherDraw() throws {
        let recipe = try AudioAugmentation(Self.everything)
        for index in 0..<6 {
            var all = try Self.apply(recipe, index: index).2
            let fewer = try Self.apply(recipe.removing("pitch shift"), index: index).2
            all.draws.removeAll { $0.operation == "pitch shift" }
            #expect(all == fewer)
        }
    }

    @Test func masksAreTheMeanAndNothingElseChanges() throws {
        let recipe = try AudioAugmentation([.timeMask(count: 2, longest: 5), .frequencyMask(widest: 4)])
        var masked = 0
        for index in 0..<20 {
            var record = AugmentationRecord(seed: SampleSeed(run: 2, epoch: 0, index: index))
            let plain = LogMelSpectrogram(frames: 20, bands: 10, values: (0..<200).map { Float($0) })
            let result = recipe.apply(to: plain, &record)
            var (frames, bands): (Set<Int>, Set<Int>) = ([], [])
            for t in 0..<20 { if (0..<10).allSatisfy({ result[t, $0] == plain.mean }) { frames.insert(t) } }
            for b in 0..<10 { if (0..<20).allSatisfy({ result[$0, b] == plain.mean }) { bands.insert(b) } }
            #expect(frames.count <= 10 && bands.count <= 4)
            for t in 0..<20 {
                for b in 0..<10 where !frames.contains(t) && !bands.contains(b) { #expect(result[t, b] == plain[t, b]) }
            }
            masked += frames.count + bands.count
        }
        #expect(masked > 40)
    }

    @Test func soundThatCannotBeIsNamed() throws {
        let recipe = try AudioAugmentation([])
        func reason(_ samples: [Float], _ rate: Double) -> AugmentationError? {
            var record = AugmentationRecord(seed: SampleSeed(run: 0, epoch: 0, index: 0))
            do {
                _ = try recipe.apply(to: AudioClip(samples: samples, rate: rate, name: "a.wav"), &record)
                return nil
            } catch {
                return error
            }
        }
        #expect(reason([0, 1], 8000) == nil)
        #expect(reason([], 8000) == AugmentationError(.emptyAudio, sample: "a.wav"))
        #expect(reason([1], 0) == AugmentationError(.emptyAudio, sample: "a.wav"))
        #expect(reason([1], .nan) == AugmentationError(.emptyAudio, sample: "a.wav"))
        #expect(reason([0, .infinity], 8000) == AugmentationError(.nonFiniteAudio(at: 1), sample: "a.wav"))
        for operation in [
            AudioOperation.timeStretch(0...1), .noise(decibels: 0...500), .pitchShift(semitones: -99...0),
            .timeMask(count: -1, longest: 3),
        ] {
            #expect(throws: AugmentationError.self) { try AudioAugmentation([operation]) }
        }
        // The shortest clips go through everything.
        for count in 1...3 {
            var record = AugmentationRecord(seed: SampleSeed(run: 0, epoch: 0, index: 0))
            let clip = AudioClip(samples: [Float](repeating: 0.5, count: count), rate: 8000)
            #expect(!(try AudioAugmentation(Self.everything).apply(to: clip, &record)).samples.isEmpty)
        }
    }

    @Test func aPreviewShowsEveryClip() throws {
        let clips = [300.0, 900].map { AudioClip(samples: Self.tone($0, count: 4000), rate: Self.rate) }
        let sheet = try AudioAugmentation(Self.everything).preview(
            run: 1, clips: clips, epochs: 2, style: AugmentationPreview(cellSide: 80))
        #expect(sheet.width >= 3 * 80 && sheet.height >= 2 * 80)
        #expect(Set(RGBImage(sheet).pixels).count > 50)
    }
}
