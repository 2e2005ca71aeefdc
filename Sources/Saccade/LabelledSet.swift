import Detections
import Detectors
import Evaluation
import Foundation
import Media

/// Pictures with the objects that they hold: a COCO instances file and a folder of its images.
struct LabelledSet {
    private let options: QuantizationConfiguration.EvaluationOptions
    private let truth: COCOInstances
    /// For each image of the file its path, where it is there.
    private let paths: [String?]

    init(_ options: QuantizationConfiguration.EvaluationOptions) throws(SaccadeError) {
        self.options = options
        do {
            truth = try COCOInstances(contentsOf: options.annotations)
        } catch { throw SaccadeError(error) }
        let folders = options.images.map { [$0] } ?? Self.folders(beside: options.annotations)
        var best: [String?] = []
        for folder in folders {
            let paths = truth.imageNames.map { name in name.flatMap { Self.path(of: $0, in: folder) } }
            if paths.count(where: { $0 != nil }) > best.count(where: { $0 != nil }) { best = paths }
        }
        guard !best.isEmpty else {
            throw SaccadeError(
                reason: "not_found",
                message:
                    "no image of \(options.annotations) is in \(folders.joined(separator: " or ")): name the folder "
                    + "with --eval-images", exitCode: 66)
        }
        paths = best
        let count = zip(truth.objects, paths).reduce(0) { sum, image in
            sum + (image.1 == nil ? 0 : image.0.count { !$0.isCrowd })
        }
        guard count > 0 else {
            throw SaccadeError(
                reason: "corrupt", message: "\(options.annotations) has no object in the images that are there",
                exitCode: 65)
        }
    }

    /// Where the images of `folder/instances_val2017.json` may be.
    private static func folders(beside annotations: String) -> [String] {
        let file = URL(fileURLWithPath: annotations)
        let folder = file.deletingLastPathComponent()
        let name = file.deletingPathExtension().lastPathComponent
        let set = name.hasPrefix("instances_") ? String(name.dropFirst("instances_".count)) : name
        let above = folder.deletingLastPathComponent()
        return [folder, above].flatMap { place in
            ["images/\(set)", set, "images"].map { place.appendingPathComponent($0).path }
        } + [folder.path]
    }

    private static func path(of name: String, in folder: String) -> String? {
        guard !name.isEmpty, !name.utf8.contains(0) else { return nil }
        let path = "\(folder)/\(name)"
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue ? path : nil
    }

    /// A detector's options for measuring average precision.
    static func options(_ configuration: QuantizationConfiguration) throws(SaccadeError) -> YOLODetector.Options {
        var options = try DetectionAgreement.options(configuration)
        options.confidence = 0.001
        return options
    }

    /// Measures two models on the set, both made with `options`.
    ///
    /// - Parameter tick: called after each image with the number so far and that of all.
    func evaluation(
        float: YOLODetector, quantized: YOLODetector, threads: Int, tick: (Int, Int) throws(SaccadeError) -> Void
    ) throws(SaccadeError) -> QuantizationSummary.Evaluation {
        let classes = try classIndices(float.labels)
        var places: [String: Int] = [:]
        for (place, path) in paths.enumerated() { if let path { places[path] = place } }
        var read = Set<Int>()
        var found = [Array(repeating: [ScoredBox](), count: paths.count)]
        found.append(found[0])
        do {
            let present = paths.compactMap(\.self)
            let source = try MediaSource(.images(present))
            let size = (source.info.width, source.info.height)
            let workers = [
                try float.makeWorker(threads: threads, pictureSize: size),
                try quantized.makeWorker(threads: threads, pictureSize: size),
            ]
            var detections: [Detection] = []
            reading: while true {
                switch try source.next() {
                case .frame(let frame):
                    guard let place = frame.info.path.flatMap({ places[$0] }) else { continue }
                    for (model, worker) in workers.enumerated() {
                        try worker.detect(frame.image, into: &detections)
                        found[model][place] = detections.compactMap { detection in
                            guard let index = classes[detection.classIndex] else { return nil }
                            var box = ScoredBox(detection)
                            box.classIndex = index
                            return box
                        }
                    }
                    read.insert(place)
                    try tick(read.count, present.count)
                case .end: break reading
                }
            }
        } catch { throw SaccadeError(error) }
        return try summary(of: found.map { boxes in read.sorted().map { boxes[$0] } }, images: read.sorted())
    }

    private func summary(
        of found: [[[ScoredBox]]], images: [Int]
    ) throws(SaccadeError) -> QuantizationSummary.Evaluation {
        let objects = images.map { truth.objects[$0] }
        let runs = found.map {
            DetectionEvaluation(objects: objects, detections: $0, classCount: truth.classNames.count)
        }
        let drawing = Bootstrap(resamples: 1000, seed: 0, threads: ProcessInfo.processInfo.activeProcessorCount)
        let figures = runs.map(\.summary)
        guard let floatAP = figures[0].ap, let quantizedAP = figures[1].ap,
            let difference = drawing.comparison(of: runs[0], with: runs[1])?.ap
        else {
            throw SaccadeError(
                reason: "corrupt", message: "\(options.annotations) has no object in the images that can be read",
                exitCode: 65)
        }
        return .init(
            annotations: options.annotations, images: images.count, missingImages: paths.count - images.count,
            floatAP: floatAP, floatAP50: figures[0].ap50 ?? 0, quantizedAP: quantizedAP,
            quantizedAP50: figures[1].ap50 ?? 0,
            difference: .init(value: quantizedAP - floatAP, lower: difference.lower, upper: difference.upper))
    }

    /// The place among the file's categories of each class of the model: by name where all classes of the model that
    /// the file has are called alike, else by number.
    private func classIndices(_ labels: ClassLabels) throws(SaccadeError) -> [Int: Int] {
        let names = Dictionary(truth.classNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var indices: [Int: Int] = [:]
        for (index, name) in labels.names.enumerated() { indices[index] = names[name] }
        if !indices.isEmpty { return indices }
        guard labels.names.count == truth.classNames.count else {
            throw SaccadeError(
                reason: "unsupported",
                message: "the model has \(labels.names.count) classes and \(options.annotations) has "
                    + "\(truth.classNames.count), none of them of the same name", exitCode: 65)
        }
        return Dictionary(labels.names.indices.map { ($0, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
