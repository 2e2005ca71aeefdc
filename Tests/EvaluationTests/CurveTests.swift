import Evaluation
import Foundation
import FoundationXML
import Testing

@Suite struct CurveTests {
    private static let names = ["person", "traffic \"light\", red", "<b>&", "tab\there"]

    @Test func precisionOverRecallIsThatOfPycocotools() throws {
        let golden = try #require(Golden("mixed").precision50)
        let curves = DetectionCurves(try Golden.evaluation("mixed"), classNames: [])
        #expect(curves.overlap == 0.5)
        for (curve, wanted) in zip(curves.classes, golden) {
            expectClose(try #require(curve).precisionOverRecall, wanted, "precision")
        }
    }

    /// The area under a curve is the figure.
    @Test func theMeansAreTheFigures() throws {
        let evaluation = Scene(seed: 2).evaluation
        let curves = DetectionCurves(evaluation, classNames: Self.names)
        let mean = try #require(curves.mean)
        let (ap, ap50) = (try #require(evaluation.summary.ap), try #require(evaluation.summary.ap50))
        #expect(abs(mean.averagedPrecisionOverRecall.reduce(0, +) / 101 - ap) < 1e-12)
        #expect(abs(mean.precisionOverRecall.reduce(0, +) / 101 - ap50) < 1e-12)
    }

    /// Against an evaluation of the detections above each threshold alone.
    @Test func curvesOverConfidenceAreThoseOfTheKeptDetections() throws {
        let scene = Scene(seed: 5)
        let curves = DetectionCurves(scene.evaluation, classNames: Self.names)
        #expect(curves.confidences.count == 1001 && curves.confidences[0] == 0 && curves.confidences[1000] == 1)
        for index in stride(from: 0, through: 1000, by: 125) {
            var kept = scene
            for image in kept.detections.indices {
                kept.detections[image].removeAll { $0.score < curves.confidences[index] }
            }
            let recalls = DetectionEvaluation(
                objects: kept.objects, detections: kept.detections, classCount: 4, thresholds: [0.5]
            ).recalls()
            for (curve, recall) in zip(curves.classes, recalls) {
                let curve = try #require(curve)
                #expect(abs(curve.recall[index] - (recall?[0] ?? -1)) < 1e-12)
                let precision = curve.precision[index] ?? 0
                let sum = precision + curve.recall[index]
                #expect(abs(curve.f1[index] - (sum > 0 ? 2 * precision * curve.recall[index] / sum : 0)) < 1e-12)
            }
        }
    }

    @Test func theBestThresholdHasTheHighestF1() throws {
        let curves = DetectionCurves(Scene(seed: 7).evaluation, classNames: Self.names)
        for curve in [curves.mean] + curves.classes {
            let curve = try #require(curve)
            let best = curves.best(of: curve)
            #expect(best.f1 == curve.f1.max())
            let place = try #require(curves.confidences.firstIndex(of: best.confidence))
            #expect(place == curve.f1.firstIndex(of: best.f1))
            #expect(best.recall == curve.recall[place] && best.precision == curve.precision[place])
        }
    }

    @Test func scoresBeyondOneWidenTheAxis() {
        var scene = Scene(seed: 7)
        for image in scene.detections.indices {
            for index in scene.detections[image].indices { scene.detections[image][index].score *= 40 }
        }
        let curves = DetectionCurves(scene.evaluation, classNames: Self.names)
        #expect((curves.confidences.last ?? 0) > 30)
        #expect((curves.mean?.recall[0] ?? 0) > 0.5)
    }

    @Test func filesAreWellFormed() throws {
        let files = CurveFiles(DetectionCurves(Scene(seed: 2).evaluation, classNames: Self.names)).files
        #expect(
            Set(files.map(\.name))
                == Set(
                    [
                        "precision-recall-50", "precision-recall", "f1-confidence", "precision-confidence",
                        "recall-confidence",
                    ].flatMap { [$0 + ".csv", $0 + ".svg"] }))
        for (name, content) in files {
            if name.hasSuffix(".svg") {
                let parser = XMLParser(data: Data(content.utf8))
                #expect(parser.parse(), "\(name): \(String(describing: parser.parserError))")
                #expect(!content.contains("nan") && !content.contains("inf"))
            } else {
                let lines = content.split(separator: "\n")
                #expect(lines.count == (name.contains("recall-50") || name == "precision-recall.csv" ? 102 : 1002))
                #expect(
                    lines[0].hasSuffix(#"mean of 4 classes,person,"traffic ""light"", red",<b>&,tab here"#),
                    "\(lines[0])")
                for line in lines.dropFirst() { #expect(line.count { $0 == "," } == 5) }
            }
        }
    }

    @Test func anEvaluationWithoutObjectsHasEmptyCurves() throws {
        let curves = DetectionCurves(try Golden.evaluation("no_objects"), classNames: [])
        #expect(curves.mean == nil)
        for (name, content) in CurveFiles(curves).files where name.hasSuffix(".svg") {
            #expect(XMLParser(data: Data(content.utf8)).parse(), "\(name)")
        }
    }
}
