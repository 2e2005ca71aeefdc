package import Foundation

/// A ground truth or a result as MOTChallenge text, read strictly: a box a line,
/// `frame, id, left, top, width, height, flag, class, …`, frames from 1.
///
/// Of a ground truth the seventh column says whether the box counts (0: it does not), of results it is a confidence,
/// which no metric looks at. An eighth column of results that is above 1 is taken for a class that is not pedestrian, as
/// in TrackEval, and refused.
package struct MOTFile: Sendable {
    /// A line.
    package struct Row: Hashable, Sendable {
        /// The identity and the box.
        package var tracked: TrackedBox
        /// Whether the box counts in the ground truth.
        package var isScored: Bool
        /// The eighth column, where there is one.
        package var classID: Int?
    }

    /// What a file is.
    package enum Role: Hashable, Sendable {
        /// The ground truth of a benchmark.
        case truth(MOTBenchmark)
        /// What a tracker says.
        case results
    }

    /// The most frames that a sequence may have.
    package static let maximumFrames = 10_000_000
    /// The most boxes that a frame may have.
    package static let maximumBoxes = 4096

    /// The rows of each frame up to the last that has one, in the order of their lines.
    package private(set) var frames: [[Row]] = []

    /// Reads a file. Of a sequence with a known length, frames beyond it are refused.
    package init(contentsOf path: String, role: Role, length: Int? = nil) throws(EvaluationFileError) {
        try self.init(FileContent.read(path), name: path, role: role, length: length)
    }

    /// Reads a file's content; `name` is for errors.
    package init(_ data: Data, name: String, role: Role, length: Int? = nil) throws(EvaluationFileError) {
        let lines = TextLines(data, name: name)
        var lineOfID: [SIMD2<Int>: Int] = [:]
        var (number, fields) = (0, [Double]())
        for line in lines.ranges {
            number += 1
            guard !lines.isBlank(line) else { continue }
            try lines.numbers(of: line, number: number, atLeast: 7, atMost: 8, into: &fields)
            let frame = try lines.whole(fields[0], 1...(length ?? Self.maximumFrames), "the frame", line: number) {
                length == nil ? nil : "beyond the sequence, which has \($0) frames (seqLength)"
            }
            let id = try lines.whole(fields[1], 0...(1 << 53), "the id", line: number) { _ in nil }
            if let earlier = lineOfID.updateValue(number, forKey: SIMD2(frame, id)) {
                throw lines.error(number, "frame \(frame) has the id \(id) already, in line \(earlier)")
            }
            let row = try lines.row(id: id, fields, role: role, line: number)
            while frames.count < frame { frames.append([]) }
            frames[frame - 1].append(row)
            guard frames[frame - 1].count <= Self.maximumBoxes else {
                throw lines.error(number, "more than \(Self.maximumBoxes) boxes in frame \(frame)")
            }
        }
    }

    /// What a tracker says that is in no file: the boxes of each frame.
    package init(tracks: [[TrackedBox]]) {
        frames = tracks.map { $0.map { Row(tracked: $0, isScored: true, classID: nil) } }
    }

    /// The number of different identities.
    var identityCount: Int { Set(frames.joined().lazy.map(\.tracked.id)).count }
}

extension TextLines {
    /// A row out of its columns.
    fileprivate func row(
        id: Int, _ fields: [Double], role: MOTFile.Role, line: Int
    ) throws(EvaluationFileError) -> MOTFile.Row {
        let box = COCOBox(x: fields[2], y: fields[3], width: fields[4], height: fields[5])
        let classID = fields.count > 7 ? Int(fields[7]) : nil
        let row = MOTFile.Row(
            tracked: TrackedBox(id: id, box: box), isScored: Int(fields[6]) != 0, classID: classID)
        switch role {
        case .results:
            if let classID, classID > 1 {
                throw error(line, "column 8 is \(classID): boxes of other classes than 1 cannot be evaluated")
            }
        case .truth(let benchmark) where benchmark.hasClasses:
            guard let classID, MOTBenchmark.classes.contains(classID) else {
                throw error(
                    line, "the class (column 8) is not between 1 and 13, as it is in a ground truth of \(benchmark)")
            }
        case .truth: break
        }
        return row
    }
}
