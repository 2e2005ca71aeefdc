import CFFmpeg
package import Imaging

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

    /// The same symmetry, as `Image` is turned by it.
    package var turn: Turn {
        switch (transposes, flipsHorizontally, flipsVertically) {
        case (false, false, false): .identity
        case (false, true, false): .flipHorizontal
        case (false, false, true): .flipVertical
        case (false, true, true): .rotate180
        case (true, false, false): .transpose
        case (true, true, false): .rotate90
        case (true, false, true): .rotate270
        case (true, true, true): .transverse
        }
    }
}
