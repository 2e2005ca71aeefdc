/// How often samples of each class were taken for each class.
package struct ConfusionMatrix: Hashable, Sendable {
    package let classNames: [String]
    /// Row by row: `counts[label * classes + prediction]`.
    package let counts: [Int]

    /// Labels and predictions of the same samples, in 0 ..< the number of classes.
    package init(classNames: [String], labels: [Int], predictions: [Int]) {
        precondition(labels.count == predictions.count, "a prediction for each label")
        self.classNames = classNames
        var counts = [Int](repeating: 0, count: classNames.count * classNames.count)
        for (label, prediction) in zip(labels, predictions) { counts[label * classNames.count + prediction] += 1 }
        self.counts = counts
    }

    private var classes: Range<Int> { classNames.indices }

    package subscript(label: Int, prediction: Int) -> Int { counts[label * classNames.count + prediction] }

    package var sampleCount: Int { counts.reduce(0, +) }

    package var correctCount: Int { classes.reduce(0) { $0 + self[$1, $1] } }

    /// The part of the samples that were taken for what they are; 0 for none.
    package var accuracy: Double { Double(correctCount) / Double(max(sampleCount, 1)) }

    /// The part of a class's samples that was found; nil when it has none.
    package func recall(_ label: Int) -> Double? {
        let total = classes.reduce(0) { $0 + self[label, $1] }
        return total > 0 ? Double(self[label, label]) / Double(total) : nil
    }

    /// The part of what was taken for a class that is of it; nil when nothing was.
    package func precision(_ prediction: Int) -> Double? {
        let total = classes.reduce(0) { $0 + self[$1, prediction] }
        return total > 0 ? Double(self[prediction, prediction]) / Double(total) : nil
    }

    /// The mean of the classes' recalls: what accuracy would be if all were equally frequent.
    package var balancedAccuracy: Double {
        let recalls = classes.compactMap { recall($0) }
        return recalls.reduce(0, +) / Double(max(recalls.count, 1))
    }

    /// The pairs that were mixed up most, most frequent first.
    package func confusions(_ count: Int) -> [(label: Int, prediction: Int, count: Int)] {
        let pairs = classes.flatMap { label in
            classes.filter { $0 != label && self[label, $0] > 0 }.map { (label, $0, self[label, $0]) }
        }
        return pairs.sorted { ($1.2, $0.0, $0.1) < ($0.2, $1.0, $1.1) }.prefix(count).map { $0 }
    }

    /// A table for people; with many classes the pairs that were mixed up most.
    package var text: String {
        guard classNames.count <= 20 else {
            var text = "most frequent confusions (of \(classNames.count) classes):\n"
            for pair in confusions(10) {
                text += "  \(pair.count)×  \(classNames[pair.label]) taken for \(classNames[pair.prediction])\n"
            }
            return text
        }
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        let cell = max(classNames.map { min($0.count, 9) }.max() ?? 0, "\(counts.max() ?? 0)".count) + 2
        let first = max(classNames.map { min($0.count, 24) }.max() ?? 0, 14)
        var text = padded("true \\ taken for", first + 2)
        for name in classNames { text += padded(String(name.prefix(9)), cell) }
        text += "   recall\n"
        for label in classes {
            text += padded(String(classNames[label].prefix(24)), first + 2)
            for prediction in classes {
                let count = self[label, prediction]
                text += padded(count == 0 ? "·" : "\(count)", cell)
            }
            text += padded(recall(label).map(Self.percent) ?? "–", 9) + "\n"
        }
        return text
    }

    /// With one decimal.
    private static func percent(_ share: Double) -> String {
        let thousandths = Int((share * 1000).rounded())
        return "\(thousandths / 10).\(thousandths % 10) %"
    }
}
