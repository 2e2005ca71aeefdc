package import Foundation

/// The ground truth of a COCO instances file: images, categories, and the boxes of the objects.
///
/// Classes are the categories by ascending id, images stand by ascending id, objects in the order of the file. Masks are
/// not read: the size of an object is the `area` of its annotation. `iscrowd` may be missing (0); `ignore` has no say,
/// as in pycocotools.
package struct COCOInstances: Sendable {
    /// The ids of the images, ascending.
    package let imageIDs: [Int]
    /// The names of the images' files, where the file tells.
    package let imageNames: [String?]
    /// The ids of the categories, ascending: the class index is the place.
    package let categoryIDs: [Int]
    /// The names of the categories.
    package let classNames: [String]
    /// The objects of each image.
    package let objects: [[AnnotatedObject]]

    /// Reads a file.
    package init(contentsOf path: String) throws(EvaluationFileError) {
        try self.init(COCOFile(path: path))
    }

    /// Reads a file's content; `name` is for errors.
    package init(_ data: Data, name: String) throws(EvaluationFileError) {
        try self.init(COCOFile(name: name, data: data))
    }

    private init(_ file: COCOFile) throws(EvaluationFileError) {
        let content = try file.decode(
            Content<Int, Double>.self, explainedBy: Content<CheckedNumber<Int>, CheckedNumber<Double>>.self,
            expecting: "a COCO instances file, which is an object with images, annotations, categories")
        var images: [Int: Int] = [:]
        let sorted = content.images.sorted { $0.id < $1.id }
        imageIDs = sorted.map(\.id)
        imageNames = sorted.map(\.file_name)
        for (index, id) in imageIDs.enumerated() where images.updateValue(index, forKey: id) != nil {
            throw file.corrupt("images", "two images have the id \(id)")
        }
        var classes: [Int: Int] = [:]
        let categories = content.categories.sorted { $0.id < $1.id }
        for (index, category) in categories.enumerated() {
            if classes.updateValue(index, forKey: category.id) != nil {
                throw file.corrupt("categories", "two categories have the id \(category.id)")
            }
        }
        categoryIDs = categories.map(\.id)
        classNames = categories.map(\.name)
        var objects = Array(repeating: [AnnotatedObject](), count: imageIDs.count)
        var known: Set<Int> = []
        for (index, annotation) in content.annotations.enumerated() {
            if let id = annotation.id, !known.insert(id).inserted {
                throw file.corrupt("annotations[\(index)]", "an earlier annotation has the same id \(id)")
            }
            guard let image = images[annotation.image_id] else {
                throw file.corrupt("annotations[\(index)]", "there is no image with the id \(annotation.image_id)")
            }
            guard let classIndex = classes[annotation.category_id] else {
                throw file.corrupt(
                    "annotations[\(index)]", "there is no category with the id \(annotation.category_id)")
            }
            objects[image].append(
                AnnotatedObject(
                    box: try file.box(annotation.bbox, at: "annotations[\(index)]"), classIndex: classIndex,
                    area: try file.number(annotation.area, at: "annotations[\(index)].area"),
                    isCrowd: annotation.iscrowd.map { $0 != 0 } ?? false,
                    isIgnored: annotation.ignore.map { $0 != 0 } ?? false))
        }
        self.objects = objects
    }

    private struct Content<Whole: Decodable, Real: Decodable>: Decodable {
        let images: [Image<Whole>]
        let annotations: [Annotation<Whole, Real>]
        let categories: [Category<Whole>]
    }

    private struct Image<Whole: Decodable>: Decodable {
        let id: Whole
        let file_name: String?
    }

    private struct Category<Whole: Decodable>: Decodable {
        let id: Whole
        let name: String
    }

    private struct Annotation<Whole: Decodable, Real: Decodable>: Decodable {
        let id: Whole?
        let image_id: Whole
        let category_id: Whole
        let bbox: [Real]
        let area: Real
        let iscrowd: Whole?
        let ignore: Whole?
    }
}
