import Detections

/// MOTChallenge result text: `frame,id,left,top,width,height,conf,-1,-1,-1`, frames from 1, boxes in pixels of the
/// displayed frame as they are (a box may reach past its edges). The id of an object that is not tracked is -1, as in
/// MOTChallenge's own files of detections; a file holds one sequence.
package final class MOTWriter: ResultWriter {
    private var file: OutputFile
    private var rows = LineBuffer()

    package init(path: String, calls: FileCalls = .system) throws(OutputError) {
        file = try OutputFile(path: path, calls: calls)
    }

    package func write(_ frame: FrameResult) throws(OutputError) {
        rows.removeAll()
        for detection in frame.detections {
            rows.append(frame.index + 1)
            rows.append(",")
            if let id = detection.trackID { rows.append(id) } else { rows.append(-1) }
            rows.append(",")
            rows.append(Double(detection.box.x1), decimals: 3)
            rows.append(",")
            rows.append(Double(detection.box.y1), decimals: 3)
            rows.append(",")
            rows.append(Double(detection.box.width), decimals: 3)
            rows.append(",")
            rows.append(Double(detection.box.height), decimals: 3)
            rows.append(",")
            rows.append(Double(detection.score), decimals: 5)
            rows.append(",-1,-1,-1\n")
        }
        try file.write(rows)
    }

    package func finish() throws(OutputError) { try file.finish() }
}
