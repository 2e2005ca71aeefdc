public import Detections
import FoundationEssentials
import Glibc

/// Reads a JSON Lines track log frame by frame, in memory bounded by one line.
///
/// A last line without its line feed that cannot be read is what a killed run leaves: the log ends before it and
/// `endsTorn` tells so. Anything else that is not the schema of `JSONLinesWriter` is an error with its line number:
/// wrong types, numbers out of range, frames out of order, another version. Unknown fields are passed over.
public struct TrackLogReader: ~Copyable {
    /// The longest line that is read, in bytes.
    public static let longestLine = 8 << 20
    /// The class indices that are read lie below it.
    public static let classLimit = 1 << 14

    private let path: String
    private var descriptor: Int32
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)
    private var chunkRange = 0..<0
    private var line: [UInt8] = []
    private var lineNumber = 0
    private var lastFrame = -1
    /// The name of each class by its index, `nil` where none has been met.
    private var names: [String?] = []
    private let decoder = JSONDecoder()

    /// Whether the log ended in the middle of a line.
    public private(set) var endsTorn = false
    /// The name of the source as the latest line gives it.
    public private(set) var sourceName = ""
    /// The class names met so far.
    public private(set) var labels = ClassLabels([])

    /// Opens a log; `-` is standard input.
    public init(path: String) throws(TrackLogError) {
        self.path = path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw TrackLogError(path: path, code: errno) }
    }

    deinit {
        if descriptor > STDERR_FILENO { close(descriptor) }
    }

    /// The next frame, or `nil` at the end of the log.
    public mutating func next() throws(TrackLogError) -> FrameResult? {
        while try readLine() {
            let isTerminated = line.last == UInt8(ascii: "\n")
            while let last = line.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { line.removeLast() }
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { continue }
            do throws(Problem) {
                return try frame()
            } catch {
                if !isTerminated && error.isTornLine {
                    endsTorn = true
                    return nil
                }
                throw TrackLogError(kind: error.kind, path: path, line: lineNumber, detail: error.detail)
            }
        }
        return nil
    }

    /// Reads one line with its line feed into `line`; false at the end of the file.
    private mutating func readLine() throws(TrackLogError) -> Bool {
        line.removeAll(keepingCapacity: true)
        lineNumber += 1
        while true {
            if chunkRange.isEmpty {
                let count = try fill()
                if count == 0 { return !line.isEmpty }
                chunkRange = 0..<count
            }
            let end = chunk[chunkRange].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? chunkRange.upperBound
            line.append(contentsOf: chunk[chunkRange.lowerBound..<end])
            chunkRange = end..<chunkRange.upperBound
            if line.count > Self.longestLine {
                throw TrackLogError(
                    kind: .tooLarge, path: path, line: lineNumber,
                    detail: "the line is longer than \(Self.longestLine) bytes")
            }
            if line.last == UInt8(ascii: "\n") { return true }
        }
    }

    private mutating func fill() throws(TrackLogError) -> Int {
        while true {
            let descriptor = descriptor
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            if errno != EINTR { throw TrackLogError(path: path, code: errno) }
        }
    }

    private mutating func frame() throws(Problem) -> FrameResult {
        let entry: FrameEntry
        do {
            entry = try decoder.decode(FrameEntry.self, from: Data(line))
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(decoding: error)
        }
        guard entry.frame > lastFrame else {
            throw Problem("frame \(entry.frame) follows frame \(lastFrame): a log holds one run, in order")
        }
        lastFrame = entry.frame
        sourceName = entry.source
        learnNames(entry.tracks)
        return FrameResult(
            index: entry.frame, seconds: entry.seconds, detected: entry.detected,
            detections: entry.tracks.map(\.detection), width: entry.width, height: entry.height)
    }

    private mutating func learnNames(_ objects: [ObjectEntry]) {
        var isNew = false
        for object in objects {
            while names.count <= object.classIndex { names.append(nil) }
            if names[object.classIndex] != nil { continue }
            names[object.classIndex] = object.name
            isNew = true
        }
        if isNew { labels = ClassLabels(names.indices.map { names[$0] ?? "class \($0)" }) }
    }
}

/// What is wrong with a line.
private struct Problem: Error {
    let kind: TrackLogError.Kind
    let detail: String
    /// Whether a line that was cut off looks like this.
    var isTornLine = false

    init(_ detail: String, kind: TrackLogError.Kind = .corrupt) {
        self.kind = kind
        self.detail = detail
    }

    init(decoding error: any Error) {
        kind = .corrupt
        func place(_ path: [any CodingKey], _ key: (any CodingKey)? = nil) -> String {
            let keys = path + (key.map { [$0] } ?? [])
            return keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): detail = "\(place(context.codingPath, key)) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            detail = "\(place(context.codingPath)) has the wrong type"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            detail = "\(place(context.codingPath)) has a wrong value"
        default:
            detail = "this is not JSON"
            isTornLine = true
        }
    }
}

/// One line of the log.
private struct FrameEntry: Decodable {
    let source: String
    let frame: Int
    let seconds: Double
    let width: Int
    let height: Int
    let detected: Bool
    let tracks: [ObjectEntry]

    enum CodingKeys: String, CodingKey {
        case version = "v"
        case source, frame, size, detected, tracks
        case seconds = "time_s"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let version = try fields.decode(Int.self, forKey: .version)
        guard version == JSONLinesWriter.version else {
            throw Problem("version \(version) of the schema is not known, only 1", kind: .unsupported)
        }
        source = try fields.decode(String.self, forKey: .source)
        frame = try fields.decode(Int.self, forKey: .frame)
        guard (0..<Int(Int32.max)).contains(frame) else { throw Problem(".frame is out of range") }
        seconds = try fields.decode(Double.self, forKey: .seconds)
        guard seconds.isFinite, abs(seconds) <= 1e9 else { throw Problem(".time_s is out of range") }
        let size = try fields.decode([Int].self, forKey: .size)
        guard size.count == 2, size.allSatisfy({ (1...65535).contains($0) }) else {
            throw Problem(".size is not a width and a height")
        }
        (width, height) = (size[0], size[1])
        detected = try fields.decode(Bool.self, forKey: .detected)
        tracks = try fields.decode([ObjectEntry].self, forKey: .tracks)
    }
}

/// One object of a line.
private struct ObjectEntry: Decodable {
    let id: UInt64?
    let classIndex: Int
    let name: String
    let score: Float
    let box: BoundingBox
    let origin: Detection.Origin

    var detection: Detection {
        Detection(box: box, classIndex: classIndex, score: score, trackID: id, origin: origin)
    }

    enum CodingKeys: String, CodingKey {
        case id, name, score, box, origin
        case classIndex = "class"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        if !fields.contains(.id) {
            throw Problem("a track has no id")
        } else if try fields.decodeNil(forKey: .id) {
            id = nil
        } else if let number = try? fields.decode(UInt64.self, forKey: .id) {
            id = number
        } else if let number = UInt64(try fields.decode(String.self, forKey: .id)) {
            id = number
        } else {
            throw Problem("a track's id is not a whole number")
        }
        classIndex = try fields.decode(Int.self, forKey: .classIndex)
        guard (0..<TrackLogReader.classLimit).contains(classIndex) else {
            throw Problem("a track's class is out of range")
        }
        name = try fields.decode(String.self, forKey: .name)
        score = try fields.decode(Float.self, forKey: .score)
        guard (0...1).contains(score) else { throw Problem("a track's score is not between 0 and 1") }
        let edges = try fields.decode([Float].self, forKey: .box)
        guard edges.count == 4, edges.allSatisfy({ abs($0) <= 1e7 }) else {
            throw Problem("a track's box is not four edges")
        }
        box = BoundingBox(x1: edges[0], y1: edges[1], x2: edges[2], y2: edges[3])
        guard let origin = Detection.Origin(rawValue: try fields.decode(String.self, forKey: .origin)) else {
            throw Problem("a track's origin is none of detected, predicted and interpolated")
        }
        self.origin = origin
    }
}
