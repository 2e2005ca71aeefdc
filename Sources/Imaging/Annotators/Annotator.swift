package import Detections

/// Draws what is known about a frame onto it: conceals, then traces, boxes, labels and, last, a line of text.
///
///     let annotator = Annotator(style: style, pool: pool)
///     annotator.annotate(&image, detections: detections, labels: labels, time: seconds, text: "42 fps")
///
/// One annotator serves one video, in order: it remembers the tracks' paths. Not to be used from two threads at once.
package final class Annotator {
    package var style: AnnotationStyle
    private let pool: ImagePool
    private let text = TextRenderer()
    private let boxes = BoxAnnotator()
    private let labels: LabelAnnotator
    private let heading: TextAnnotator
    private var traces = TraceAnnotator()
    private var blur = BlurAnnotator()

    /// `pool` gives the memory for a frame that is shared and has to be copied before it is drawn on.
    package init(style: AnnotationStyle, pool: ImagePool = ImagePool(capacity: 4)) {
        self.style = style
        self.pool = pool
        labels = LabelAnnotator(text: text)
        heading = TextAnnotator(text: text)
    }

    /// Draws on a frame, which becomes exclusive when there is anything to draw. `time` is the frame's in seconds.
    package func annotate(
        _ image: inout Image, detections: [Detection], labels classLabels: ClassLabels, time: Double,
        text string: String? = nil
    ) {
        guard !detections.isEmpty || string != nil else { return }
        image.makeExclusive(from: pool)
        let lineWidth = style.lineWidth(width: image.width, height: image.height)
        for detection in detections where style.blurClasses.contains(detection.classIndex) {
            blur.annotate(&image, detection, concealment: style.concealment)
        }
        if let seconds = style.trace, seconds > 0 {
            traces.annotate(&image, detections, time: time, seconds: seconds, lineWidth: lineWidth)
        }
        if style.showBoxes {
            for detection in detections { boxes.annotate(&image, detection, lineWidth: lineWidth) }
        }
        if style.showLabels {
            for detection in detections {
                labels.annotate(&image, detection, labels: classLabels, style: style)
            }
        }
        if let string {
            heading.annotate(&image, string, size: style.textSize(width: image.width, height: image.height))
        }
    }
}
