import Detections

/// JSON Lines, the format of our own: one object per frame and line, frames without objects included.
///
///     {"v":1,"source":"a.mp4","frame":120,"time_s":4.004,"size":[768,576],"detected":true,"tracks":[
///      {"id":7,"class":0,"name":"person","score":0.83,"box":[10.5,20,50.25,120],"origin":"detected"}]}
///
/// (in one line). There is no header: each line says all about itself, so logs can be cut, joined and searched by line.
/// `v` is the version of the schema; a later field does not change it, a changed meaning does. `frame` counts from 0,
/// `time_s` is the source's own time in seconds, `size` the displayed frame's width and height, `box` the left, top,
/// right and bottom edges in its pixels, `origin` one of `detected`, `predicted` and `interpolated`. `detected` is false
/// in frames that the detector did not look at. `age_s`, for live sources alone, is the time from the frame's capture to
/// the writing of the line. `id` is null where nothing tracks, and a string past 2⁵³, where many
/// JSON readers lose digits.
package final class JSONLinesWriter: ResultWriter {
    /// The version of the schema.
    package static let version = 1
    private static let greatestExactInteger: UInt64 = 1 << 53

    private let source: ResultSource
    private var file: OutputFile
    private var line = LineBuffer()

    package init(path: String, source: ResultSource, calls: FileCalls = .system) throws(OutputError) {
        self.source = source
        file = try OutputFile(path: path, calls: calls)
    }

    package func write(_ frame: FrameResult) throws(OutputError) {
        line.removeAll()
        line.append("{\"v\":1,\"source\":")
        line.append(json: source.name(of: frame))
        line.append(",\"frame\":")
        line.append(frame.index)
        line.append(",\"time_s\":")
        line.append(frame.seconds, decimals: 6)
        line.append(",\"size\":[")
        line.append(frame.width)
        line.append(",")
        line.append(frame.height)
        line.append(frame.detected ? "],\"detected\":true," : "],\"detected\":false,")
        if let age = frame.age {
            line.append("\"age_s\":")
            line.append(age, decimals: 4)
            line.append(",")
        }
        line.append("\"tracks\":[")
        for index in frame.detections.indices {
            if index > 0 { line.append(",") }
            append(frame.detections[index])
        }
        line.append("]}\n")
        try file.write(line)
    }

    private func append(_ detection: Detection) {
        line.append("{\"id\":")
        switch detection.trackID {
        case nil: line.append("null")
        case let id? where id > Self.greatestExactInteger:
            line.append("\"")
            line.append(id)
            line.append("\"")
        case let id?: line.append(id)
        }
        line.append(",\"class\":")
        line.append(detection.classIndex)
        line.append(",\"name\":")
        line.append(json: source.labels[detection.classIndex])
        line.append(",\"score\":")
        line.append(Double(detection.score), decimals: 5)
        line.append(",\"box\":[")
        line.append(Double(detection.box.x1), decimals: 3)
        line.append(",")
        line.append(Double(detection.box.y1), decimals: 3)
        line.append(",")
        line.append(Double(detection.box.x2), decimals: 3)
        line.append(",")
        line.append(Double(detection.box.y2), decimals: 3)
        line.append("],\"origin\":\"")
        line.append(detection.origin.staticName)
        line.append("\"}")
    }

    package func finish() throws(OutputError) { try file.finish() }
}
