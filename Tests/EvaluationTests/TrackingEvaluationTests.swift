import Detections
import Evaluation
import Foundation
import FoundationXML
import Testing

@Suite struct TrackingEvaluationTests {
    private static func box(_ x: Double) -> COCOBox { COCOBox(x: x, y: 10, width: 20, height: 40) }

    @Test func perfectTracksAreWorthOne() {
        var sequence = TrackedSequence()
        for frame in 0..<10 {
            let boxes = (1...4).map { TrackedBox(id: $0, box: Self.box(Double(50 * $0 + frame))) }
            sequence.append(objects: boxes, tracks: boxes.map { TrackedBox(id: $0.id + 70, box: $0.box) })
        }
        let summary = TrackingFigures(sequence).summary
        for share in [
            summary.hota, summary.detA, summary.assA, summary.locA, summary.mota, summary.motp, summary.idf1,
        ] { #expect(abs(share - 1) < 1e-12) }
        #expect(summary.identitySwitches == 0 && summary.fragmentations == 0 && summary.mostlyTracked == 4)
        #expect(summary.falsePositives == 0 && summary.falseNegatives == 0 && summary.idtp == 40)
    }

    @Test func aSwitchIsToldWithItsTime() throws {
        var sequence = TrackedSequence()
        for frame in 0..<20 {
            let object = TrackedBox(id: 7, box: Self.box(0))
            // Lost for three frames, then found under another name.
            let track = 8..<11 ~= frame ? [] : [TrackedBox(id: frame < 8 ? 1 : 5, box: Self.box(1))]
            sequence.append(objects: [object], tracks: track + [TrackedBox(id: 99, box: Self.box(500))])
        }
        var evaluation = TrackingEvaluation()
        evaluation.append(sequence, name: "one", frameRate: 25)
        evaluation.append(sequence, name: "two")
        let first = evaluation.sequences[0]
        #expect(first.switches == [IdentitySwitch(frame: 11, object: 7, from: 1, to: 5)])
        #expect(first.seconds(ofFrame: 11) == 0.44 && evaluation.sequences[1].seconds(ofFrame: 11) == nil)
        #expect(first.figures.clear.fragmentations == 1 && evaluation.combined.clear.identitySwitches == 2)
        #expect(first.objectCount == 1 && first.trackCount == 3 && first.trackBoxes == 37 && first.frameCount == 20)
        // The longer track takes the object: 9 of 20 boxes agree.
        #expect(first.figures.identity.truePositives == 9)
        // Two equal sequences together are worth what one is, but for the counts.
        let (one, both) = (first.figures.summary, evaluation.combined.summary)
        for share in [\TrackingSummary.hota, \.assA, \.mota, \.motp, \.idf1] {
            #expect(abs(one[keyPath: share] - both[keyPath: share]) < 1e-12)
        }
    }

    @Test func whatIsNotThereHasFigures() {
        let nothing = TrackingFigures(TrackedSequence()).summary
        #expect(nothing.hota == 0 && nothing.mota == 0 && nothing.idf1 == 0 && nothing.locA == 1)
        var sequence = TrackedSequence()
        let bad = COCOBox(x: .nan, y: 0, width: .infinity, height: -1)
        let boxes = [bad, COCOBox(x: 0, y: 0, width: 0, height: 5), COCOBox(x: 5, y: 5, width: -3, height: -3)]
        let tracked = boxes.enumerated().map { TrackedBox(id: $0, box: $1) }
        sequence.append(objects: tracked, tracks: tracked)
        sequence.append(objects: [tracked[0], tracked[0]], tracks: [tracked[1], tracked[1]])
        let summary = TrackingFigures(sequence).summary
        #expect(summary.truePositives == 0 && summary.falseNegatives == 4 && summary.falsePositives == 4)
    }

    @Test func tiesAreTakenAsSciPyTakesThem() throws {
        struct Case: Decodable {
            let rows, columns: Int
            let scores: [Double]
            let found: [Int]
        }
        let file = URL(filePath: "\(TrackEvalGolden.folder)/assignments.json")
        var assignment = CompleteAssignment()
        for wanted in try JSONDecoder().decode([Case].self, from: Data(contentsOf: file)) {
            assignment.solve(scores: wanted.scores, rows: wanted.rows, columns: wanted.columns)
            #expect(assignment.columnOfRow == wanted.found)
        }
        assignment.solve(scores: [], rows: 0, columns: 3)
        #expect(assignment.columnOfRow.isEmpty)
        assignment.solve(scores: [], rows: 2, columns: 0)
        #expect(assignment.columnOfRow == [-1, -1])
    }

    /// The two solvers reach the same total.
    @Test(arguments: 0..<40) func theTotalIsTheGreatest(seed: UInt64) {
        let (rows, columns) = (1 + Int(uniform(seed, 1) * 12), 1 + Int(uniform(seed, 2) * 12))
        let scores = (0..<rows * columns).map { place in
            let score = uniform(seed, 3, UInt64(place))
            return score < 0.4 ? 0 : score
        }
        func total(_ columnOfRow: [Int]) -> Double {
            columnOfRow.enumerated().reduce(0) { $0 + ($1.element < 0 ? 0 : scores[$1.offset * columns + $1.element]) }
        }
        var (complete, linear) = (CompleteAssignment(), LinearAssignment())
        complete.solve(scores: scores, rows: rows, columns: columns)
        linear.solve(costs: scores.map { -$0 }, rows: rows, columns: columns, unmatchedCost: 0)
        #expect(abs(total(complete.columnOfRow) - total(linear.columnOfRow)) < 1e-12)
        #expect(complete.columnOfRow.count { $0 >= 0 } == min(rows, columns))
    }

    @Test func curvesAreWellFormed() throws {
        var sequence = TrackedSequence()
        sequence.append(
            objects: [TrackedBox(id: 1, box: Self.box(0))], tracks: [TrackedBox(id: 1, box: Self.box(4))])
        var evaluation = TrackingEvaluation()
        evaluation.append(sequence, name: "one")
        for evaluation in [evaluation, TrackingEvaluation()] {
            let files = HOTAFiles(evaluation).files
            #expect(files.map(\.name) == ["hota.csv", "hota.svg"])
            #expect(files[0].content.split(separator: "\n").count == 20)
            #expect(files[0].content.hasPrefix("overlap,HOTA,DetA,AssA,DetRe,DetPr,AssRe,AssPr,LocA\n0.05,"))
            #expect(XMLParser(data: Data(files[1].content.utf8)).parse())
        }
    }
}
