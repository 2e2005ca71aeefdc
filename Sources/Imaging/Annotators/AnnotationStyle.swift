/// What annotated frames show and how large it is drawn.
package struct AnnotationStyle: Hashable, Sendable {
    /// How an object is made unrecognisable.
    package enum Concealment: String, Hashable, Sendable, CaseIterable {
        /// A smooth blur.
        case blur
        /// A mosaic.
        case pixelate
    }

    package var showBoxes = true
    /// Whether boxes have labels with the class; ids and scores appear on labels.
    package var showLabels = true
    package var showIDs = true
    package var showScores = true
    /// Pixels of a box's outline; chosen by the frame's size when `nil`.
    package var lineWidth: Int?
    /// Pixels of the em square of text; chosen by the frame's size when `nil`.
    package var textSize: Int?
    /// Seconds of a track's path that are drawn behind it; none when `nil`.
    package var trace: Double?
    /// The classes that are made unrecognisable.
    package var blurClasses: Set<Int> = []
    package var concealment = Concealment.blur

    package init() {}

    /// The outline's thickness for a frame: 2 pixels at 360p, 4 at 1080p, 8 at 2160p.
    package func lineWidth(width: Int, height: Int) -> Int {
        if let lineWidth { return min(max(lineWidth, 1), 256) }
        return max(2, (min(width, height) + 135) / 270)
    }

    /// The size of text for a frame: 11 pixels at 360p, 22 at 1080p, 43 at 2160p.
    package func textSize(width: Int, height: Int) -> Int {
        if let textSize { return min(max(textSize, TextRenderer.sizes.lowerBound), TextRenderer.sizes.upperBound) }
        return max(11, (min(width, height) + 25) / 50)
    }
}
