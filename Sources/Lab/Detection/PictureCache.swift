package import Augmentation
import Foundation
import Training

/// The pictures of a data set, decoded and shrunk once, in one file that is mapped into memory: what an epoch reads.
///
/// The long side is at most `side` pixels; smaller pictures stay as they are. The cache is made anew when the list of
/// pictures, one of their files or the side has changed.
package struct PictureCache: Sendable {
    private struct Entry: Hashable, Sendable, Codable {
        var path: String
        var byteCount: Int
        var modified: Double
        /// Of the picture itself.
        var sourceWidth: Int
        var sourceHeight: Int
        var width: Int
        var height: Int
        var offset: Int
    }

    private struct Index: Codable {
        var side: Int
        var entries: [Entry]
    }

    private let entries: [Entry]
    private let pixels: Data

    package var count: Int { entries.count }

    /// Opens the cache of a folder, or makes it.
    ///
    /// - Parameters:
    ///   - folder: there already.
    ///   - tick: called after each picture that is read, with the number so far and that of all; throws to stop.
    package init(
        folder: String, pictures: [String], side: Int, tick: (Int, Int) throws -> Void = { _, _ in }
    ) throws {
        let (index, file) = (folder + "/pictures.json", folder + "/pictures.rgb")
        if let known = Self.known(index, file, pictures, side: side) {
            entries = known
        } else {
            // The old one goes first, for the disk may not have room for two.
            for old in [index, file] { try? FileManager.default.removeItem(atPath: old) }
            entries = try Self.write(file, pictures, side: side, tick)
            let data = try JSONEncoder().encode(Index(side: side, entries: entries))
            do {
                try data.write(to: URL(fileURLWithPath: index), options: .atomic)
            } catch { throw Self.failure(index, error) }
        }
        do {
            pixels = try Data(contentsOf: URL(fileURLWithPath: file), options: .alwaysMapped)
        } catch {
            throw DataSetError(.readFailed, file: file, reason: "it cannot be read")
        }
    }

    /// A picture of the cache.
    package func picture(_ index: Int) -> RGBImage {
        let entry = entries[index]
        let bytes = pixels[entry.offset..<entry.offset + 3 * entry.width * entry.height]
        return RGBImage(width: entry.width, height: entry.height, pixels: Array(bytes))
    }

    package func sourceSize(_ index: Int) -> (width: Int, height: Int) {
        (entries[index].sourceWidth, entries[index].sourceHeight)
    }

    package func size(_ index: Int) -> (width: Int, height: Int) { (entries[index].width, entries[index].height) }

    // MARK: Making it

    private static func state(of path: String) throws(DataSetError) -> (byteCount: Int, modified: Double) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw DataSetError(.missing, file: path, reason: "it is not there")
        }
        let date = attributes[.modificationDate] as? Date
        return ((attributes[.size] as? NSNumber)?.intValue ?? 0, date?.timeIntervalSince1970 ?? 0)
    }

    /// The entries of a cache that holds just these pictures.
    private static func known(_ index: String, _ file: String, _ pictures: [String], side: Int) -> [Entry]? {
        guard let data = FileManager.default.contents(atPath: index),
            let found = try? JSONDecoder().decode(Index.self, from: data), found.side == side,
            found.entries.map(\.path) == pictures
        else { return nil }
        for entry in found.entries {
            guard let state = try? state(of: entry.path), state.byteCount == entry.byteCount,
                state.modified == entry.modified
            else { return nil }
        }
        // Nothing that the index says is believed: places follow each other, and sides are those of a cache.
        var end = 0
        for entry in found.entries {
            guard entry.offset == end, (1...side).contains(entry.width), (1...side).contains(entry.height) else {
                return nil
            }
            end += 3 * entry.width * entry.height
        }
        guard let size = try? state(of: file).byteCount, size == end else { return nil }
        return found.entries
    }

    private static func write(
        _ file: String, _ pictures: [String], side: Int, _ tick: (Int, Int) throws -> Void
    ) throws -> [Entry] {
        let aside = file + ".new"
        guard FileManager.default.createFile(atPath: aside, contents: nil),
            let handle = FileHandle(forWritingAtPath: aside)
        else { throw TrainingFileError(kind: .writeFailed, file: file, reason: "it cannot be made") }
        var isComplete = false
        defer { if !isComplete { try? FileManager.default.removeItem(atPath: aside) } }
        var entries: [Entry] = []
        var offset = 0
        for (place, path) in pictures.enumerated() {
            let state = try state(of: path)
            let picture = try PictureFile.read(path)
            let small = picture.shrunk(to: side)
            do {
                try handle.write(contentsOf: Data(small.pixels))
            } catch { throw failure(file, error) }
            entries.append(
                Entry(
                    path: path, byteCount: state.byteCount, modified: state.modified, sourceWidth: picture.width,
                    sourceHeight: picture.height, width: small.width, height: small.height, offset: offset))
            offset += small.pixels.count
            try tick(place + 1, pictures.count)
        }
        do {
            try handle.close()
            try FileManager.default.moveItem(atPath: aside, toPath: file)
        } catch { throw failure(file, error) }
        isComplete = true
        return entries
    }

    private static func failure(_ file: String, _ error: any Error) -> TrainingFileError {
        let reason = (error as NSError).localizedFailureReason ?? error.localizedDescription
        return TrainingFileError(kind: .writeFailed, file: file, reason: "it cannot be written: \(reason)")
    }
}

extension RGBImage {
    /// The picture with a long side of at most `side` pixels.
    fileprivate func shrunk(to side: Int) -> RGBImage {
        let longest = max(width, height)
        guard longest > side else { return self }
        let scale = Double(side) / Double(longest)
        let (w, h) = (max(Int((Double(width) * scale).rounded()), 1), max(Int((Double(height) * scale).rounded()), 1))
        var result = RGBImage(width: w, height: h)
        Warp.draw(
            self, through: .scale(x: Double(w) / Double(width), y: Double(h) / Double(height)), onto: &result)
        return result
    }
}
