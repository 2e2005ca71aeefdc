package import Foundation

/// The detections of a COCO results file, by the images and classes of their ground truth.
///
/// A detection in an image that the ground truth lacks is an error, as in pycocotools. Detections of categories that it
/// lacks do not count, as there, but their ids are told: a model may know more classes, or number them otherwise.
package struct COCOResults: Sendable {
    /// The detections of each image of the ground truth.
    package let detections: [[ScoredBox]]
    /// The ids of categories that the ground truth lacks, ascending.
    package let unknownCategories: [Int]
    /// The number of detections that were left out because of them.
    package let leftOut: Int

    /// Reads a file.
    package init(contentsOf path: String, for instances: COCOInstances) throws(EvaluationFileError) {
        try self.init(COCOFile(path: path), for: instances)
    }

    /// Reads a file's content; `name` is for errors.
    package init(_ data: Data, name: String, for instances: COCOInstances) throws(EvaluationFileError) {
        try self.init(COCOFile(name: name, data: data), for: instances)
    }

    private init(_ file: COCOFile, for instances: COCOInstances) throws(EvaluationFileError) {
        let entries = try file.decode(
            [Entry<Int, Double>].self, explainedBy: [Entry<CheckedNumber<Int>, CheckedNumber<Double>>].self,
            expecting: "a COCO results file, which is a list of detections")
        let images = Dictionary(
            instances.imageIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let classes = Dictionary(
            instances.categoryIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var detections = Array(repeating: [ScoredBox](), count: instances.imageIDs.count)
        var unknown: Set<Int> = []
        var leftOut = 0
        for (index, entry) in entries.enumerated() {
            guard let image = images[entry.image_id] else {
                throw file.corrupt("[\(index)]", "the ground truth has no image with the id \(entry.image_id)")
            }
            let box = try file.box(entry.bbox, at: "[\(index)]")
            let score = try file.number(entry.score, at: "[\(index)].score")
            guard let classIndex = classes[entry.category_id] else {
                unknown.insert(entry.category_id)
                leftOut += 1
                continue
            }
            detections[image].append(ScoredBox(box: box, classIndex: classIndex, score: score))
        }
        self.detections = detections
        self.leftOut = leftOut
        unknownCategories = unknown.sorted()
    }

    private struct Entry<Whole: Decodable, Real: Decodable>: Decodable {
        let image_id: Whole
        let category_id: Whole
        let bbox: [Real]
        let score: Real
    }
}
