package import Foundation

/// The labels and scores of a classifier out of a CSV file (RFC 4180, without line ends in fields; tabs in place of commas
/// will do).
///
/// A row is a label and a score, or a label and a score for each class. A header is recognized by a score that is no
/// number. Without one the label stands in the first column and the score in the second.
package struct ScoreTable: Sendable {
    /// A column of scores.
    package struct Column: Sendable {
        /// Its name; of several columns that of a class.
        package let name: String
        /// A finite number for each row.
        package let scores: [Double]
    }

    /// Which columns hold what: names of the header, or numbers from 1.
    package struct Selection: Sendable {
        /// The column of labels; `nil` for `label`, or the first without a header.
        package var label: String?
        /// The column of scores; `nil` for `score`, or the second without a header. A header without `score` that names
        /// classes has a column of scores for each.
        package var score: String?

        /// Columns.
        package init(label: String? = nil, score: String? = nil) {
            self.label = label
            self.score = score
        }
    }

    /// The label of each row, as the file has it, without spaces around it.
    package let labels: [String]
    /// The scores: one column, or one for each class.
    package let columns: [Column]

    /// Reads a file.
    package init(contentsOf path: String, selection: Selection = Selection()) throws(EvaluationFileError) {
        try self.init(FileContent.read(path), name: path, selection: selection)
    }

    /// Reads a file's content; `name` is for errors.
    package init(_ data: Data, name: String, selection: Selection = Selection()) throws(EvaluationFileError) {
        let lines = TextLines(data, name: name)
        var rows = lines.ranges.indices.filter { !lines.isBlank(lines.ranges[$0]) }[...]
        guard let first = rows.first else {
            throw EvaluationFileError(kind: .corrupt, file: name, entry: nil, reason: "it is empty")
        }
        let start = lines.text(lines.ranges[first])
        let separator: Character = start.contains("\t") && !start.contains(",") ? "\t" : ","
        func fields(_ row: Int) throws(EvaluationFileError) -> [String] {
            guard let fields = Self.fields(lines.text(lines.ranges[row]), separator: separator) else {
                throw lines.error(row + 1, "a quotation mark is not closed")
            }
            return fields
        }
        let layout = try ScoreLayout(first: fields(first), line: first + 1, selection: selection, lines: lines)
        if layout.hasHeader { rows.removeFirst() }
        guard !rows.isEmpty else {
            throw EvaluationFileError(kind: .corrupt, file: name, entry: nil, reason: "no row follows the header")
        }
        var labels: [String] = []
        for row in rows {
            let found = try fields(row)
            guard found.indices.contains(layout.label), !found[layout.label].isEmpty else {
                throw lines.error(row + 1, "there is no label in column \(layout.label + 1)")
            }
            labels.append(found[layout.label])
        }
        let places = try layout.scores(for: labels, rows: Array(rows), lines: lines)
        var scores = places.map { _ in [Double]() }
        for row in rows {
            let found = try fields(row)
            for (index, place) in places.enumerated() {
                guard found.indices.contains(place.column), !found[place.column].isEmpty else {
                    throw lines.error(row + 1, "there is no score in column \(place.column + 1)")
                }
                guard let score = Double(found[place.column]), score.isFinite else {
                    throw lines.error(row + 1, "the score \(found[place.column]) is no finite number")
                }
                scores[index].append(score)
            }
        }
        self.labels = labels
        columns = zip(places, scores).map { Column(name: $0.name, scores: $1) }
    }

    /// The labels that occur, sorted.
    package var classes: [String] { Set(labels).sorted() }

    /// The label that stands for yes where two occur of which that is plain: 1 beside 0 or −1, true beside false, yes
    /// beside no, positive beside negative.
    package var plainPositive: String? {
        let classes = classes
        guard classes.count == 2 else { return nil }
        let pairs = [
            ("0", "1"), ("-1", "1"), ("0.0", "1.0"), ("-1.0", "1.0"), ("false", "true"), ("no", "yes"),
            ("negative", "positive"), ("neg", "pos"),
        ]
        for (negative, positive) in pairs where Set(classes.map { $0.lowercased() }) == [negative, positive] {
            return classes.first { $0.lowercased() == positive }
        }
        return nil
    }

    /// The fields of a line; `nil` when a quotation mark is not closed.
    private static func fields(_ line: String, separator: Character) -> [String]? {
        guard line.contains("\"") else {
            return line.split(separator: separator, omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
        var (fields, field, isQuoted) = ([String](), "", false)
        var rest = line[...]
        while let character = rest.popFirst() {
            if character == separator, !isQuoted {
                fields.append(field)
                field = ""
            } else if character != "\"" {
                field.append(character)
            } else if isQuoted, rest.first == "\"" {
                // Two marks within a quotation are one.
                rest.removeFirst()
                field.append("\"")
            } else {
                isQuoted.toggle()
            }
        }
        fields.append(field)
        return isQuoted ? nil : fields.map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
