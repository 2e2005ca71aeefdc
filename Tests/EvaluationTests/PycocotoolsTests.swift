import Evaluation
import Foundation
import Testing

private let annotations = ProcessInfo.processInfo.environment["SACCADE_DATA"].map {
    URL(filePath: $0).appending(path: "coco/instances_val.json")
}
.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }

/// The figures of pycocotools, to a millionth.
@Suite struct PycocotoolsTests {
    @Test(arguments: Golden.cases) func figuresAreThoseOfPycocotools(name: String) throws {
        let golden = try Golden(name)
        let evaluation = try Golden.evaluation(name)
        expectClose(evaluation.summary.stats, golden.stats, "stats")
        let classes = evaluation.classes
        expectClose(classes.map { $0.ap ?? -1 }, golden.ap, "AP of class")
        expectClose(classes.map { $0.ap50 ?? -1 }, golden.ap50, "AP50 of class")
        expectClose(classes.map { $0.ar100 ?? -1 }, golden.ar100, "AR of class")
    }

    /// A recall that meets a threshold exactly must do so here as there: the bits, not the digits, have to agree.
    @Test func thresholdsAreTheSameNumbers() throws {
        let golden = try Golden("mixed")
        #expect(COCOProtocol.overlaps == golden.thresholds)
        #expect(COCOProtocol.recalls == golden.recalls)
    }

    @Test func categoriesThatTheGroundTruthLacksAreLeftOutAndTold() throws {
        let (_, results) = try Golden.files("empty")
        #expect(results.unknownCategories == [1234])
        #expect(results.leftOut == 1)
    }

    @Test(.enabled(if: annotations != nil, "needs SACCADE_DATA")) func realGroundTruth() throws {
        let golden = try Golden("val")
        let data = try Data(contentsOf: #require(annotations))
        let derived = try deriveResults(JSONDecoder().decode(Annotations.self, from: data), seed: 2026)
        #expect(derived.count == golden.count)
        let sum = derived.reduce(0.0) { $0 + ($1.score + $1.bbox.reduce(0, +)) }
        #expect(abs(sum - (golden.sum ?? 0)) < 1e-3, "the derived results are not those of the script: \(sum)")
        let instances = try COCOInstances(data, name: "gt")
        let results = try COCOResults(JSONEncoder().encode(derived), name: "dt", for: instances)
        let evaluation = DetectionEvaluation(instances, detections: results.detections)
        expectClose(evaluation.summary.stats, golden.stats, "stats")
        expectClose(evaluation.classes.map { $0.ap ?? -1 }, golden.ap, "AP of class")
        expectClose(evaluation.classes.map { $0.ap50 ?? -1 }, golden.ap50, "AP50 of class")
        expectClose(evaluation.classes.map { $0.ar100 ?? -1 }, golden.ar100, "AR of class")
    }
}
