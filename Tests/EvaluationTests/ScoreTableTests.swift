import Evaluation
import Foundation
import Testing

@Suite struct ScoreTableTests {
    private static func read(
        _ text: String, label: String? = nil, score: String? = nil
    ) throws(EvaluationFileError) -> ScoreTable {
        try ScoreTable(Data(text.utf8), name: "a.csv", selection: .init(label: label, score: score))
    }

    @Test func columnsAreFound() throws {
        for (text, label, score) in [
            ("1,0.5\n0,-2e1\n", nil, nil), ("label,score\r\n1,0.5\r\n0,-20\r\n", nil, nil),
            ("\u{FEFF}Score, id ,Label\n0.5,x,1\n\n -20 ,y, 0 \n", nil, nil),
            ("score\tlabel\n0.5\t1\n-20\t0", nil, nil),
            ("a,b,c\n9,0.5,1\n9,-20,0", "c", "b"), ("9,0.5,1\n9,-20,0", "3", "2"), ("A,2\n0.5,1\n-20,0", "2", "a"),
            ("\"label\",\"the, \"\"score\"\"\"\n\"1\",0.5\n0,\"-20\"", nil, "the, \"score\""),
        ] as [(String, String?, String?)] {
            let table = try Self.read(text, label: label, score: score)
            #expect(table.labels == ["1", "0"], "\(text)")
            #expect(table.columns.map(\.scores) == [[0.5, -20]], "\(text)")
        }
    }

    @Test func thePlainPositiveIsKnown() throws {
        for (labels, positive) in [
            (["0", "1"], "1"), (["1", "-1"], "1"), (["False", "True"], "True"), (["no", "yes"], "yes"),
            (["cat", "dog"], nil), (["1", "2"], nil), (["0", "1", "2"], nil), (["1"], nil),
        ] as [([String], String?)] {
            #expect(try Self.read(labels.map { "\($0),1\n" }.joined()).plainPositive == positive, "\(labels)")
        }
    }

    @Test(
        arguments: [
            ("", nil, "it is empty"), ("\n  \n", nil, "it is empty"),
            ("label,score\n", nil, "no row follows the header"),
            ("label,score\n1,0.5\n0,nan\n", nil, "line 3: the score nan is no finite number"),
            ("1,0.5\n\n0,inf", nil, "line 3: the score inf is no finite number"),
            ("1,nan\n0,1", nil, "line 1: the score nan is no finite number"),
            ("1,0.5\n0,abc", nil, "line 2: the score abc is no finite number"),
            ("1,0.5\n0", nil, "line 2: there is no score in column 2"),
            ("1,0.5\n0,", nil, "line 2: there is no score in column 2"),
            ("1,0.5\n,1", nil, "line 2: there is no label in column 1"),
            (
                "truth,score\n1,0.5", nil,
                "line 1: there is no column label: the columns are truth, score. --label-column names another"
            ),
            (
                "label,score\n1,0.5", "p",
                "line 1: there is no column p: the columns are label, score. --score-column names another"
            ),
            ("1,0.5\n0,1", "3", "line 1: there is no column 3: there are 2 columns. --score-column names another"),
            (
                "label,p\n1,0.5\n0,0.2", nil,
                "line 1: there is no column score, and none with the name of a label: the columns are label, p. "
                    + "--score-column names one"
            ),
            ("label,cat,dog\ncat,1,0\n\nbird,0,0", nil, "line 4: the label bird has no column of scores"),
            ("label,cat,cat\ncat,1,0", nil, "line 1: two columns have the same name of a label"),
            ("label,score\n\"1,0.5", nil, "line 2: a quotation mark is not closed"),
        ] as [(String, String?, String)])
    func rubbishIsNamed(text: String, score: String?, message: String) {
        let error = #expect(throws: EvaluationFileError.self) { try Self.read(text, score: score) }
        #expect(error?.kind == .corrupt)
        #expect(error?.description == "a.csv: " + message)
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: EvaluationFileError.self) { try ScoreTable(contentsOf: "/nowhere/scores.csv") }
        #expect(error?.kind == .missing && error?.description == "/nowhere/scores.csv: there is no such file")
    }
}
