import Evaluation
import Foundation
import Testing

/// A case of Tests/Oracles/make_coco_goldens.py with pycocotools' figures.
struct Golden: Decodable {
    static let cases = ["crowds", "ties", "empty", "no_detections", "no_objects", "sizes", "many", "mixed"]

    let stats: [Double]
    let ap: [Double]
    let ap50: [Double]
    let ar100: [Double]
    let thresholds: [Double]?
    let recalls: [Double]?
    let precision50: [[Double]]?
    let count: Int?
    let sum: Double?

    static func data(_ name: String) throws -> Data {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens")
        return try Data(contentsOf: folder.appendingPathComponent(name + ".json"))
    }

    init(_ name: String) throws {
        self = try JSONDecoder().decode(Golden.self, from: Self.data(name))
    }

    /// The ground truth and the results of a case, through the readers.
    static func files(_ name: String) throws -> (instances: COCOInstances, results: COCOResults) {
        let content = try #require(JSONSerialization.jsonObject(with: data(name)) as? [String: Any])
        let gt = try JSONSerialization.data(withJSONObject: #require(content["gt"]))
        let dt = try JSONSerialization.data(withJSONObject: #require(content["dt"]))
        let instances = try COCOInstances(gt, name: "gt")
        return (instances, try COCOResults(dt, name: "dt", for: instances))
    }

    /// The evaluation of a case.
    static func evaluation(_ name: String) throws -> DetectionEvaluation {
        let (instances, results) = try files(name)
        return DetectionEvaluation(instances, detections: results.detections)
    }
}

extension DetectionSummary {
    /// The figures in pycocotools' order, −1 where there is none.
    var stats: [Double] {
        [
            ap, ap50, ap75, apSmall, apMedium, apLarge, ar1, ar10, ar100, arSmall, arMedium, arLarge,
        ].map { $0 ?? -1 }
    }
}

/// Expects two lists of numbers to agree to a millionth.
func expectClose(_ found: [Double], _ wanted: [Double], _ what: String) {
    #expect(found.count == wanted.count, "\(what)")
    for (index, (one, other)) in zip(found, wanted).enumerated() {
        #expect(abs(one - other) < 1e-6, "\(what) \(index): \(one), not \(other)")
    }
}
