import Augmentation
import Foundation
import Testing

@Suite struct SpectrumTests {
    private static func noise(_ count: Int, key: UInt64) -> [Float] {
        var stream = RandomStream(key: key)
        return (0..<count).map { _ in Float(stream.normal()) * 0.2 }
    }

    private static func transform(_ samples: [Float]) -> (re: [Float], im: [Float]) {
        let fft = RealFFT(size: samples.count)
        var (re, im) = ([Float](repeating: .nan, count: fft.bins), [Float](repeating: .nan, count: fft.bins))
        fft.forward(samples, re: &re, im: &im)
        return (re, im)
    }

    /// Against the sum in the definition, in double precision.
    @Test(arguments: [2, 4, 8, 16, 64, 256, 1024]) func theTransformIsItsDefinition(size: Int) {
        let samples = Self.noise(size, key: 1)
        let (re, im) = Self.transform(samples)
        let tolerance = 1e-6 * Double(size).squareRoot() * 4
        for k in 0...size / 2 {
            var (c, s) = (0.0, 0.0)
            for (n, x) in samples.enumerated() {
                let angle = -2 * Double.pi * Double(k * n % size) / Double(size)
                c += Double(x) * cos(angle)
                s += Double(x) * sin(angle)
            }
            #expect(abs(Double(re[k]) - c) < tolerance && abs(Double(im[k]) - s) < tolerance)
        }
    }

    @Test(arguments: [2, 4, 8, 32, 512, 4096]) func theWayBackUndoesIt(size: Int) {
        let samples = Self.noise(size, key: 2)
        var (re, im) = Self.transform(samples)
        var back = [Float](repeating: .nan, count: size)
        RealFFT(size: size).inverse(re: &re, im: &im, &back)
        #expect(zip(samples, back).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// Lengths around whole frames and hops, and hops that do not divide the size.
    @Test(arguments: [1, 5, 63, 64, 65, 128, 1000, 4001], [(64, 16), (64, 32), (64, 13), (256, 64), (4, 1)])
    func framesComeBackAsTheyWere(count: Int, frame: (size: Int, hop: Int)) {
        let stft = ShortTimeFourierTransform(size: frame.size, hop: frame.hop)
        let samples = Self.noise(count, key: 3)
        let spectrum = stft.spectrum(of: samples)
        #expect(spectrum.frames == stft.frameCount(count))
        let back = stft.samples(of: spectrum, count: count)
        #expect(back.count == count)
        #expect(zip(samples, back).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func melsAreSlaneys() {
        // Values of the Auditory Toolbox's formula.
        for (hertz, mels) in [(0.0, 0.0), (200, 3), (1000, 15), (6400, 42), (40_960, 69)] {
            #expect(abs(LogMelFilterBank.mels(hertz: hertz) - mels) < 1e-9)
            #expect(abs(LogMelFilterBank.hertz(mels: mels) - hertz) < 1e-6)
        }
    }

    @Test func aToneIsLoudestInItsBand() {
        let bank = LogMelFilterBank.speech(rate: 8000)
        var last = -1
        for frequency in [200.0, 500, 1000, 2000, 3500] {
            let tone = (0..<4000).map { Float(sin(2 * Double.pi * frequency * Double($0) / 8000)) }
            let spectrogram = bank.spectrogram(of: tone)
            #expect(spectrogram.bands == 40 && spectrogram.frames == 51)
            let middle = spectrogram.frames / 2
            let loudest = (0..<40).max { spectrogram[middle, $0] < spectrogram[middle, $1] } ?? -1
            // Bands are of equal width in mels.
            let (low, high) = (LogMelFilterBank.mels(hertz: 20), LogMelFilterBank.mels(hertz: 4000))
            let wanted = (LogMelFilterBank.mels(hertz: frequency) - low) / (high - low) * 41 - 1
            #expect(abs(Double(loudest) - wanted) <= 1)
            #expect(loudest > last)
            last = loudest
        }
    }

    @Test func silenceHasAFloor() {
        let bank = LogMelFilterBank.speech(rate: 8000)
        let spectrogram = bank.spectrogram(of: [Float](repeating: 0, count: 800))
        #expect(spectrogram.values.allSatisfy { $0 == log(Float(1e-10)) })
    }
}
