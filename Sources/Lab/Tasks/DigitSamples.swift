package import Augmentation
package import Tensors
package import Training

/// Spoken digits as log-mel spectrograms: "features", N×1×`bands`×`frames`, float32.
///
/// A clip's values have mean 0 and deviation 1, so that its loudness does not count. Clips that are shorter end with 0,
/// the mean; what is longer is cut off.
package struct DigitSamples: ClassifiedSamples {
    /// Rows of the input: mel bands, the lowest first.
    package static let bands = 40
    /// Columns: 640 ms in steps of 10 ms, longer than nineteen of twenty recordings.
    package static let frames = 64

    package let recordings: [SpokenDigits.Recording]
    package var augmentation: AudioAugmentation?
    package let labels: [Int]
    private let filterBank: LogMelFilterBank
    /// The inputs without augmentation, one after the other.
    private let features: [Float]

    package init(_ recordings: [SpokenDigits.Recording], augmentation: AudioAugmentation? = nil) {
        self.recordings = recordings
        self.augmentation = augmentation
        labels = recordings.map(\.digit)
        let filterBank = LogMelFilterBank.speech(rate: recordings.first?.clip.rate ?? 8000, bands: Self.bands)
        self.filterBank = filterBank
        var features: [Float] = []
        features.reserveCapacity(recordings.count * Self.bands * Self.frames)
        for recording in recordings {
            features += Self.features(of: filterBank.spectrogram(of: recording.clip.samples))
        }
        self.features = features
    }

    package func name(of index: Int) -> String { recordings[index].clip.name }

    package func inputs(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor] {
        let size = Self.bands * Self.frames
        var values: [Float] = []
        values.reserveCapacity(indices.count * size)
        for index in indices {
            if let draw, let augmentation {
                var record = AugmentationRecord(seed: SampleSeed(run: draw.seed, epoch: draw.epoch, index: index))
                let clip = try augmentation.apply(to: recordings[index].clip, &record)
                let spectrogram = augmentation.apply(to: filterBank.spectrogram(of: clip.samples), &record)
                values += Self.features(of: spectrogram)
            } else {
                values += features[index * size..<(index + 1) * size]
            }
        }
        return ["features": try Tensor(values, shape: [indices.count, 1, Self.bands, Self.frames])]
    }

    /// Bands by frames, of mean 0 and deviation 1.
    private static func features(of spectrogram: LogMelSpectrogram) -> [Float] {
        let mean = spectrogram.mean
        let squares = spectrogram.values.reduce(0.0) { $0 + Double($1 - mean) * Double($1 - mean) }
        let deviation = Float((squares / Double(max(spectrogram.values.count, 1))).squareRoot())
        let scale = 1 / max(deviation, 1e-3)
        var values = [Float](repeating: 0, count: bands * frames)
        for frame in 0..<min(frames, spectrogram.frames) {
            for band in 0..<bands { values[band * frames + frame] = (spectrogram[frame, band] - mean) * scale }
        }
        return values
    }
}
