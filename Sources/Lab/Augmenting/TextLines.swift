package import Augmentation

/// The lines of texts as samples: a text a line, or a label, a tab and a text. Empty lines are passed over.
package struct TextLines: Hashable, Sendable {
    package struct Line: Hashable, Sendable {
        package var label: String?
        /// What stands between spaces.
        package var tokens: [String]
        /// Where it comes from: "texts.txt, line 3".
        package var name: String
    }

    package let lines: [Line]

    static let largestFile = 1 << 28

    /// Reads files of UTF-8.
    package init(_ files: [String]) throws(DataSetError) {
        var lines: [Line] = []
        for file in files {
            var number = 0
            let text = try DataFolder.text(of: file, limit: Self.largestFile)
            for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
                number += 1
                if line.allSatisfy(\.isWhitespace) { continue }
                func failure(_ reason: String) -> DataSetError {
                    DataSetError(.corrupt, file: file, place: "line \(number)", reason: reason)
                }
                let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
                guard fields.count <= 2 else { throw failure("\(fields.count - 1) tabs: one stands after the label") }
                let tokens = (fields.last ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
                guard !tokens.isEmpty else { throw failure("there is no text after the label") }
                lines.append(
                    Line(
                        label: fields.count == 2 ? String(fields[0]) : nil, tokens: tokens,
                        name: "\(file), line \(number)"))
            }
        }
        guard !lines.isEmpty else {
            throw DataSetError(.unusable, file: files.first ?? "", reason: "there are no lines with text")
        }
        self.lines = lines
    }
}

extension SynonymTable {
    /// Reads a table's file. Throws `DataSetError` with the line.
    package init(file: String) throws(DataSetError) {
        let text = try DataFolder.text(of: file, limit: 1 << 24)
        do throws(FormatError) {
            try self.init(parsing: text)
        } catch {
            throw DataSetError(.corrupt, file: file, place: "line \(error.line)", reason: error.reason)
        }
    }
}
