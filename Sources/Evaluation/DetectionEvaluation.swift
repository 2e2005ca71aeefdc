/// How well detections meet the ground truth, by the COCO protocol for boxes.
///
///     let evaluation = DetectionEvaluation(objects: objects, detections: detections, classCount: 80)
///     evaluation.summary.ap                     // 0.373…, as pycocotools has it
///     evaluation.classes[0].ap                  // of the first class; nil where the ground truth has none of it
///
/// All matching is done once, here; figures, curves and resampling read its result. Equal to pycocotools on the same
/// numbers: the key `ignore` of an annotation has no say (crowds are what is ignored), a class without objects has no
/// figure and stays out of every mean, and equal scores are taken in the order of images and detections.
package struct DetectionEvaluation: Sendable {
    /// The most overlap thresholds that an evaluation can have.
    package static let maximumThresholds = 32

    /// The overlaps from which a detection counts as right.
    package let thresholds: [Double]
    /// The number of images.
    package let imageCount: Int
    let matches: [ClassMatches]

    /// Matches detections to objects.
    ///
    /// - Parameters:
    ///   - objects: The objects of each image.
    ///   - detections: The detections of each image; as many images as in `objects`. Those without a finite box and
    ///     score do not count.
    ///   - classCount: The number of classes; objects and detections of others are left out.
    ///   - thresholds: From 1 to 32 overlaps.
    package init(
        objects: [[AnnotatedObject]], detections: [[ScoredBox]], classCount: Int,
        thresholds: [Double] = COCOProtocol.overlaps
    ) {
        precondition(objects.count == detections.count, "one list of detections for each image")
        precondition((1...Self.maximumThresholds).contains(thresholds.count), "1 to 32 overlap thresholds")
        self.thresholds = thresholds
        imageCount = objects.count
        var matches = Array(repeating: ClassMatches(), count: classCount)
        for image in objects.indices {
            let known = 0..<classCount
            let found = Dictionary(
                grouping: detections[image].lazy.filter { $0.score.isFinite && $0.box.isFinite }, by: \.classIndex)
            let wanted = Dictionary(grouping: objects[image], by: \.classIndex)
            for classIndex in Set(found.keys).union(wanted.keys) where known.contains(classIndex) {
                var matcher = DetectionMatcher(
                    objects: wanted[classIndex] ?? [], boxes: found[classIndex] ?? [])
                matches[classIndex].append(image: image, matcher: &matcher, thresholds: thresholds)
            }
        }
        for classIndex in matches.indices { matches[classIndex].sort() }
        self.matches = matches
    }

    /// Matches detections to the objects of a file; class indices are places among its categories.
    package init(
        _ instances: COCOInstances, detections: [[ScoredBox]], thresholds: [Double] = COCOProtocol.overlaps
    ) {
        self.init(
            objects: instances.objects, detections: detections, classCount: instances.classNames.count,
            thresholds: thresholds)
    }

    /// The number of classes.
    package var classCount: Int { matches.count }

    /// The place of an overlap among the thresholds.
    package func threshold(_ overlap: Double) -> Int? { thresholds.firstIndex(of: overlap) }

    /// The average precision of each class at each threshold; `nil` for a class without objects.
    package func averagePrecisions(area: AreaRange = .all) -> [[Double]?] {
        var accumulator = PrecisionAccumulator(thresholdCount: thresholds.count)
        let weights = Array(repeating: 1, count: imageCount)
        return matches.map { matches in
            let hasObjects = accumulator.run(
                matches, area: area, limit: COCOProtocol.maximumDetections, weights: weights)
            return hasObjects ? thresholds.indices.map { accumulator.averagePrecision($0) } : nil
        }
    }

    /// The highest recall of each class at each threshold with at most `limit` detections of an image and class; `nil`
    /// for a class without objects.
    package func recalls(
        area: AreaRange = .all, limit: Int = COCOProtocol.maximumDetections
    ) -> [[Double]?] {
        var accumulator = PrecisionAccumulator(thresholdCount: thresholds.count)
        let weights = Array(repeating: 1, count: imageCount)
        return matches.map { matches in
            accumulator.run(matches, area: area, limit: limit, weights: weights) ? accumulator.recall : nil
        }
    }
}
