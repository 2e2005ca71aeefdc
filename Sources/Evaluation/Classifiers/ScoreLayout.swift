/// Which columns of a score table hold what.
struct ScoreLayout {
    /// Whether the first line names the columns.
    let hasHeader: Bool
    /// The place of the label.
    let label: Int
    /// The place of the scores where one column has them; `nil` where each class has its own.
    let score: Int?
    /// The names of the columns; empty without a header.
    let names: [String]
    private let headerLine: Int

    init(
        first: [String], line: Int, selection: ScoreTable.Selection, lines: TextLines
    ) throws(EvaluationFileError) {
        headerLine = line
        let plainScore = selection.score.flatMap(Int.init).map { $0 - 1 } ?? 1
        let isNamed = [selection.label, selection.score].contains { $0.map { Int($0) == nil } ?? false }
        hasHeader = isNamed || (first.indices.contains(plainScore) && Double(first[plainScore]) == nil)
        let names = hasHeader ? first : []
        self.names = names
        func place(_ wanted: String, option: String) throws(EvaluationFileError) -> Int {
            if let place = names.firstIndex(of: wanted) { return place }
            if let number = Int(wanted), (1...max(1, first.count)).contains(number) { return number - 1 }
            if let place = names.firstIndex(where: { $0.lowercased() == wanted.lowercased() }) { return place }
            let count = first.count == 1 ? "there is 1 column" : "there are \(first.count) columns"
            let known = names.isEmpty ? count : "the columns are " + Self.list(names)
            throw lines.error(line, "there is no column \(wanted): \(known). \(option) names another")
        }
        guard hasHeader else {
            label = try place(selection.label ?? "1", option: "--label-column")
            score = try place(selection.score ?? "2", option: "--score-column")
            return
        }
        label = try place(selection.label ?? "label", option: "--label-column")
        if let wanted = selection.score {
            score = try place(wanted, option: "--score-column")
        } else {
            score = names.firstIndex { $0.lowercased() == "score" }
        }
    }

    /// The columns of scores: the one that there is, or those whose names are labels.
    func scores(
        for labels: [String], rows: [Int], lines: TextLines
    ) throws(EvaluationFileError) -> [(name: String, column: Int)] {
        if let score { return [(names.indices.contains(score) ? names[score] : "score", score)] }
        let known = Set(labels)
        let found = names.indices.filter { $0 != label && known.contains(names[$0]) }.map { (names[$0], $0) }
        guard !found.isEmpty else {
            throw lines.error(
                headerLine,
                "there is no column score, and none with the name of a label: the columns are \(Self.list(names)). "
                    + "--score-column names one")
        }
        let columns = Set(found.map(\.0))
        guard columns.count == found.count else {
            throw lines.error(headerLine, "two columns have the same name of a label")
        }
        for (row, label) in zip(rows, labels) where !columns.contains(label) {
            throw lines.error(row + 1, "the label \(label) has no column of scores")
        }
        return found
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
    }
}
