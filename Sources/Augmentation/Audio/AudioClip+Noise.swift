import Foundation

extension AudioClip {
    /// The clip with noise added so that the power of the clip is `decibels` above that of the noise, exactly. Noise that
    /// is shorter than the clip is repeated; a silent clip or silent noise changes nothing.
    package func mixed(with noise: [Float], decibels: Double) -> AudioClip {
        guard !noise.isEmpty else { return self }
        let added = samples.indices.map { noise[$0 % noise.count] }
        let (own, theirs) = (power, Self.power(added))
        guard own > 0, theirs > 0 else { return self }
        let gain = (own / theirs / pow(10, decibels / 10)).squareRoot()
        var clip = self
        for index in samples.indices { clip.samples[index] += Float(Double(added[index]) * gain) }
        return clip
    }

    /// The clip with its level changed.
    package func amplified(decibels: Double) -> AudioClip {
        var clip = self
        let gain = Float(pow(10, decibels / 20))
        clip.samples = samples.map { $0 * gain }
        return clip
    }

    /// The clip moved later by a count of samples (earlier when negative), of the same length, with silence moved in.
    package func shifted(by count: Int) -> AudioClip {
        var clip = self
        clip.samples = samples.indices.map { samples.indices.contains($0 - count) ? samples[$0 - count] : 0 }
        return clip
    }
}
