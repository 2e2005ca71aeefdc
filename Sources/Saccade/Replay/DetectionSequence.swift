public import Detections
import Evaluation
import Foundation
import Tracking

/// The detections of one video, frame by frame, without its pictures.
///
/// As a file it is MOTChallenge text: `frame, id, left, top, width, height, confidence` and whatever columns follow,
/// frames from 1, a box a line; ids are not looked at. The frame rate, the length and the size of the frames are taken
/// from `seqinfo.ini` beside the file or in the folder above: `SEQ/det/det.txt` has `SEQ/seqinfo.ini`.
public struct DetectionSequence: Hashable, Sendable {
    /// Its name: that of the sequence's folder, or of the file.
    public let name: String
    /// The file that it was read from; `nil` for one that was made.
    public let path: String?
    /// Frames a second.
    public let frameRate: Double
    /// The detections of each frame, boxes in pixels of the displayed frame.
    public let frames: [[Detection]]
    /// The width of the displayed frames in pixels; 0 where nobody knows it.
    public let width: Int
    /// Their height.
    public let height: Int
    /// When each frame is shown, in seconds; `nil` where frame n is shown at n ÷ `frameRate`.
    package let times: [Double]?

    /// The detections of a video.
    ///
    /// - Parameters:
    ///   - frameRate: frames a second, above 0. Other numbers are taken for 1.
    ///   - times: when each frame is shown, in seconds; as many as frames. Without it, frame n is shown at
    ///     n ÷ `frameRate`.
    public init(
        name: String, frameRate: Double, frames: [[Detection]], times: [Double]? = nil, width: Int = 0, height: Int = 0
    ) {
        self.init(
            name: name, path: nil, frameRate: frameRate, frames: frames, times: times, width: width, height: height)
    }

    private init(
        name: String, path: String?, frameRate: Double, frames: [[Detection]], times: [Double]?, width: Int, height: Int
    ) {
        self.name = name
        self.path = path
        self.frameRate = frameRate > 0 && frameRate.isFinite ? frameRate : 1
        self.frames = frames
        self.times = times?.count == frames.count ? times : nil
        self.width = max(0, width)
        self.height = max(0, height)
    }

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: MOTChallenge text.
    ///   - frameRate: frames a second, in place of what `seqinfo.ini` says.
    public init(contentsOf path: String, frameRate: Double? = nil) throws(SaccadeError) {
        do {
            let data = try FileContent.read(path)
            let folder = SequenceFolder(of: path)
            var info: MOTSequenceInfo?
            if let file = folder.info { info = try MOTSequenceInfo(contentsOf: file) }
            guard let rate = frameRate ?? info?.frameRate else {
                let why = folder.info.map { "\($0) has no frameRate" } ?? "no seqinfo.ini is beside it or above it"
                throw SaccadeError.usage("the frame rate of \(path) is not known: \(why); give it with --fps")
            }
            guard rate > 0, rate.isFinite else { throw SaccadeError.usage("the frame rate must be positive") }
            var frames = try Self.frames(of: String(decoding: data, as: UTF8.self), path, length: info?.length)
            if let length = info?.length {
                frames += Array(repeating: [], count: max(0, length - frames.count))
            }
            self.init(
                name: folder.name, path: path, frameRate: rate, frames: frames, times: nil, width: info?.width ?? 0,
                height: info?.height ?? 0)
        } catch {
            throw SaccadeError(error)
        }
    }

    /// When a frame is shown, in seconds from the first one.
    public func seconds(ofFrame index: Int) -> Double {
        if let times, times.indices.contains(index) { return times[index] }
        return Double(index) / frameRate
    }

    private static func frames(
        of text: String, _ path: String, length: Int?
    ) throws(EvaluationFileError) -> [[Detection]] {
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        var frames: [[Detection]]
        do throws(MOTChallenge.FormatError) {
            frames = try MOTChallenge.read(text)
        } catch {
            throw EvaluationFileError(kind: .corrupt, file: path, entry: "line \(error.line)", reason: error.reason)
        }
        if let length, frames.count > length {
            throw EvaluationFileError(
                kind: .corrupt, file: path, entry: line(ofFrameAbove: length, in: text).map { "line \($0)" },
                reason: "the frame is beyond the sequence, which has \(length) frames (seqLength)")
        }
        for index in frames.indices {
            for place in frames[index].indices { frames[index][place].trackID = nil }
        }
        return frames
    }

    /// The first line, from 1, with a frame above `limit`.
    private static func line(ofFrameAbove limit: Int, in text: String) -> Int? {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return lines.firstIndex { line in
            let column = line.prefix { $0 != "," }.filter { !$0.isWhitespace }
            return Double(column).map { $0 > Double(limit) } ?? false
        }.map { $0 + 1 }
    }
}

/// Where a file of detections lies in the folders of the MOTChallenge.
private struct SequenceFolder {
    /// The sequence's name.
    let name: String
    /// Its `seqinfo.ini`, where there is one.
    let info: String?

    init(of path: String) {
        let file = URL(filePath: path).standardizedFileURL
        let beside = file.deletingLastPathComponent()
        let above = beside.deletingLastPathComponent()
        info = [beside, above].map { $0.appending(path: "seqinfo.ini").path }
            .first { FileManager.default.fileExists(atPath: $0) }
        let stem = file.deletingPathExtension().lastPathComponent
        let folder = beside.lastPathComponent == "det" ? above : beside
        name = stem == "det" && !["", "/"].contains(folder.lastPathComponent) ? folder.lastPathComponent : stem
    }
}
