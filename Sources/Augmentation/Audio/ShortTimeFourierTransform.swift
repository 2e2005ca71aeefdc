import Foundation

/// Spectra of overlapping, windowed pieces of a clip, and the way back.
///
/// Frame t is the piece of `size` samples around sample t * hop (silence is added at both ends), times a periodic Hann
/// window. The way back adds the windowed pieces and divides by the sum of the squared windows: what was not changed
/// comes back as it was.
package struct ShortTimeFourierTransform: Sendable {
    /// Frames by frequencies: `re[t * bins + k]`.
    package struct Spectrum: Hashable, Sendable {
        package let frames: Int
        package let bins: Int
        package var re: [Float]
        package var im: [Float]

        init(frames: Int, bins: Int) {
            self.frames = frames
            self.bins = bins
            re = [Float](repeating: 0, count: frames * bins)
            im = re
        }
    }

    package let size: Int
    package let hop: Int
    let transform: RealFFT
    let window: [Float]

    /// Frames of `size` samples, a power of two from 4 on, every `hop` samples, 1...size / 2.
    package init(size: Int, hop: Int) {
        precondition(size >= 4 && (1...size / 2).contains(hop), "frames overlap by half or more")
        self.size = size
        self.hop = hop
        transform = RealFFT(size: size)
        window = (0..<size).map { Float(0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(size))) }
    }

    /// Frames for speech and music at a rate: the power of two of 40 ms or more, with hops of a quarter.
    package init(rate: Double) {
        let size = min(max(RealFFT.size(atLeast: Int(min(max(rate, 1), 1e6) * 0.04)), 64), 1 << 16)
        self.init(size: size, hop: size / 4)
    }

    package var bins: Int { transform.bins }

    /// How many frames cover a count of samples.
    package func frameCount(_ samples: Int) -> Int { (samples + hop - 1) / hop + 1 }

    package func spectrum(of samples: [Float]) -> Spectrum {
        var spectrum = Spectrum(frames: frameCount(samples.count), bins: bins)
        var piece = [Float](repeating: 0, count: size)
        for t in 0..<spectrum.frames { analyze(samples, around: t * hop, &piece, into: &spectrum, frame: t) }
        return spectrum
    }

    /// Writes the spectrum of the piece around a sample; `piece` is room for `size` numbers.
    func analyze(
        _ samples: [Float], around center: Int, _ piece: inout [Float], into spectrum: inout Spectrum, frame: Int
    ) {
        let start = center - size / 2
        let inside = max(0, -start)..<max(min(size, samples.count - start), max(0, -start))
        for i in 0..<min(inside.lowerBound, size) { piece[i] = 0 }
        for i in inside where i < size { piece[i] = samples[start + i] * window[i] }
        for i in min(inside.upperBound, size)..<size { piece[i] = 0 }
        let (bins, transform) = (bins, transform)
        piece.withUnsafeBufferPointer { piece in
            spectrum.re.withUnsafeMutableBufferPointer { re in
                spectrum.im.withUnsafeMutableBufferPointer { im in
                    guard let piece = piece.baseAddress, let re = re.baseAddress, let im = im.baseAddress else {
                        return
                    }
                    transform.forward(piece, re: re + frame * bins, im: im + frame * bins)
                }
            }
        }
    }

    /// `count` samples whose frames these are.
    package func samples(of spectrum: Spectrum, count: Int) -> [Float] {
        precondition(spectrum.bins == bins, "a spectrum of another size")
        var result = [Float](repeating: 0, count: count)
        var weights = result
        var piece = [Float](repeating: 0, count: size)
        var (re, im) = ([Float](repeating: 0, count: bins), [Float](repeating: 0, count: bins))
        for t in 0..<spectrum.frames {
            for k in 0..<bins { (re[k], im[k]) = (spectrum.re[t * bins + k], spectrum.im[t * bins + k]) }
            re.withUnsafeMutableBufferPointer { re in
                im.withUnsafeMutableBufferPointer { im in
                    piece.withUnsafeMutableBufferPointer { piece in
                        guard let re = re.baseAddress, let im = im.baseAddress, let piece = piece.baseAddress
                        else { return }
                        transform.inverse(re: re, im: im, piece)
                    }
                }
            }
            let start = t * hop - size / 2
            let first = max(0, -start)
            let end = min(size, count - start)
            guard first < end else { continue }
            for i in first..<end {
                result[start + i] += piece[i] * window[i]
                weights[start + i] += window[i] * window[i]
            }
        }
        for index in 0..<count where weights[index] > 1e-8 { result[index] /= weights[index] }
        return result
    }
}
