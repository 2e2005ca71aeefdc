/// One step of a text recipe, drawn anew for each text from a stream of its own. The first four are those of Wei and
/// Zou, "EDA: easy data augmentation techniques", 2019; a share of n tokens is at least one of them.
package enum TextOperation: Hashable, Sendable {
    /// Words of a share of the tokens, of those that have synonyms, become one of them.
    case synonymReplacement(share: Double = 0.1, probability: Double = 1)
    /// As often as the share says, a synonym of one of the words goes to a random place.
    case insertion(share: Double = 0.1, probability: Double = 1)
    /// As often as the share says, two tokens change places.
    case swap(share: Double = 0.1, probability: Double = 1)
    /// Each token is left out with a chance of its own; one always stays.
    case deletion(rate: Double = 0.1, probability: Double = 1)
    /// Each letter and digit becomes the key beside it with a chance of its own.
    case keyboardNoise(rate: Double = 0.02, probability: Double = 1)

    /// The name in records, and of the stream of random numbers.
    package var name: String {
        switch self {
        case .synonymReplacement: "synonyms"
        case .insertion: "insertion"
        case .swap: "swap"
        case .deletion: "deletion"
        case .keyboardNoise: "keyboard noise"
        }
    }

    package var probability: Double {
        switch self {
        case .synonymReplacement(_, let p), .insertion(_, let p), .swap(_, let p), .deletion(_, let p),
            .keyboardNoise(_, let p):
            p
        }
    }

    /// The share or rate.
    var strength: Double {
        switch self {
        case .synonymReplacement(let s, _), .insertion(let s, _), .swap(let s, _), .deletion(let s, _),
            .keyboardNoise(let s, _):
            s
        }
    }

    /// What is wrong with the parameters; `nil` when nothing is.
    var fault: String? {
        guard (0...1).contains(probability) else { return "a probability is 0 to 1" }
        return (0...1).contains(strength) ? nil : "a share is 0 to 1"
    }
}

/// A recipe of random changes to a text, given and returned as tokens. What the text means, and so its label, stays.
///
///     let recipe = try TextAugmentation([.synonymReplacement(), .swap(), .deletion(), .keyboardNoise(rate: 0.02)])
///     var record = AugmentationRecord(seed: SampleSeed(run: 42, epoch: 3, index: 17))
///     let tokens = recipe.apply(to: ["book", "a", "flight", "to", "Rome"], &record)
///
/// The same seed gives the same tokens, and each operation has a stream of random numbers of its own.
package struct TextAugmentation: Hashable, Sendable {
    /// Which of the operations a text goes through.
    package enum Selection: String, Hashable, Sendable, CaseIterable {
        /// All of them, in their order.
        case all
        /// One, each as likely as the others, as EDA has it.
        case one
    }

    package let operations: [TextOperation]
    package let synonyms: SynonymTable
    package let selection: Selection

    package init(
        _ operations: [TextOperation], synonyms: SynonymTable = .english, selection: Selection = .all
    ) throws(AugmentationError) {
        for operation in operations {
            if let fault = operation.fault { throw AugmentationError(.invalidOperation(operation.name, fault)) }
        }
        self.init(checked: operations, synonyms, selection)
    }

    private init(checked operations: [TextOperation], _ synonyms: SynonymTable, _ selection: Selection) {
        self.operations = operations
        self.synonyms = synonyms
        self.selection = selection
    }

    /// The recipe without the operations of a name.
    package func removing(_ name: String) -> TextAugmentation {
        TextAugmentation(checked: operations.filter { $0.name != name }, synonyms, selection)
    }

    /// Changes a text as the record's seed says, and adds to the record what was drawn. No tokens stay no tokens.
    package func apply(to tokens: [String], _ record: inout AugmentationRecord) -> [String] {
        guard !tokens.isEmpty, !operations.isEmpty else { return tokens }
        var tokens = tokens
        var streams = OperationStreams(seed: record.seed)
        var choice = record.seed.stream("selection")
        let chosen = selection == .one ? choice.integer(below: operations.count) : nil
        for (index, operation) in operations.enumerated() {
            var stream = streams.stream(for: operation.name)
            guard chosen == nil || chosen == index, stream.happens(operation.probability) else { continue }
            if let detail = change(&tokens, operation, &stream) { record.add(operation.name, detail) }
        }
        return tokens
    }

    /// Does one operation; what was done, or `nil` when nothing was.
    private func change(
        _ tokens: inout [String], _ operation: TextOperation, _ stream: inout RandomStream
    ) -> String? {
        let strength = operation.strength
        let times = strength > 0 ? max(Int((strength * Double(tokens.count)).rounded()), 1) : 0
        switch operation {
        case .synonymReplacement:
            let known = tokens.indices.filter { !synonyms[tokens[$0]].isEmpty }
            var replaced: [String] = []
            var result = tokens.map { [$0] }
            for place in stream.choose(times, of: known.count).map({ known[$0] }).sorted() {
                let old = tokens[place]
                let new = synonym(of: old, &stream)
                result[place] = new
                replaced.append("\(old)→\(new.joined(separator: " "))")
            }
            tokens = result.flatMap { $0 }
            return replaced.isEmpty ? nil : replaced.joined(separator: " ")
        case .insertion:
            let known = tokens.filter { !synonyms[$0].isEmpty }
            guard !known.isEmpty, times > 0 else { return nil }
            var inserted: [String] = []
            for _ in 0..<times {
                let new = synonym(of: known[stream.integer(below: known.count)].lowercased(), &stream)
                tokens.insert(contentsOf: new, at: stream.integer(0...tokens.count))
                inserted.append(new.joined(separator: " "))
            }
            return inserted.joined(separator: " ")
        case .swap:
            guard tokens.count > 1, times > 0 else { return nil }
            for _ in 0..<times {
                let pair = (stream.integer(below: tokens.count), stream.integer(below: tokens.count - 1))
                tokens.swapAt(pair.0, pair.1 < pair.0 ? pair.1 : pair.1 + 1)
            }
            return "×\(times)"
        case .deletion:
            let count = tokens.count
            let survivor = stream.integer(below: count)
            let kept = tokens.indices.filter { _ in !stream.happens(strength) }
            tokens = kept.isEmpty ? [tokens[survivor]] : kept.map { tokens[$0] }
            return tokens.count < count ? "×\(count - tokens.count)" : nil
        case .keyboardNoise:
            var slips = 0
            tokens = tokens.map { token in
                String(
                    token.map { character in
                        guard stream.happens(strength) else { return character }
                        let other = KeyboardNoise.slip(character, &stream)
                        if other != character { slips += 1 }
                        return other
                    })
            }
            return slips > 0 ? "×\(slips)" : nil
        }
    }

    /// A synonym of a word that has some, as tokens; with a capital where the word begins with one.
    private func synonym(of word: String, _ stream: inout RandomStream) -> [String] {
        let choices = synonyms[word]
        var parts = choices[stream.integer(below: choices.count)].split(separator: " ").map(String.init)
        if word.first?.isUppercase == true, let first = parts.first {
            parts[0] = first.prefix(1).uppercased() + first.dropFirst()
        }
        return parts
    }
}
