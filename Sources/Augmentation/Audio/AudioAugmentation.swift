import Foundation

/// One step of an audio recipe, drawn anew for each clip from a stream of its own.
package enum AudioOperation: Hashable, Sendable {
    /// Longer by a factor (shorter below 1) at the same pitch.
    case timeStretch(ClosedRange<Double>, probability: Double = 1)
    /// Higher by semitones (twelve double the frequency) at the same length.
    case pitchShift(semitones: ClosedRange<Double>, probability: Double = 1)
    /// Later or earlier by up to a share of the length; what leaves is lost.
    case timeShift(Double, probability: Double = 1)
    case gain(decibels: ClosedRange<Double>, probability: Double = 1)
    /// White noise at a ratio of the clip's power to the noise's.
    case noise(decibels: ClosedRange<Double>, probability: Double = 1)
    /// Stretches of the log-mel spectrogram set to its mean (Park et al., "SpecAugment", 2019): each up to `longest`
    /// frames.
    case timeMask(count: Int = 1, longest: Int, probability: Double = 1)
    /// The same across frequencies: each up to `widest` bands.
    case frequencyMask(count: Int = 1, widest: Int, probability: Double = 1)

    /// The name in records, and of the stream of random numbers.
    package var name: String {
        switch self {
        case .timeStretch: "time stretch"
        case .pitchShift: "pitch shift"
        case .timeShift: "time shift"
        case .gain: "gain"
        case .noise: "noise"
        case .timeMask: "time mask"
        case .frequencyMask: "frequency mask"
        }
    }

    package var probability: Double {
        switch self {
        case .timeStretch(_, let p), .pitchShift(_, let p), .timeShift(_, let p), .gain(_, let p), .noise(_, let p),
            .timeMask(_, _, let p), .frequencyMask(_, _, let p):
            p
        }
    }

    /// What is wrong with the parameters; `nil` when nothing is.
    var fault: String? {
        func within(_ range: ClosedRange<Double>, _ limits: ClosedRange<Double>) -> Bool {
            limits.contains(range.lowerBound) && limits.contains(range.upperBound)
        }
        guard (0...1).contains(probability) else { return "a probability is 0 to 1" }
        switch self {
        case .timeStretch(let factors, _): return within(factors, 0.1...10) ? nil : "a factor is 0.1 to 10"
        case .pitchShift(let semitones, _): return within(semitones, -36...36) ? nil : "a shift is -36 to 36 semitones"
        case .timeShift(let share, _): return (0...1).contains(share) ? nil : "a share is 0 to 1"
        case .gain(let decibels, _), .noise(let decibels, _):
            return within(decibels, -120...120) ? nil : "a ratio is -120 to 120 dB"
        case .timeMask(let count, let size, _), .frequencyMask(let count, let size, _):
            return (0...1000).contains(count) && (0...1_000_000).contains(size) ? nil : "a count is 0 to 1000"
        }
    }

    /// Whether the operation changes the spectrogram, and not the samples.
    var isMask: Bool {
        switch self {
        case .timeMask, .frequencyMask: true
        default: false
        }
    }
}

/// A recipe of random changes to sound. Samples are changed in the recipe's order; masks come later, on the spectrogram.
///
///     let recipe = try AudioAugmentation([
///         .timeStretch(0.85...1.15, probability: 0.5), .pitchShift(semitones: -2...2), .noise(decibels: 10...30),
///         .gain(decibels: -6...6), .timeMask(longest: 20), .frequencyMask(widest: 8),
///     ])
///     var record = AugmentationRecord(seed: SampleSeed(run: 42, epoch: 3, index: 17))
///     let clip = try recipe.apply(to: clip, &record)
///     let features = recipe.apply(to: filterBank.spectrogram(of: clip.samples), &record)
///
/// The same seed gives the same bits, and each operation has a stream of random numbers of its own.
package struct AudioAugmentation: Hashable, Sendable {
    package let operations: [AudioOperation]

    package init(_ operations: [AudioOperation]) throws(AugmentationError) {
        for operation in operations {
            if let fault = operation.fault { throw AugmentationError(.invalidOperation(operation.name, fault)) }
        }
        self.operations = operations
    }

    private init(checked operations: [AudioOperation]) { self.operations = operations }

    /// The recipe without the operations of a name.
    package func removing(_ name: String) -> AudioAugmentation {
        AudioAugmentation(checked: operations.filter { $0.name != name })
    }

    /// Changes the samples of a clip as the record's seed says, and adds to the record what was drawn.
    package func apply(to clip: AudioClip, _ record: inout AugmentationRecord) throws(AugmentationError) -> AudioClip {
        try clip.validate()
        var clip = clip
        var streams = OperationStreams(seed: record.seed)
        for operation in operations {
            var stream = streams.stream(for: operation.name)
            guard !operation.isMask, stream.happens(operation.probability) else { continue }
            switch operation {
            case .timeStretch(let range, _):
                let factor = stream.logUniform(range)
                clip.samples = PhaseVocoder(rate: clip.rate).stretched(clip.samples, by: factor)
                record.add(operation.name, "×\(short(factor, 3))")
            case .pitchShift(let range, _):
                let semitones = stream.uniform(range)
                clip.samples = PhaseVocoder(rate: clip.rate).pitchShifted(clip.samples, by: pow(2, semitones / 12))
                record.add(operation.name, "\(short(semitones)) semitones")
            case .timeShift(let share, _):
                let count = Int((stream.uniform(-share...share) * Double(clip.samples.count)).rounded())
                clip = clip.shifted(by: count)
                record.add(operation.name, "\(short(Double(count) / clip.rate * 1000, 0)) ms")
            case .gain(let range, _):
                let decibels = stream.uniform(range)
                clip = clip.amplified(decibels: decibels)
                record.add(operation.name, "\(short(decibels, 1)) dB")
            case .noise(let range, _):
                let decibels = stream.uniform(range)
                clip = clip.mixed(with: clip.samples.map { _ in Float(stream.normal()) }, decibels: decibels)
                record.add(operation.name, "at \(short(decibels, 1)) dB")
            case .timeMask, .frequencyMask: break
            }
        }
        return clip
    }

    /// Masks a spectrogram as the record's seed says, and adds to the record what was drawn.
    package func apply(to spectrogram: LogMelSpectrogram, _ record: inout AugmentationRecord) -> LogMelSpectrogram {
        var result = spectrogram
        let mean = spectrogram.mean
        var streams = OperationStreams(seed: record.seed)
        for operation in operations {
            var stream = streams.stream(for: operation.name)
            guard operation.isMask, stream.happens(operation.probability) else { continue }
            switch operation {
            case .timeMask(let count, let longest, _):
                let masks = Self.masks(count, longest, of: spectrogram.frames, &stream)
                for mask in masks {
                    for place in mask.lowerBound * result.bands..<mask.upperBound * result.bands {
                        result.values[place] = mean
                    }
                }
                record.add(operation.name, masks.map { "\($0.lowerBound)..<\($0.upperBound)" }.joined(separator: " "))
            case .frequencyMask(let count, let widest, _):
                let masks = Self.masks(count, widest, of: spectrogram.bands, &stream)
                for mask in masks {
                    for frame in 0..<result.frames {
                        for band in mask { result.values[frame * result.bands + band] = mean }
                    }
                }
                record.add(operation.name, masks.map { "\($0.lowerBound)..<\($0.upperBound)" }.joined(separator: " "))
            default: break
            }
        }
        return result
    }

    /// Ranges of 0 to `longest` places, inside 0..<total.
    private static func masks(
        _ count: Int, _ longest: Int, of total: Int, _ stream: inout RandomStream
    ) -> [Range<Int>] {
        (0..<count).map { _ in
            let length = stream.integer(0...min(longest, total))
            let start = stream.integer(0...total - length)
            return start..<start + length
        }
    }
}
