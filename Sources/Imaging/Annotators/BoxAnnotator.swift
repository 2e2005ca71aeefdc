package import Detections

/// Draws the outline of each box in its object's colour: dashed where a motion model put the box, and a little thinner
/// between two detections (with a detector that runs on every Nth frame most boxes are such; they must not flicker).
package struct BoxAnnotator: Sendable {
    package init() {}

    /// The outline lies on the box's edges, and inside the frame for the part of a box that reaches beyond it.
    package func annotate(_ image: inout Image, _ detection: Detection, lineWidth: Int) {
        guard let rect = Self.outline(of: detection.box, lineWidth: lineWidth, in: image) else { return }
        let color = Palette.color(trackID: detection.trackID, classIndex: detection.classIndex)
        let shade = max(1, lineWidth / 4)
        if detection.origin != .predicted {
            image.outline(rect.inset(by: -shade), .black, thickness: shade, opacity: 0.4)
        }
        switch detection.origin {
        case .detected:
            image.outline(rect, color, thickness: lineWidth)
        case .interpolated:
            image.outline(rect, color, thickness: max(min(lineWidth, 2), lineWidth * 3 / 4))
        case .predicted:
            image.outline(rect, color, thickness: lineWidth, dash: 3 * lineWidth)
        }
    }

    /// The outer edges of a box's outline; `nil` when no part of the box lies in the frame.
    static func outline(of box: BoundingBox, lineWidth: Int, in image: borrowing Image) -> PixelRect? {
        guard let rect = PixelRect(box), !rect.intersection(image.bounds).isEmpty else { return nil }
        let outer = rect.inset(by: -(lineWidth / 2)).intersection(image.bounds)
        return outer.isEmpty ? nil : outer
    }
}
