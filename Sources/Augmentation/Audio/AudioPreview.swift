package import Imaging

extension LogMelSpectrogram {
    /// The spectrogram as a picture: time to the right, low bands below, dark for the weakest value and light for the
    /// strongest; `columns` x `rows` pixels for each value. Sides stay within a picture's.
    package func picture(columns: Int = 1, rows: Int = 1) -> RGBImage {
        let (low, high) = (values.min() ?? 0, values.max() ?? 0)
        let scale = high > low ? 1 / (high - low) : 0
        let (width, height) = (frames * columns, bands * rows)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            let band = bands - 1 - y / rows
            for x in 0..<width {
                let color = Self.shade(Double((self[x / columns, band] - low) * scale))
                pixels += [color.red, color.green, color.blue]
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// From black over violet and orange to pale yellow, rising in lightness.
    private static func shade(_ value: Double) -> Color {
        let stops = [
            SIMD3(4.0, 4, 20), SIMD3(70, 18, 110), SIMD3(170, 45, 110), SIMD3(245, 115, 70), SIMD3(254, 245, 185),
        ]
        let place = min(max(value.isNaN ? 0 : value, 0), 1) * Double(stops.count - 1)
        let index = min(Int(place), stops.count - 2)
        let mix = stops[index] + (stops[index + 1] - stops[index]) * (place - Double(index))
        return Color(red: UInt8(mix.x.rounded()), green: UInt8(mix.y.rounded()), blue: UInt8(mix.z.rounded()))
    }
}

extension AudioAugmentation {
    /// A sheet of log-mel spectrograms with one row for each clip: the clip, then what epochs 0, 1 ... of a run make of
    /// it, all of a row on one scale of time. Each caption begins with the seed that makes the sound again.
    ///
    /// - Parameter indices: the clips' places in the data set; nil: 0, 1 ...
    package func preview(
        run: UInt64, clips: [AudioClip], indices: [Int]? = nil, epochs: Int, bands: Int = 40,
        style: AugmentationPreview = AugmentationPreview()
    ) throws(AugmentationError) -> Image {
        var rows: [[AugmentationPreview.Cell]] = []
        for (index, clip) in zip(indices ?? Array(clips.indices), clips) {
            try clip.validate()
            let filters = LogMelFilterBank.speech(rate: clip.rate, bands: bands)
            let name = clip.name.split(separator: "/").last ?? ""
            let size = "\(short(clip.seconds, 2)) s, 0 to \(short(clip.rate / 2, 0)) Hz"
            var sounds = [(filters.spectrogram(of: clip.samples), "clip \(index) \(name): \(size)")]
            for epoch in 0..<max(epochs, 0) {
                var record = AugmentationRecord(seed: SampleSeed(run: run, epoch: epoch, index: index))
                let changed = try apply(to: clip, &record)
                let masked = apply(to: filters.spectrogram(of: changed.samples), &record)
                sounds.append((masked, record.description))
            }
            rows.append(Self.cells(sounds))
        }
        return style.grid(rows)
    }

    /// Spectrograms beside each other, all as long as the longest; of very long ones the beginning.
    private static func cells(_ sounds: [(LogMelSpectrogram, caption: String)]) -> [AugmentationPreview.Cell] {
        let longest = min(sounds.map(\.0.frames).max() ?? 1, 4096)
        return sounds.map { spectrogram, caption in
            let (bands, frames) = (spectrogram.bands, min(spectrogram.frames, longest))
            let beginning = LogMelSpectrogram(
                frames: frames, bands: bands, values: Array(spectrogram.values[..<(frames * bands)]))
            // Short sounds are drawn wide, so that their cells are filled.
            let columns = 2 * max((2 * bands + longest - 1) / longest, 1)
            let rows = max(longest * columns * 3 / (4 * bands), 1)
            var picture = RGBImage(width: longest * columns, height: rows * bands, fill: AugmentationPreview.paper)
            Warp.draw(beginning.picture(columns: columns, rows: rows), through: .identity, onto: &picture)
            return AugmentationPreview.Cell(LabelledImage(picture, objects: []), caption: caption)
        }
    }
}
