import Detections
import Glibc

/// A folder of YOLO label files: `<stem>_<frame>.txt` for the frames of a video, counted from 1, and `<stem>.txt` for
/// images. A row is `class cx cy w h confidence id` (`id` only for tracked objects), the box clipped to the frame and in
/// parts of its size, with 6 decimals.
///
/// A frame without objects has no file, and one that an earlier run left is removed; an existing file is replaced, not
/// appended to. A box with nothing inside the frame has no row. Images of the same stem get `-2`, `-3` and so on.
package final class YOLOWriter: ResultWriter {
    private let folder: String
    private let source: ResultSource
    private let calls: FileCalls
    private var rows = LineBuffer()
    /// The names given to images, each with the last number that was put behind it.
    private var uses: [String: Int] = [:]

    /// Makes the folder unless it is there.
    package init(folder: String, source: ResultSource, calls: FileCalls = .system) throws(OutputError) {
        self.folder = folder
        self.source = source
        self.calls = calls
        let code = -calls.makeFolder(folder)
        var status = stat()
        let isFolder = stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        if code == EEXIST && isFolder { return }
        if code != 0 { throw OutputError(path: folder, code: code == EEXIST ? ENOTDIR : code, creating: true) }
    }

    package func write(_ frame: FrameResult) throws(OutputError) {
        let path = "\(folder)/\(fileName(of: frame)).txt"
        rows.removeAll()
        for detection in frame.detections { append(detection, width: frame.width, height: frame.height) }
        if rows.bytes.isEmpty {
            let code = -calls.remove(path)
            if code != 0 && code != ENOENT { throw OutputError(path: path, code: code, creating: false) }
            return
        }
        var file = try OutputFile(path: path, isDurable: false, calls: calls)
        try file.write(rows)
        try file.finish()
    }

    package func finish() throws(OutputError) {}

    private func fileName(of frame: FrameResult) -> String {
        let stem = source.stem(of: frame)
        if source.medium == .video { return "\(stem)_\(frame.index + 1)" }
        var name = stem
        var count = uses[stem, default: 1]
        while uses[name] != nil {
            count += 1
            name = "\(stem)-\(count)"
        }
        uses[name] = 1
        uses[stem] = count
        return name
    }

    private func append(_ detection: Detection, width: Int, height: Int) {
        let box = detection.box.clamped(width: width, height: height)
        guard box.area > 0 else { return }
        rows.append(detection.classIndex)
        rows.append(" ")
        rows.append((Double(box.x1) + Double(box.x2)) / 2 / Double(width), decimals: 6)
        rows.append(" ")
        rows.append((Double(box.y1) + Double(box.y2)) / 2 / Double(height), decimals: 6)
        rows.append(" ")
        rows.append((Double(box.x2) - Double(box.x1)) / Double(width), decimals: 6)
        rows.append(" ")
        rows.append((Double(box.y2) - Double(box.y1)) / Double(height), decimals: 6)
        rows.append(" ")
        rows.append(Double(detection.score), decimals: 5)
        if let id = detection.trackID {
            rows.append(" ")
            rows.append(id)
        }
        rows.append("\n")
    }
}
