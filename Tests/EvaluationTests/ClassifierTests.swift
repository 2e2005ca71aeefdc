import Evaluation
import Foundation
import FoundationXML
import Testing

/// A case of Tests/Oracles/make_classifier_goldens.py with scikit-learn's figures.
private struct ClassifierGolden: Decodable {
    static let cases = [
        "plain", "ties", "rare", "common", "backward", "constant", "two", "perfect", "near",
    ]

    let labels: [Int]
    let scores, thresholds, precision, recall, false_positive_rate, precision_at_recall: [Double]
    let ap, auc, best_f1: Double
    let costs: [String: [Int]]

    init(_ name: String) throws {
        let all = try JSONDecoder().decode([String: Self].self, from: Golden.data("classifiers"))
        self = try #require(all[name])
    }

    func evaluation() throws -> ClassifierEvaluation {
        try #require(ClassifierEvaluation(scores: scores, isPositive: labels.map { $0 == 1 }))
    }
}

/// The figures of scikit-learn.
@Suite struct ClassifierTests {
    private static func close(_ one: Double, _ other: Double) -> Bool { abs(one - other) < 1e-12 }

    @Test(arguments: ClassifierGolden.cases) func figuresAreThoseOfScikitLearn(name: String) throws {
        let golden = try ClassifierGolden(name)
        let evaluation = try golden.evaluation()
        #expect(Self.close(evaluation.averagePrecision, golden.ap))
        #expect(Self.close(evaluation.areaUnderROC, golden.auc))
        #expect(Self.close(evaluation.bestF1.f1, golden.best_f1))
        // scikit-learn's curve ends where all positives are found.
        let points = evaluation.points.map { evaluation.operatingPoint($0) }
        let shown = points.prefix(golden.thresholds.count)
        #expect(shown.map(\.threshold) == golden.thresholds)
        expectClose(shown.map { $0.precision ?? -1 }, golden.precision, "precision")
        expectClose(shown.map(\.recall), golden.recall, "recall")
        expectClose(points.map(\.falsePositiveRate), golden.false_positive_rate, "false positive rate")
        for (wanted, precision) in zip([0.5, 0.8, 0.9, 0.95], golden.precision_at_recall) {
            let best = try #require(evaluation.best(atRecall: wanted))
            #expect(Self.close(best.precision ?? -1, precision) && best.recall >= wanted)
        }
    }

    @Test(arguments: ClassifierGolden.cases) func theCheapestThresholdIsFound(name: String) throws {
        let golden = try ClassifierGolden(name)
        let evaluation = try golden.evaluation()
        for (costs, counts) in golden.costs {
            let numbers = costs.split(separator: ":").compactMap { Double($0) }
            let costs = ClassifierEvaluation.Costs(falsePositive: numbers[0], falseNegative: numbers[1])
            let best = evaluation.cheapest(costs)
            #expect(
                [best.truePositives, best.falsePositives, best.falseNegatives, best.trueNegatives] == counts)
            let sum = numbers[0] * Double(counts[1]) + numbers[1] * Double(counts[2])
            #expect(Self.close(costs.mean(of: best), sum / Double(golden.labels.count)))
            #expect((best.threshold == nil) == (counts[0] + counts[1] == 0))
        }
    }

    @Test func classesAgainstTheRest() throws {
        struct Rest: Decodable {
            let names, labels: [String]
            let scores: [[Double]]
            let ap, auc: [Double]
            let mean_ap, mean_auc: Double
        }
        let golden = try JSONDecoder().decode(Rest.self, from: Golden.data("rest"))
        var text = "id,fish,cat,dog,bird,label\n"
        for (row, label) in golden.labels.enumerated() {
            let scores = golden.scores[row]
            text += "\(row),\(scores[3]),\(scores[1]),\(scores[2]),\(scores[0]),\(label)\n"
        }
        let table = try ScoreTable(Data(text.utf8), name: "rest.csv")
        #expect(table.columns.map(\.name) == ["fish", "cat", "dog", "bird"])
        var evaluations: [ClassifierEvaluation] = []
        for (name, (ap, auc)) in zip(golden.names, zip(golden.ap, golden.auc)) {
            let column = try #require(table.columns.first { $0.name == name })
            let evaluation = try #require(
                ClassifierEvaluation(scores: column.scores, isPositive: table.labels.map { $0 == name }))
            #expect(Self.close(evaluation.averagePrecision, ap) && Self.close(evaluation.areaUnderROC, auc))
            evaluations.append(evaluation)
        }
        let intervals = Bootstrap(resamples: 50, seed: 3).intervals(of: evaluations)
        let mean = try #require(intervals.mean)
        #expect(Self.close(mean.averagePrecision.value, golden.mean_ap))
        #expect(Self.close(mean.areaUnderROC.value, golden.mean_auc))
    }

    /// One resample: its figure is the value plus the shift. The oracle evaluates the drawn rows.
    @Test func aResampleIsTheEvaluationOfTheDrawnRows() throws {
        let golden = try ClassifierGolden("ties")
        let evaluation = try golden.evaluation()
        for seed in 0..<4 as Range<UInt64> {
            let estimates = try #require(Bootstrap(resamples: 1, seed: seed).intervals(of: [evaluation]).classes[0])
            var times: [Int] = []
            Philox(seed: seed).resample(golden.scores.count, number: 0, into: &times)
            let rows = times.indices.flatMap { Array(repeating: $0, count: times[$0]) }
            let drawn = try #require(
                ClassifierEvaluation(
                    scores: rows.map { golden.scores[$0] }, isPositive: rows.map { golden.labels[$0] == 1 }))
            let (precision, roc) = (estimates.averagePrecision, estimates.areaUnderROC)
            #expect(Self.close(precision.value + precision.shift, drawn.averagePrecision))
            #expect(Self.close(roc.value + roc.shift, drawn.areaUnderROC))
        }
        let one = Bootstrap(resamples: 60, seed: 5, threads: 1).intervals(of: [evaluation]).classes
        #expect(Bootstrap(resamples: 60, seed: 5, threads: 4).intervals(of: [evaluation]).classes == one)
        #expect(Bootstrap(resamples: 0).intervals(of: [evaluation]).mean == nil)
        #expect(Bootstrap().intervals(of: []).mean == nil)
    }

    @Test func whatCannotBeRankedIsRefused() {
        #expect(ClassifierEvaluation(scores: [], isPositive: []) == nil)
        #expect(ClassifierEvaluation(scores: [1, 2], isPositive: [true, true]) == nil)
        #expect(ClassifierEvaluation(scores: [1, 2], isPositive: [false, false]) == nil)
        #expect(ClassifierEvaluation(scores: [1, .nan], isPositive: [true, false]) == nil)
        #expect(ClassifierEvaluation(scores: [1], isPositive: [true, false]) == nil)
    }

    @Test func filesAreWellFormed() throws {
        let (plain, rare) = (try ClassifierGolden("plain").evaluation(), try ClassifierGolden("rare").evaluation())
        for classes in [[("<b>&", plain)], [("a, \"b\"", plain), ("rare", rare)]] {
            for (name, content) in ClassifierFiles(classes).files {
                if name.hasSuffix(".svg") {
                    #expect(XMLParser(data: Data(content.utf8)).parse(), "\(name)")
                    #expect(!content.contains("nan") && !content.contains("inf"))
                } else {
                    #expect(content.hasPrefix("class,threshold,true_positives,false_positives,precision,recall,"))
                    let rows = classes.reduce(0) { $0 + $1.1.points.count }
                    #expect(content.split(separator: "\n").count == rows + 1)
                }
            }
        }
    }
}
