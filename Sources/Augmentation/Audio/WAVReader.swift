import Foundation

/// Why a WAV file cannot be read; names the file and the byte.
package struct WAVError: Error, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// The place in the file, from 0.
    package var offset: Int
    package var reason: String

    package init(file: String, offset: Int, reason: String) {
        self.file = file
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "'\(file)', byte \(offset): \(reason)" }
}

/// Reads RIFF WAVE files: PCM of 8, 16, 24 and 32 bits, and floating point of 32 and 64, alone or as WAVE_FORMAT_EXTENSIBLE
/// (Microsoft, "Multimedia programming interface and data specifications 1.0" and "Multiple channel audio data and WAVE
/// files"). Channels are averaged.
///
/// Nothing in the header is believed: every size is checked against the file's.
package enum WAVReader {
    /// The largest file that is read, in bytes.
    package static let largestFile = 1 << 30

    /// Reads a file.
    package static func read(path: String) throws(WAVError) -> AudioClip {
        func failure(_ reason: String) -> WAVError { WAVError(file: path, offset: 0, reason: reason) }
        guard let handle = FileHandle(forReadingAtPath: path) else { throw failure("the file cannot be opened") }
        defer { try? handle.close() }
        let data: Data
        do {
            data = try handle.read(upToCount: largestFile + 1) ?? Data()
        } catch {
            throw failure("the file cannot be read")
        }
        guard data.count <= largestFile else { throw failure("the file is larger than \(largestFile) bytes") }
        return try read([UInt8](data), name: path)
    }

    /// Reads the bytes of a file.
    package static func read(_ bytes: [UInt8], name: String) throws(WAVError) -> AudioClip {
        let file = RIFFBytes(bytes: bytes, name: name)
        guard try file.tag(at: 0) == "RIFF" else { throw file.failure(0, "not a RIFF file") }
        guard try file.tag(at: 8) == "WAVE" else { throw file.failure(8, "not a WAVE file") }
        var format: Format?
        // Chunks: a tag, a size, that many bytes, and one more where the size is odd.
        var at = 12
        while at < bytes.count {
            let (tag, size) = (try file.tag(at: at), try file.number(at: at + 4, bytes: 4))
            let start = at + 8
            if tag == "fmt " {
                guard size >= 16 else { throw file.failure(at + 4, "a format of \(size) bytes") }
                try file.require(start, size)
                format = try Format(file, at: start, size: size)
            } else if tag == "data" {
                guard let format else { throw file.failure(at, "data before their format") }
                try file.require(start, size)
                return AudioClip(
                    samples: try format.decode(file, from: start, count: size), rate: Double(format.rate), name: name)
            }
            guard size <= bytes.count - start else { throw file.failure(at + 4, "a chunk of \(size) bytes is cut off") }
            at = start + size + size % 2
        }
        throw file.failure(bytes.count, format == nil ? "no format and no data" : "no data")
    }

    /// How samples are stored.
    private struct Format {
        let isFloat: Bool
        let channels: Int
        let rate: Int
        let bits: Int

        init(_ file: RIFFBytes, at start: Int, size: Int) throws(WAVError) {
            var code = try file.number(at: start, bytes: 2)
            channels = try file.number(at: start + 2, bytes: 2)
            rate = try file.number(at: start + 4, bytes: 4)
            let block = try file.number(at: start + 12, bytes: 2)
            bits = try file.number(at: start + 14, bytes: 2)
            if code == 0xFFFE {
                guard size >= 40 else { throw file.failure(start, "an extensible format of \(size) bytes") }
                code = try file.number(at: start + 24, bytes: 2)
            }
            guard code == 1 || code == 3 else { throw file.failure(start, "encoding \(code) is neither PCM nor float") }
            isFloat = code == 3
            guard (1...64).contains(channels) else { throw file.failure(start + 2, "\(channels) channels") }
            guard (1...1_000_000).contains(rate) else { throw file.failure(start + 4, "\(rate) samples per second") }
            let known = isFloat ? [32, 64] : [8, 16, 24, 32]
            guard known.contains(bits) else { throw file.failure(start + 14, "samples of \(bits) bits") }
            guard block == channels * bits / 8 else {
                throw file.failure(start + 12, "blocks of \(block) bytes for \(channels) channels of \(bits) bits")
            }
        }

        func decode(_ file: RIFFBytes, from start: Int, count: Int) throws(WAVError) -> [Float] {
            let (width, block) = (bits / 8, channels * bits / 8)
            var samples = [Float](repeating: 0, count: count / block)
            for index in samples.indices {
                var sum = 0.0
                for channel in 0..<channels {
                    let at = start + index * block + channel * width
                    let value = sample(file.bytes, at)
                    guard value.isFinite, abs(value) < 1e30 else { throw file.failure(at, "a sample is not finite") }
                    sum += value
                }
                samples[index] = Float(sum / Double(channels))
            }
            return samples
        }

        /// A sample, -1 to 1 for PCM.
        private func sample(_ bytes: [UInt8], _ at: Int) -> Double {
            var word: UInt64 = 0
            for place in 0..<bits / 8 { word |= UInt64(bytes[at + place]) << (8 * UInt64(place)) }
            switch (isFloat, bits) {
            case (true, 64): return Double(bitPattern: word)
            case (true, _): return Double(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
            case (false, 8): return (Double(word) - 128) / 128
            default:
                let shift = UInt64(64 - bits)
                return Double(Int64(bitPattern: word << shift) >> Int64(shift)) / Double(1 << (bits - 1))
            }
        }
    }
}

/// The bytes of a RIFF file, read with checks.
private struct RIFFBytes {
    let bytes: [UInt8]
    let name: String

    func failure(_ offset: Int, _ reason: String) -> WAVError { WAVError(file: name, offset: offset, reason: reason) }

    func require(_ at: Int, _ count: Int) throws(WAVError) {
        guard at <= bytes.count, count <= bytes.count - at else {
            throw failure(min(at, bytes.count), "\(count) bytes are wanted, \(max(bytes.count - at, 0)) are there")
        }
    }

    /// An unsigned number, lowest byte first.
    func number(at: Int, bytes count: Int) throws(WAVError) -> Int {
        try require(at, count)
        return (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }

    func tag(at: Int) throws(WAVError) -> String {
        try require(at, 4)
        return String(decoding: bytes[at..<at + 4], as: UTF8.self)
    }
}
