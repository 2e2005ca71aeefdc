/// Words that can stand for each other.
///
///     let table = try SynonymTable(parsing: """
///         # one group a line
///         big, large, huge
///         car, automobile, motor vehicle
///         """)
///     table["Big"]   // ["large", "huge"]
package struct SynonymTable: Hashable, Sendable {
    /// What is wrong with a line of a table.
    package struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The line, from 1.
        package var line: Int
        package var reason: String

        package init(line: Int, reason: String) {
            self.line = line
            self.reason = reason
        }

        package var description: String { "line \(line): \(reason)" }
    }

    /// The groups, in lower case, in their order.
    package let groups: [[String]]
    private let synonyms: [String: [String]]

    /// The most words in a group.
    package static let longestGroup = 100

    /// Reads a table: words separated by commas, one group a line; empty lines and those that begin with # are passed
    /// over. A word may stand in several groups.
    package init(parsing text: String) throws(FormatError) {
        var groups: [[String]] = []
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let trimmed = Self.trimmed(line)
            if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
            let words = trimmed.split(separator: ",", omittingEmptySubsequences: false).map {
                Self.trimmed($0).lowercased()
            }
            if let place = words.firstIndex(of: "") {
                throw FormatError(line: number, reason: "word \(place + 1) is empty")
            }
            guard words.count >= 2 else { throw FormatError(line: number, reason: "a group of one word") }
            guard words.count <= Self.longestGroup else {
                throw FormatError(line: number, reason: "a group of more than \(Self.longestGroup) words")
            }
            var seen: Set<String> = []
            for word in words where !seen.insert(word).inserted {
                throw FormatError(line: number, reason: "'\(word)' stands in the group twice")
            }
            groups.append(words)
        }
        self.groups = groups
        var synonyms: [String: [String]] = [:]
        for group in groups {
            for word in group {
                let known = synonyms[word, default: []]
                synonyms[word] = known + group.filter { $0 != word && !known.contains($0) }
            }
        }
        self.synonyms = synonyms
    }

    /// The words that can stand for a word of any case, in lower case; none for a word that is not in the table. A
    /// synonym may be several words, separated by spaces.
    package subscript(word: String) -> [String] { synonyms[word.lowercased()] ?? [] }

    private static func trimmed(_ text: Substring) -> Substring {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return text[first...last]
    }
}
