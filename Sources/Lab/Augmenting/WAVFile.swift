package import Augmentation

extension AudioClip {
    /// A WAV file of one channel of 32-bit floating point: the samples as they are, of any loudness.
    package var wav: [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let (size, perSecond) = (samples.count * 4, Int(min(max(rate, 1), 1e6).rounded()))
        var bytes = Array("RIFF".utf8) + number(50 + size, 4) + Array("WAVEfmt ".utf8)
        // Formats other than PCM have the size of their extension, 0, and a chunk with the number of samples.
        bytes += number(18, 4) + number(3, 2) + number(1, 2) + number(perSecond, 4) + number(perSecond * 4, 4)
        bytes += number(4, 2) + number(32, 2) + number(0, 2)
        bytes += Array("fact".utf8) + number(4, 4) + number(samples.count, 4)
        bytes += Array("data".utf8) + number(size, 4)
        bytes.reserveCapacity(bytes.count + size)
        for sample in samples { withUnsafeBytes(of: sample.bitPattern.littleEndian) { bytes += $0 } }
        return bytes
    }
}
