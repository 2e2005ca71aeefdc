import Foundation

/// Changes the length of a clip without its pitch, and the pitch without the length.
///
/// A phase vocoder with identity phase locking (Laroche and Dolson, "Improved phase vocoder time-scale modification of
/// audio", 1999). Frames of the result lie `hop` apart; for each, the source is analyzed at the place it comes from and
/// `hop` samples before that, so the phase of a frequency advances by what it really did in that time and nothing has to
/// be unwrapped. Each peak of the spectrum carries its whole region along: one rotation for all frequencies that are
/// nearest to it keeps their phases to each other.
package struct PhaseVocoder: Sendable {
    private let frames: ShortTimeFourierTransform

    package init(_ frames: ShortTimeFourierTransform) { self.frames = frames }

    /// Frames that suit a sample rate.
    package init(rate: Double) { self.init(ShortTimeFourierTransform(rate: rate)) }

    /// The clip `factor` times as long, round(count * factor) samples; 1 gives the same samples.
    package func stretched(_ samples: [Float], by factor: Double) -> [Float] {
        precondition(factor >= 0.05 && factor <= 20, "a factor is 0.05 to 20")
        let count = Int((Double(samples.count) * factor).rounded())
        guard count > 0 else { return [] }
        let total = frames.frameCount(count)
        let bins = frames.bins
        var result = ShortTimeFourierTransform.Spectrum(frames: total, bins: bins)
        // Frame 0 is where a frame comes from, frame 1 what was one hop before.
        var source = ShortTimeFourierTransform.Spectrum(frames: 2, bins: bins)
        var piece = [Float](repeating: 0, count: frames.size)
        var power = [Float](repeating: 0, count: bins)
        var peaks: [Int] = []
        for t in 0..<total {
            let center = Int((Double(t * frames.hop) / factor).rounded())
            frames.analyze(samples, around: center, &piece, into: &source, frame: 0)
            if t == 0 {
                for k in 0..<bins { (result.re[k], result.im[k]) = (source.re[k], source.im[k]) }
                continue
            }
            frames.analyze(samples, around: center - frames.hop, &piece, into: &source, frame: 1)
            for k in 0..<bins { power[k] = source.re[k] * source.re[k] + source.im[k] * source.im[k] }
            Self.findPeaks(power, &peaks)
            let (now, last) = (t * bins, (t - 1) * bins)
            for (index, peak) in peaks.enumerated() {
                // A region ends half way to the next peak.
                let start = index == 0 ? 0 : (peaks[index - 1] + peak) / 2 + 1
                let end = index == peaks.count - 1 ? bins - 1 : (peak + peaks[index + 1]) / 2
                // The rotation from the phase one hop before to the phase that the result had then.
                let (a, b) = (result.re[last + peak], result.im[last + peak])
                let (c, d) = (source.re[bins + peak], source.im[bins + peak])
                var (re, im) = (a * c + b * d, b * c - a * d)
                let size = (re * re + im * im).squareRoot()
                if size > 1e-20 { (re, im) = (re / size, im / size) } else { (re, im) = (1, 0) }
                for k in start...end {
                    result.re[now + k] = source.re[k] * re - source.im[k] * im
                    result.im[now + k] = source.re[k] * im + source.im[k] * re
                }
            }
        }
        return frames.samples(of: result, count: count)
    }

    /// The clip with all frequencies times `ratio`, of the same length: stretched, then read faster.
    package func pitchShifted(_ samples: [Float], by ratio: Double) -> [Float] {
        Resampler(step: ratio).resampled(stretched(samples, by: ratio), count: samples.count)
    }

    /// Frequencies that are stronger than their two neighbours on either side; at least one.
    private static func findPeaks(_ power: [Float], _ peaks: inout [Int]) {
        peaks.removeAll(keepingCapacity: true)
        let count = power.count
        for k in 0..<count {
            let lower = max(power[max(k - 1, 0)], power[max(k - 2, 0)])
            let upper = max(power[min(k + 1, count - 1)], power[min(k + 2, count - 1)])
            if (k == 0 || power[k] > lower) && (k == count - 1 || power[k] >= upper) { peaks.append(k) }
        }
        if peaks.isEmpty { peaks.append(0) }
    }
}
