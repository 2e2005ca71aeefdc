import CFFmpeg
import Imaging

/// How a stored picture is turned for display: one of the eight symmetries of a rectangle.
///
/// The picture is mirrored along its diagonal if `transposes`, then left to right, then top to bottom.
package struct Orientation: Hashable, Sendable {
    package var transposes = false
    package var flipsHorizontally = false
    package var flipsVertically = false

    package static let upright = Orientation()

    package init(transposes: Bool = false, flipsHorizontally: Bool = false, flipsVertically: Bool = false) {
        self.transposes = transposes
        self.flipsHorizontally = flipsHorizontally
        self.flipsVertically = flipsVertically
    }

    /// Clockwise degrees and whether the picture is mirrored before it is rotated.
    package var degrees: Int {
        switch (transposes, flipsHorizontally, flipsVertically) {
        case (false, _, true): 180
        case (false, _, false): 0
        case (true, true, _): 90
        case (true, false, _): 270
        }
    }

    /// The symmetry nearest to a display matrix of 3 × 3 fixed-point numbers (ISO 14496-12, `tkhd`).
    init(displayMatrix m: UnsafePointer<Int32>) {
        let straight = m[0].magnitude.addingReportingOverflow(m[4].magnitude).partialValue
        let crossed = m[1].magnitude.addingReportingOverflow(m[3].magnitude).partialValue
        if crossed > straight {
            self.init(transposes: true, flipsHorizontally: m[3] < 0, flipsVertically: m[1] < 0)
        } else {
            self.init(flipsHorizontally: m[0] < 0, flipsVertically: m[4] < 0)
        }
    }

    /// The EXIF tag `Orientation`, 1 to 8.
    init?(exif value: Int) {
        switch value {
        case 1: self.init()
        case 2: self.init(flipsHorizontally: true)
        case 3: self.init(flipsHorizontally: true, flipsVertically: true)
        case 4: self.init(flipsVertically: true)
        case 5: self.init(transposes: true)
        case 6: self.init(transposes: true, flipsHorizontally: true)
        case 7: self.init(transposes: true, flipsHorizontally: true, flipsVertically: true)
        case 8: self.init(transposes: true, flipsVertically: true)
        default: return nil
        }
    }

    /// What a frame says about itself: a display matrix, or the orientation that a camera wrote into a photo.
    init?(of frame: UnsafeMutablePointer<AVFrame>) {
        if let side = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX), side.pointee.size >= 36,
            let data = side.pointee.data
        {
            self = data.withMemoryRebound(to: Int32.self, capacity: 9) { Orientation(displayMatrix: $0) }
            return
        }
        guard let entry = av_dict_get(frame.pointee.metadata, "Orientation", nil, 0),
            let value = Int(LogCapture.readable(String(cString: entry.pointee.value)))
        else { return nil }
        self.init(exif: value)
    }

    /// What a stream says about all its frames.
    init?(of stream: UnsafeMutablePointer<AVStream>) {
        var size = 0
        guard let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size), size >= 36 else {
            return nil
        }
        self = data.withMemoryRebound(to: Int32.self, capacity: 9) { Orientation(displayMatrix: $0) }
    }

    /// Writes the turned `source` to `target`, whose width and height are swapped if the orientation transposes.
    func apply(from source: Plane, to target: Plane) {
        // Square tiles, so that the strided side of a transposition stays in the cache.
        let tile = 32
        let width = min(target.width, transposes ? source.height : source.width)
        let height = min(target.height, transposes ? source.width : source.height)
        let (stepX, stepY) = transposes ? (source.stride, 1) : (1, source.stride)
        let alongX = flipsHorizontally ? -stepX : stepX
        let alongY = flipsVertically ? -stepY : stepY
        let origin =
            source.baseAddress + (flipsHorizontally ? (width - 1) * stepX : 0)
            + (flipsVertically ? (height - 1) * stepY : 0)
        for top in stride(from: 0, to: height, by: tile) {
            for left in stride(from: 0, to: width, by: tile) {
                for y in top..<min(top + tile, height) {
                    let row = target.baseAddress + y * target.stride
                    let from = origin + y * alongY
                    for x in left..<min(left + tile, width) { row[x] = from[x * alongX] }
                }
            }
        }
    }
}
