import Foundation

/// The discrete Fourier transform of real numbers whose count is a power of two: X[k] = sum of x[n] e^(-2 pi i k n / N)
/// for k in 0...N/2, the rest being their mirror.
///
/// Even and odd samples go as real and imaginary parts through a complex transform of half the size (radix 2, in place,
/// decimation in time), whose halves are then separated. All work is done in the output.
package struct RealFFT: Sendable {
    /// The count of samples.
    package let size: Int
    /// The count of frequencies, size / 2 + 1.
    package var bins: Int { size / 2 + 1 }

    private let reversed: [Int32]
    /// e^(-2 pi i j / length) for the butterflies of each stage, one stage after the other.
    private let stageCosines: [Float]
    private let stageSines: [Float]
    /// e^(-2 pi i k / size) for k in 0...size / 4.
    private let cosines: [Float]
    private let sines: [Float]

    /// A transform of `size` samples, a power of two of 2 to 2^24.
    package init(size: Int) {
        precondition(size >= 2 && size <= 1 << 24 && size & (size - 1) == 0, "a size is a power of two from 2 on")
        self.size = size
        let half = size / 2
        let bits = half.trailingZeroBitCount
        reversed = (0..<half).map { index in
            bits == 0 ? 0 : Int32(truncatingIfNeeded: UInt32(index).bitReversed >> UInt32(32 - bits))
        }
        var stage: [(Float, Float)] = []
        var length = 2
        while length <= half {
            for j in 0..<length / 2 { stage.append(Self.root(j, of: length)) }
            length *= 2
        }
        (stageCosines, stageSines) = (stage.map(\.0), stage.map(\.1))
        let roots = (0...size / 4).map { Self.root($0, of: size) }
        (cosines, sines) = (roots.map(\.0), roots.map(\.1))
    }

    /// The smallest power of two that is not below `count`.
    package static func size(atLeast count: Int) -> Int {
        var size = 2
        while size < count, size < 1 << 24 { size *= 2 }
        return size
    }

    private static func root(_ index: Int, of count: Int) -> (Float, Float) {
        let angle = -2 * Double.pi * Double(index) / Double(count)
        return (Float(cos(angle)), Float(sin(angle)))
    }

    /// Transforms `size` samples into `bins` numbers.
    package func forward(
        _ samples: UnsafePointer<Float>, re: UnsafeMutablePointer<Float>, im: UnsafeMutablePointer<Float>
    ) {
        let half = size / 2
        for k in 0..<half {
            let place = Int(reversed[k])
            re[k] = samples[2 &* place]
            im[k] = samples[2 &* place &+ 1]
        }
        butterflies(re, im)
        let (first, second) = (re[0], im[0])
        (re[0], im[0], re[half], im[half]) = (first + second, 0, first - second, 0)
        guard half > 1 else { return }
        for k in 1...half / 2 {
            let mirror = half &- k
            // The transforms of the even and of the odd samples.
            let (evenRe, evenIm) = ((re[k] + re[mirror]) / 2, (im[k] - im[mirror]) / 2)
            let (oddRe, oddIm) = ((im[k] + im[mirror]) / 2, (re[mirror] - re[k]) / 2)
            let (c, s) = (cosines[k], sines[k])
            let (turnedRe, turnedIm) = (oddRe * c - oddIm * s, oddRe * s + oddIm * c)
            (re[k], im[k]) = (evenRe + turnedRe, evenIm + turnedIm)
            (re[mirror], im[mirror]) = (evenRe - turnedRe, turnedIm - evenIm)
        }
    }

    /// Transforms back, with the factor 1 / size; the spectrum is overwritten.
    package func inverse(
        re: UnsafeMutablePointer<Float>, im: UnsafeMutablePointer<Float>, _ samples: UnsafeMutablePointer<Float>
    ) {
        let half = size / 2
        let (first, last) = (re[0], re[half])
        (re[0], im[0]) = ((first + last) / 2, (first - last) / 2)
        if half > 1 {
            for k in 1...half / 2 {
                let mirror = half &- k
                let (evenRe, evenIm) = ((re[k] + re[mirror]) / 2, (im[k] - im[mirror]) / 2)
                let (turnedRe, turnedIm) = ((re[k] - re[mirror]) / 2, (im[k] + im[mirror]) / 2)
                let (c, s) = (cosines[k], sines[k])
                let (oddRe, oddIm) = (turnedRe * c + turnedIm * s, turnedIm * c - turnedRe * s)
                (re[k], im[k]) = (evenRe - oddIm, evenIm + oddRe)
                (re[mirror], im[mirror]) = (evenRe + oddIm, oddRe - evenIm)
            }
        }
        // The transform back is the transform of the numbers with real and imaginary parts exchanged.
        for k in 0..<half {
            let place = Int(reversed[k])
            guard k < place else { continue }
            (re[k], re[place]) = (re[place], re[k])
            (im[k], im[place]) = (im[place], im[k])
        }
        butterflies(im, re)
        let scale = 1 / Float(half)
        for k in 0..<half {
            samples[2 &* k] = re[k] * scale
            samples[2 &* k &+ 1] = im[k] * scale
        }
    }

    /// A complex transform of size / 2 numbers that stand in bit-reversed order.
    private func butterflies(_ re: UnsafeMutablePointer<Float>, _ im: UnsafeMutablePointer<Float>) {
        let half = size / 2
        stageCosines.withUnsafeBufferPointer { cosines in
            stageSines.withUnsafeBufferPointer { sines in
                guard var c = cosines.baseAddress, var s = sines.baseAddress else { return }
                var length = 2
                while length <= half {
                    let step = length / 2
                    for start in stride(from: 0, to: half, by: length) {
                        let (upperRe, upperIm) = (re + start, im + start)
                        let (lowerRe, lowerIm) = (upperRe + step, upperIm + step)
                        for j in 0..<step {
                            let turnedRe = lowerRe[j] * c[j] - lowerIm[j] * s[j]
                            let turnedIm = lowerRe[j] * s[j] + lowerIm[j] * c[j]
                            lowerRe[j] = upperRe[j] - turnedRe
                            lowerIm[j] = upperIm[j] - turnedIm
                            upperRe[j] += turnedRe
                            upperIm[j] += turnedIm
                        }
                    }
                    c += step
                    s += step
                    length *= 2
                }
            }
        }
    }
}

extension UInt32 {
    fileprivate var bitReversed: UInt32 {
        var v = self
        v = ((v >> 1) & 0x5555_5555) | ((v & 0x5555_5555) << 1)
        v = ((v >> 2) & 0x3333_3333) | ((v & 0x3333_3333) << 2)
        v = ((v >> 4) & 0x0F0F_0F0F) | ((v & 0x0F0F_0F0F) << 4)
        return v.byteSwapped
    }
}
