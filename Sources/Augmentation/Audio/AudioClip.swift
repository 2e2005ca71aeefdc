/// Sound to learn from: one channel of samples, nominally -1 to 1.
package struct AudioClip: Hashable, Sendable {
    package var samples: [Float]
    /// Samples per second.
    package var rate: Double
    /// How errors name the clip: a path, say.
    package var name: String

    package init(samples: [Float], rate: Double, name: String = "") {
        self.samples = samples
        self.rate = rate
        self.name = name
    }

    package var seconds: Double { Double(samples.count) / rate }

    /// The mean square of the samples; 0 for none.
    package var power: Double { Self.power(samples) }

    static func power(_ samples: [Float]) -> Double {
        // Four sums, so that the order is fixed and the additions overlap.
        var sums = SIMD4<Double>()
        samples.withUnsafeBufferPointer { samples in
            for index in samples.indices { sums[index & 3] += Double(samples[index]) * Double(samples[index]) }
        }
        return samples.isEmpty ? 0 : sums.sum() / Double(samples.count)
    }

    /// The clip with a count of samples: cut at the end, or with silence added.
    package func fitted(to count: Int) -> AudioClip {
        var clip = self
        clip.samples = Array(samples.prefix(count))
        clip.samples += [Float](repeating: 0, count: max(count - samples.count, 0))
        return clip
    }

    /// Refuses a clip without samples or rate, and samples that are no finite numbers.
    package func validate() throws(AugmentationError) {
        guard !samples.isEmpty, rate.isFinite, rate >= 1, rate <= 1e7 else {
            throw AugmentationError(.emptyAudio, sample: name)
        }
        if let place = samples.firstIndex(where: { !$0.isFinite }) {
            throw AugmentationError(.nonFiniteAudio(at: place), sample: name)
        }
    }
}
