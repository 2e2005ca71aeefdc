import Detections

/// CSV with a header row and one row per object, lines ended by a line feed, quotes where RFC 4180 needs them. Frames
/// count from 0; `tracker_id` is empty where nothing tracks. The columns from `x_min` to `tracker_id` are named as
/// Python users of supervision's CSV sink know them.
package final class CSVWriter: ResultWriter {
    private let source: ResultSource
    private var file: OutputFile
    private var rows = LineBuffer()
    private var needsHeader = true

    package init(path: String, source: ResultSource, calls: FileCalls = .system) throws(OutputError) {
        self.source = source
        file = try OutputFile(path: path, calls: calls)
    }

    package func write(_ frame: FrameResult) throws(OutputError) {
        startRows()
        for detection in frame.detections {
            rows.append(csv: source.name(of: frame))
            rows.append(",")
            rows.append(frame.index)
            rows.append(",")
            rows.append(frame.seconds, decimals: 6)
            rows.append(",")
            rows.append(Double(detection.box.x1), decimals: 3)
            rows.append(",")
            rows.append(Double(detection.box.y1), decimals: 3)
            rows.append(",")
            rows.append(Double(detection.box.x2), decimals: 3)
            rows.append(",")
            rows.append(Double(detection.box.y2), decimals: 3)
            rows.append(",")
            rows.append(detection.classIndex)
            rows.append(",")
            rows.append(Double(detection.score), decimals: 5)
            rows.append(",")
            if let id = detection.trackID { rows.append(id) }
            rows.append(",")
            rows.append(csv: source.labels[detection.classIndex])
            rows.append(",")
            rows.append(detection.origin.staticName)
            rows.append("\n")
        }
        try file.write(rows)
    }

    package func finish() throws(OutputError) {
        if file.isFinished { return }
        startRows()
        try file.write(rows)
        try file.finish()
    }

    private func startRows() {
        rows.removeAll()
        if needsHeader {
            rows.append(
                "source,frame,time_s,x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,origin\n")
        }
        needsHeader = false
    }
}
