package import Detections

/// An object that stands in the ground truth of an image.
package struct AnnotatedObject: Hashable, Sendable {
    /// Where it is.
    package var box: COCOBox
    /// What it is: an index, 0 to the number of classes − 1.
    package var classIndex: Int
    /// Its size in square pixels: the area of its mask where it has one, else of its box.
    package var area: Double
    /// Whether the box holds many objects of the class. Detections in it are neither right nor wrong.
    package var isCrowd: Bool
    /// Whether its file says that nothing is known for sure there (`ignore`). Trainings heed it, evaluations do not, as
    /// pycocotools.
    package var isIgnored: Bool

    /// An object; its area is that of the box where none is given.
    package init(
        box: COCOBox, classIndex: Int, area: Double? = nil, isCrowd: Bool = false, isIgnored: Bool = false
    ) {
        self.box = box
        self.classIndex = classIndex
        self.area = area ?? box.area
        self.isCrowd = isCrowd
        self.isIgnored = isIgnored
    }
}

/// A detection as an evaluation sees it.
package struct ScoredBox: Hashable, Sendable {
    /// Where the object is said to be.
    package var box: COCOBox
    /// What it is said to be.
    package var classIndex: Int
    /// How sure the detector is; any finite number.
    package var score: Double

    /// A detection.
    package init(box: COCOBox, classIndex: Int, score: Double) {
        self.box = box
        self.classIndex = classIndex
        self.score = score
    }

    /// A detection of the detector.
    package init(_ detection: Detection) {
        self.init(
            box: COCOBox(detection.box), classIndex: detection.classIndex, score: Double(detection.score))
    }
}
