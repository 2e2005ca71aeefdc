import Detections
import Detectors
import Imaging
import Media

/// One frame on its way from the decoder to the outputs. It has one owner at a time: the stage that holds it.
struct Frame: ~Copyable, Sendable {
    /// What becomes of it.
    enum Fate: Sendable { case detected, skipped, corrupt }

    let info: FrameInfo
    /// When the decoder delivered it.
    let arrival: ContinuousClock.Instant
    let width: Int
    let height: Int
    var fate: Fate
    /// The pixels; gone when nobody will draw on them.
    var image: Image?
    var detections: [Detection] = []
    /// Seconds from its capture to its output, of a live source's frame, once that is known.
    var age: Double?
    /// The names of the detections' classes.
    var labels = ClassLabels([])
    /// Packets of other streams that stand before this frame in the source.
    let passthrough: [Packet]

    /// A frame as it comes from the decoder.
    init(_ frame: consuming DecodedFrame, fate: Fate, passthrough: [Packet]) {
        info = frame.info
        arrival = .now
        width = frame.image.width
        height = frame.image.height
        self.fate = fate
        self.passthrough = passthrough
        image = frame.takeImage()
    }

    /// A frame of which there is no picture, with what was detected in it; `detections` are looked at where it has the
    /// fate `.detected`.
    init(_ info: FrameInfo, fate: Fate, detections: [Detection]) {
        self.info = info
        arrival = .now
        (width, height) = (0, 0)
        self.fate = fate
        passthrough = []
        self.detections = detections
    }

    /// Bytes that the pixels and the packets hold.
    var heldBytes: Int {
        (image == nil ? 0 : width * height * 3 / 2) + passthrough.reduce(0) { $0 + $1.byteCount }
    }

    mutating func detect(with worker: YOLODetector.Worker, share: Double) throws(DetectorError) {
        guard let image = image.take() else { return }
        try worker.detect(image, share: share, into: &detections)
        self.image = consume image
    }

    var result: FrameResult {
        FrameResult(
            index: info.index, seconds: info.seconds, detected: fate == .detected, detections: detections,
            width: width, height: height, age: age,
            imageName: info.path.map { String($0.split(separator: "/").last ?? "") })
    }
}
