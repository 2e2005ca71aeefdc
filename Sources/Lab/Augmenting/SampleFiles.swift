import Glibc

/// What the samples to be changed are: all of one kind, by the extensions of their files.
package enum SampleKind: String, Hashable, Sendable, CaseIterable {
    case pictures, sounds, texts

    var extensions: [String] {
        switch self {
        case .pictures: ["jpg", "jpeg", "png", "bmp", "webp"]
        case .sounds: ["wav"]
        case .texts: ["txt", "tsv"]
        }
    }

    static func of(_ file: String) -> SampleKind? {
        let name = FileName(file)
        return allCases.first { $0.extensions.contains(name.ending) }
    }
}

/// The files that paths name, in an order that is the same everywhere: the index in it is the last number of a seed.
///
/// A folder stands for the files in it. One with `images` or `JPEGImages` (YOLO and PASCAL VOC) stands for the files of
/// that; text files beside pictures or sounds are labels and not samples.
package struct SampleFiles: Hashable, Sendable {
    package let kind: SampleKind
    package let files: [String]

    package init(_ paths: [String]) throws(DataSetError) {
        var found: [(path: String, kind: SampleKind)] = []
        for path in paths {
            guard let names = try Self.names(inFolder: path) else {
                guard let kind = SampleKind.of(path) else {
                    throw DataSetError(
                        .unusable, file: path, reason: "it is no picture, WAV file or text by its ending")
                }
                found.append((path, kind))
                continue
            }
            if let inner = ["images", "JPEGImages"].first(where: { names.contains($0) }) {
                let folder = FileName.join(path, inner)
                found += Self.samples(try Self.names(inFolder: folder) ?? [], in: folder)
            } else {
                found += Self.samples(names, in: path)
            }
        }
        guard let first = found.first else {
            let place = paths.first ?? ""
            throw DataSetError(
                .unusable, file: place, reason: "there are no pictures, WAV files or texts in the folder")
        }
        if let other = found.first(where: { $0.kind != first.kind }) {
            throw DataSetError(
                .unusable, file: other.path,
                reason: "samples are of one kind, but this is of \(other.kind.rawValue) and \(first.path) of "
                    + first.kind.rawValue)
        }
        var seen: Set<String> = []
        if let twice = found.first(where: { !seen.insert($0.path).inserted }) {
            throw DataSetError(.unusable, file: twice.path, reason: "it is named twice")
        }
        kind = first.kind
        files = found.map(\.path)
    }

    private static func samples(_ names: [String], in folder: String) -> [(path: String, kind: SampleKind)] {
        let known = names.compactMap { name in
            SampleKind.of(name).map { (path: FileName.join(folder, name), kind: $0) }
        }
        let media = known.filter { $0.kind != .texts }
        return media.isEmpty ? known : media
    }

    /// The names in a folder, sorted; nil when the path is a file.
    private static func names(inFolder path: String) throws(DataSetError) -> [String]? {
        var status = stat()
        guard stat(path, &status) == 0 else { throw DataSetError(file: path, code: errno) }
        return status.st_mode & S_IFMT == S_IFDIR ? try DataFolder.names(in: path) : nil
    }
}

/// The parts of a path.
struct FileName {
    /// Up to the last slash, without it; "" for none.
    let folder: String
    /// The last part.
    let last: String
    /// The last part without its ending.
    let stem: String
    /// In small letters, without its point.
    let ending: String

    init(_ path: String) {
        let slash = path.lastIndex(of: "/")
        folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ""
        let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
        let point = name.lastIndex(of: ".").flatMap { $0 > name.startIndex ? $0 : nil }
        last = String(name)
        stem = String(point.map { name[..<$0] } ?? name)
        ending = point.map { name[name.index(after: $0)...].lowercased() } ?? ""
    }

    static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
