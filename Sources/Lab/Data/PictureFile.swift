import Augmentation
import Imaging
import Media

/// Reads the files of pictures that are to be learned from.
enum PictureFile {
    /// The first picture of a file, whole or not at all.
    static func read(_ path: String) throws(DataSetError) -> RGBImage {
        do throws(MediaError) {
            let source = try MediaSource(path)
            guard case .frame(let frame) = try source.next() else { throw MediaError(.corrupt, "it has no picture") }
            guard !frame.info.isCorrupt else { throw MediaError(.corrupt, "it is damaged") }
            return RGBImage(frame.takeImage())
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
    }
}
