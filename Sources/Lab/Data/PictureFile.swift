package import Augmentation
import Imaging
import Media

/// Reads the files of pictures that are to be learned from.
package enum PictureFile {
    static let largestFile = 1 << 30

    /// The first picture of a file, whole or not at all.
    package static func read(_ path: String) throws(DataSetError) -> RGBImage {
        let picture: RGBImage
        do throws(MediaError) {
            let source = try MediaSource(path)
            guard case .frame(let frame) = try source.next() else { throw MediaError(.corrupt, "it has no picture") }
            guard !frame.info.isCorrupt else { throw MediaError(.corrupt, "it is damaged") }
            picture = RGBImage(frame.takeImage())
        } catch {
            let kind: DataSetError.Kind =
                switch error.reason {
                case .notFound: .missing
                case .denied: .denied
                case .io: .readFailed
                default: .corrupt
                }
            throw DataSetError(kind, file: path, reason: "the picture cannot be read: \(error)")
        }
        guard !isCutOff(try DataFolder.bytes(of: path, limit: largestFile)) else {
            throw DataSetError(.corrupt, file: path, reason: "the file is cut off: its picture has no end")
        }
        return picture
    }

    /// Whether the bytes are those of a JPEG (ITU-T T.81, annex B) without the marker of its end. The decoder fills what
    /// is missing with gray and says nothing.
    package static func isCutOff(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: [0xFF, 0xD8]) else { return false }
        // Segments up to the first scan are passed over, for a thumbnail in them has an end of its own.
        var place = 2
        while place + 4 <= bytes.count, bytes[place] == 0xFF, bytes[place + 1] != 0xDA {
            if bytes[place + 1] == 0xFF {
                place += 1
            } else {
                place += 2 + (Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
            }
        }
        guard place < bytes.count else { return true }
        return !zip(bytes[place...], bytes[(place + 1)...]).contains { $0 == (0xFF, 0xD9) }
    }
}
