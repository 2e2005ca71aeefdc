package import Detections

/// Where a picture lies on the canvas of a network: scaled without distortion, the rest filled with gray 114.
///
/// The rounding is that of the reference implementations, so that boxes can be compared with theirs: with r the smaller
/// ratio of the sides,
/// - `.centered` (Ultralytics) gives the picture round(side * r) pixels, halves to even, and splits what is left with
///   round(half - 0.1) on the left and the top;
/// - `.topLeft` (YOLOX) gives it floor(side * r) pixels in the corner.
package struct Letterbox: Hashable, Sendable {
    package enum Style: String, Hashable, Sendable {
        /// In the middle of the canvas.
        case centered
        /// In the top left corner.
        case topLeft
    }

    /// The gray around the picture.
    package static let fill: UInt8 = 114

    package let sourceWidth: Int
    package let sourceHeight: Int
    package let canvasWidth: Int
    package let canvasHeight: Int
    package let style: Style
    /// Canvas pixels per source pixel, before rounding.
    package let scale: Double
    /// The size of the picture on the canvas, in pixels; at least 1 x 1.
    package let width: Int
    package let height: Int
    /// The position of the picture's top left pixel on the canvas.
    package let left: Int
    package let top: Int

    /// The geometry for sides of 1...65536 pixels.
    package init(
        sourceWidth: Int, sourceHeight: Int, canvasWidth: Int, canvasHeight: Int, style: Style = .centered
    ) {
        for side in [sourceWidth, sourceHeight, canvasWidth, canvasHeight] {
            precondition((1...Image.longestSide).contains(side), "a side has 1 to 65536 pixels")
        }
        self.sourceWidth = sourceWidth
        self.sourceHeight = sourceHeight
        self.canvasWidth = canvasWidth
        self.canvasHeight = canvasHeight
        self.style = style
        let scale = min(
            Double(canvasWidth) / Double(sourceWidth), Double(canvasHeight) / Double(sourceHeight))
        let rounding: FloatingPointRoundingRule = style == .centered ? .toNearestOrEven : .down
        let width = min(max(Int((Double(sourceWidth) * scale).rounded(rounding)), 1), canvasWidth)
        let height = min(max(Int((Double(sourceHeight) * scale).rounded(rounding)), 1), canvasHeight)
        self.scale = scale
        self.width = width
        self.height = height
        switch style {
        case .centered:
            left = Int((Double(canvasWidth - width) / 2 - 0.1).rounded(.toNearestOrEven))
            top = Int((Double(canvasHeight - height) / 2 - 0.1).rounded(.toNearestOrEven))
        case .topLeft:
            left = 0
            top = 0
        }
    }

    /// A box in canvas pixels as a box in source pixels, clamped to the picture.
    package func sourceBox(_ box: BoundingBox) -> BoundingBox {
        let (x, y, scale) = (Float(left), Float(top), Float(scale))
        return BoundingBox(
            x1: (box.x1 - x) / scale, y1: (box.y1 - y) / scale, x2: (box.x2 - x) / scale, y2: (box.y2 - y) / scale
        ).clamped(width: sourceWidth, height: sourceHeight)
    }

    /// A box in source pixels as a box in canvas pixels.
    package func canvasBox(_ box: BoundingBox) -> BoundingBox {
        let (x, y, scale) = (Float(left), Float(top), Float(scale))
        return BoundingBox(
            x1: box.x1 * scale + x, y1: box.y1 * scale + y, x2: box.x2 * scale + x, y2: box.y2 * scale + y)
    }
}
