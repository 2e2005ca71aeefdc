package import Augmentation
package import Tensors
package import Training

/// Texts as tokens of a vocabulary: "tokens", N×L, int64, and "lengths", N, int64.
///
/// L is the length of the longest text of the batch, rounded up so that there are few shapes and so few plans.
package struct IntentSamples: ClassifiedSamples {
    /// Tokens of a text that count; the rest is cut off.
    package static let longest = 32
    private static let unit = 8

    package let utterances: [Intents.Utterance]
    package let vocabulary: Vocabulary
    package var augmentation: TextAugmentation?
    package let labels: [Int]

    package init(
        _ utterances: [Intents.Utterance], vocabulary: Vocabulary, augmentation: TextAugmentation? = nil
    ) {
        self.utterances = utterances
        self.vocabulary = vocabulary
        self.augmentation = augmentation
        labels = utterances.map(\.label)
    }

    package func name(of index: Int) -> String { utterances[index].name }

    package func inputs(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor] {
        let texts = indices.map { index -> [Int64] in
            var words = utterances[index].tokens
            if let draw, let augmentation {
                var record = AugmentationRecord(seed: SampleSeed(run: draw.seed, epoch: draw.epoch, index: index))
                words = augmentation.apply(to: words, &record)
            }
            return words.prefix(Self.longest).map { vocabulary[$0] }
        }
        let length = max((texts.map(\.count).max() ?? 0) + Self.unit - 1, Self.unit) / Self.unit * Self.unit
        var tokens = [Int64](repeating: Vocabulary.padding, count: texts.count * length)
        for (row, text) in texts.enumerated() {
            for (column, token) in text.enumerated() { tokens[row * length + column] = token }
        }
        return [
            "tokens": try Tensor(tokens, shape: [texts.count, length]),
            "lengths": try Tensor(texts.map { Int64($0.count) }, shape: [texts.count]),
        ]
    }
}
