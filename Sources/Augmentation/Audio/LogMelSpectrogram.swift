import Foundation

/// The natural logarithm of power in bands of equal width to the ear, over time: `values[frame * bands + band]`.
package struct LogMelSpectrogram: Hashable, Sendable {
    package let frames: Int
    package let bands: Int
    package internal(set) var values: [Float]

    package init(frames: Int, bands: Int, values: [Float]) {
        precondition(frames >= 0 && bands >= 0 && values.count == frames * bands, "frames x bands values")
        self.frames = frames
        self.bands = bands
        self.values = values
    }

    package subscript(frame: Int, band: Int) -> Float { values[frame * bands + band] }

    /// The mean of all values; 0 when there are none.
    package var mean: Float {
        values.isEmpty ? 0 : Float(values.reduce(0.0) { $0 + Double($1) } / Double(values.count))
    }
}

/// Makes log-mel spectrograms.
///
/// The mel scale is Slaney's ("Auditory toolbox", 1998): 200/3 Hz per mel up to 1000 Hz, then 27 mels for each factor of
/// 6.4. Bands are triangles between the middles of their neighbours, scaled to equal area (2 / width in Hz). Power is
/// that of the Hann-windowed frames of `ShortTimeFourierTransform`, at least 1e-10.
package struct LogMelFilterBank: Sendable {
    package let rate: Double
    package let bands: Int
    package let frames: ShortTimeFourierTransform
    /// For each band its first frequency bin and the weights from there on.
    private let filters: [(first: Int, weights: [Float])]

    /// Bands between two frequencies in Hz; `high` is at most half the rate, which it is when it is left out.
    package init(rate: Double, frames: ShortTimeFourierTransform, bands: Int, low: Double = 0, high: Double? = nil) {
        let high = min(high ?? rate / 2, rate / 2)
        precondition(rate > 0 && bands > 0 && low >= 0 && low < high, "bands lie between 0 and half the rate")
        self.rate = rate
        self.bands = bands
        self.frames = frames
        let (from, to) = (Self.mels(hertz: low), Self.mels(hertz: high))
        let edges = (0...bands + 1).map { Self.hertz(mels: from + (to - from) * Double($0) / Double(bands + 1)) }
        filters = (0..<bands).map { band in
            let (left, middle, right) = (edges[band], edges[band + 1], edges[band + 2])
            var (first, weights): (Int, [Float]) = (0, [])
            for k in 0..<frames.bins {
                let frequency = Double(k) * rate / Double(frames.size)
                let weight = min((frequency - left) / (middle - left), (right - frequency) / (right - middle))
                guard weight > 0 else { continue }
                if weights.isEmpty { first = k }
                weights.append(Float(weight * 2 / (right - left)))
            }
            return (first, weights)
        }
    }

    /// The usual one for speech: frames of 32 ms (the next power of two) every 10 ms, 40 bands from 20 Hz on.
    package static func speech(rate: Double, bands: Int = 40) -> LogMelFilterBank {
        let size = max(RealFFT.size(atLeast: Int(min(max(rate, 100), 1e6) * 0.032)), 64)
        let hop = min(max(Int((rate * 0.01).rounded()), 1), size / 2)
        return LogMelFilterBank(
            rate: rate, frames: ShortTimeFourierTransform(size: size, hop: hop), bands: bands, low: 20)
    }

    package static func mels(hertz: Double) -> Double {
        hertz < 1000 ? hertz * 3 / 200 : 15 + 27 * log(hertz / 1000) / log(6.4)
    }

    package static func hertz(mels: Double) -> Double {
        mels < 15 ? mels * 200 / 3 : 1000 * exp((mels - 15) / 27 * log(6.4))
    }

    package func spectrogram(of samples: [Float]) -> LogMelSpectrogram {
        let spectrum = frames.spectrum(of: samples)
        var values = [Float](repeating: 0, count: spectrum.frames * bands)
        var power = [Float](repeating: 0, count: spectrum.bins)
        for t in 0..<spectrum.frames {
            for k in 0..<spectrum.bins {
                let (re, im) = (spectrum.re[t * spectrum.bins + k], spectrum.im[t * spectrum.bins + k])
                power[k] = re * re + im * im
            }
            for (band, filter) in filters.enumerated() {
                var sum: Float = 0
                for (offset, weight) in filter.weights.enumerated() { sum += weight * power[filter.first + offset] }
                values[t * bands + band] = log(max(sum, 1e-10))
            }
        }
        return LogMelSpectrogram(frames: spectrum.frames, bands: bands, values: values)
    }
}
