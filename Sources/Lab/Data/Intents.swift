import Foundation

/// What people say to an assistant and what they want: the file `data_small.json` of CLINC150 (Larson et al., "An
/// evaluation dataset for intent classification and out-of-scope prediction", 2019), an object with lists of
/// `[text, intent]` named "train", "val" and "test". What is out of scope has no class and is passed over.
package struct Intents: Sendable {
    package struct Utterance: Hashable, Sendable {
        package var tokens: [String]
        /// Index in `classNames`.
        package var label: Int
        /// Where it stands: "train, sample 17".
        package var name: String
    }

    package let file: String
    /// In alphabetical order.
    package let classNames: [String]
    package let utterances: [DataPart: [Utterance]]

    static let keys: [(part: DataPart, key: String)] = [(.training, "train"), (.validation, "val"), (.test, "test")]
    static let largestFile = 1 << 28

    /// Reads a file.
    ///
    /// - Parameter classes: how many intents, the first ones in alphabetical order; nil: all.
    package init(file: String, classes: Int? = nil) throws(DataSetError) {
        self.file = file
        let lists = try Self.lists(file)
        let names = Set(lists.flatMap(\.pairs).map { $0[1] }).sorted()
        classNames = Array(names.prefix(classes ?? names.count))
        let labels = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, $0) })
        var utterances: [DataPart: [Utterance]] = [:]
        for (part, key, pairs) in lists {
            utterances[part] = pairs.enumerated().compactMap { index, pair in
                labels[pair[1]].map { label in
                    Utterance(tokens: Self.tokens(pair[0]), label: label, name: "\(key), sample \(index)")
                }
            }
        }
        self.utterances = utterances
        try DataPart.check(utterances.mapValues { $0.map(\.label) }, classNames: classNames, file: file)
    }

    /// The pairs of text and intent of each part, checked.
    private static func lists(
        _ file: String
    ) throws(DataSetError) -> [(part: DataPart, key: String, pairs: [[String]])] {
        let bytes = try DataFolder.bytes(of: file, limit: largestFile)
        let object: [String: Any]
        do {
            let json = try JSONSerialization.jsonObject(with: Data(bytes))
            guard let dictionary = json as? [String: Any] else {
                throw DataSetError(.corrupt, file: file, reason: "it is no JSON object")
            }
            object = dictionary
        } catch let error as DataSetError {
            throw error
        } catch {
            let words = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            throw DataSetError(.corrupt, file: file, reason: "it is not JSON: \(words ?? "it cannot be read")")
        }
        var lists: [(part: DataPart, key: String, pairs: [[String]])] = []
        for (part, key) in keys {
            guard let value = object[key] else {
                throw DataSetError(.corrupt, file: file, reason: "it has no \"\(key)\"")
            }
            guard let samples = value as? [Any] else {
                throw DataSetError(.corrupt, file: file, place: key, reason: "it is no list")
            }
            var pairs: [[String]] = []
            for (index, sample) in samples.enumerated() {
                guard let pair = sample as? [String], pair.count == 2 else {
                    throw DataSetError(
                        .corrupt, file: file, place: "\(key), sample \(index)",
                        reason: "it is no pair of a text and an intent")
                }
                guard !tokens(pair[0]).isEmpty, !pair[1].isEmpty else {
                    throw DataSetError(
                        .corrupt, file: file, place: "\(key), sample \(index)",
                        reason: pair[1].isEmpty ? "its intent is empty" : "its text has no word")
                }
                pairs.append(pair)
            }
            lists.append((part, key, pairs))
        }
        return lists
    }

    /// The words of a text in small letters: runs of letters, digits and apostrophes.
    package static func tokens(_ text: String) -> [String] {
        text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'") }.map(String.init)
    }
}

/// The words that a model of texts knows. Token 0 is padding, 1 any word that is not in the list.
package struct Vocabulary: Hashable, Sendable {
    package static let padding: Int64 = 0
    package static let unknown: Int64 = 1

    /// Tokens 2 and on.
    package let words: [String]
    private let places: [String: Int64]

    /// The words that texts have at least `minimum` times, the most frequent first, then in alphabetical order.
    package init(_ texts: some Sequence<[String]>, minimum: Int = 2) {
        var counts: [String: Int] = [:]
        for text in texts { for word in text { counts[word, default: 0] += 1 } }
        let known = counts.filter { $0.value >= minimum }
        words = known.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        places = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, Int64($0) + 2) })
    }

    /// The number of tokens, those two among them.
    package var count: Int { words.count + 2 }

    package subscript(word: String) -> Int64 { places[word] ?? Self.unknown }
}
