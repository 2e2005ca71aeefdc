package import Augmentation

/// The Free Spoken Digit Dataset (Jackson et al., 2018): recordings of 0 to 9, as files `7_jackson_3.wav` of digit, speaker
/// and take.
///
/// Takes 0 and 1 are the test, as the data set's authors have it, takes 2 and 3 the validation, all others the training.
package struct SpokenDigits: Sendable {
    package struct Recording: Hashable, Sendable {
        package var clip: AudioClip
        package var digit: Int
        package var speaker: String
        package var take: Int

        package var part: DataPart { take < 2 ? .test : take < 4 ? .validation : .training }
    }

    package let folder: String
    /// By the names of their files.
    package let recordings: [Recording]
    /// Samples per second, of all recordings.
    package let rate: Double

    package static let classNames = (0...9).map(String.init)
    /// A spoken digit is shorter, in seconds.
    static let longest = 30.0
    /// What speech is recorded with, in samples per second.
    static let rates = 2000.0...400_000

    /// Reads the WAV files of a folder; other files are passed over.
    package init(folder: String) throws {
        self.folder = folder
        var recordings: [Recording] = []
        for name in try DataFolder.names(in: folder) where name.lowercased().hasSuffix(".wav") {
            let path = folder + "/" + name
            let fields = name.dropLast(4).split(separator: "_", omittingEmptySubsequences: false)
            guard fields.count == 3, let digit = Int(fields[0]), (0...9).contains(digit), let take = Int(fields[2]),
                take >= 0
            else {
                throw DataSetError(
                    .corrupt, file: path, reason: "its name has no label: it should be digit_speaker_take.wav")
            }
            let clip = try WAVReader.read(path: path)
            guard !clip.samples.isEmpty else { throw DataSetError(.corrupt, file: path, reason: "it has no sound") }
            guard clip.seconds <= Self.longest else {
                throw DataSetError(
                    .corrupt, file: path, reason: "\(Int(clip.seconds)) s are no digit: \(Int(Self.longest)) s at most")
            }
            guard Self.rates.contains(clip.rate) else {
                throw DataSetError(.corrupt, file: path, reason: "\(Int(clip.rate)) samples per second hold no speech")
            }
            if let first = recordings.first, clip.rate != first.clip.rate {
                throw DataSetError(
                    .corrupt, file: path,
                    reason: "\(Int(clip.rate)) samples per second, but \(Int(first.clip.rate)) in \(first.clip.name)")
            }
            recordings.append(Recording(clip: clip, digit: digit, speaker: String(fields[1]), take: take))
        }
        guard let first = recordings.first else {
            throw DataSetError(.unusable, file: folder, reason: "there are no WAV files in the folder")
        }
        rate = first.clip.rate
        self.recordings = recordings
        let classes = Dictionary(grouping: recordings, by: \.part).mapValues { $0.map(\.digit) }
        try DataPart.check(classes, classNames: Self.classNames, file: folder)
    }
}
