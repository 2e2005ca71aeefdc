import Evaluation
import Foundation

extension EvalClassifierReport {
    /// The report for people: of one class all there is, of several a row each.
    var text: String {
        var lines = ["\(file): \(rows) rows"]
        if let mean {
            lines[0] += ", \(classes.count) classes, each against the rest"
            lines += [""] + classLines(mean: mean)
        } else if let only = classes.first {
            lines[0] += ", \(only.positives) positive (\(only.name)), \(only.negatives) negative"
            lines += [""] + areaLines(only) + [""] + pointLines(only)
            if let cost = only.leastCost { lines += [""] + costLines(cost) }
            if let note = only.note { lines += [""] + Self.wrapped("note: " + note) }
        }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    // MARK: - One class

    private func areaLines(_ only: Class) -> [String] {
        let head = only.interval == nil ? "" : "   95 % interval     "
        func line(_ name: String, _ value: Double, _ estimate: Bootstrap.Estimate?, _ guessing: Double) -> String {
            "  " + name.leading(18) + Self.figure(value).trailing(7)
                + (estimate.map { "   " + Self.interval($0).leading(18) } ?? "") + Self.figure(guessing).trailing(10)
        }
        return [
            "                      value" + head + "  guessing",
            line("average precision", only.averagePrecision, only.interval?.averagePrecision, only.baseRate),
            line("ROC AUC", only.areaUnderRoc, only.interval?.areaUnderROC, 0.5),
        ]
    }

    private func pointLines(_ only: Class) -> [String] {
        [Self.pointHead, "  " + "best F1".leading(18) + Self.columns(only.bestF1)]
            + only.atRecall.map { entry in
                "  " + "recall \(Self.short(entry.wanted))".leading(18) + Self.columns(entry.point)
            }
    }

    private func costLines(_ cost: Cost) -> [String] {
        func plain(_ value: Double) -> String { String(format: "%g", value) }
        let name = "a false alarm costs \(plain(cost.falsePositive)), a miss \(plain(cost.falseNegative))"
        var lines = [name, Self.pointHead, "  " + "least cost".leading(18) + Self.columns(cost.point)]
        let point = cost.point
        lines.append(
            "  true positives \(point.truePositives), false positives \(point.falsePositives), "
                + "false negatives \(point.falseNegatives), true negatives \(point.trueNegatives)")
        lines.append(
            "  a row costs \(Self.figure(cost.mean)) on average; \(Self.figure(cost.meanOfNothing)) if no row is called "
                + "positive, \(Self.figure(cost.meanOfEverything)) if all are")
        if let threshold = cost.thresholdOfProbabilities {
            lines.append("  if the scores are probabilities, the threshold to expect is \(Self.figure(threshold))")
        }
        return lines
    }

    // MARK: - Several classes

    private func classLines(mean: Mean) -> [String] {
        let width = min(max(5, classes.map(\.name.count).max() ?? 5), 32)
        let hasIntervals = mean.interval != nil
        func row(
            _ name: String, _ areas: (Double, Double), _ interval: Bootstrap.AreaEstimates?, _ rest: [String]
        ) -> String {
            var line = name.leading(width) + Self.figure(areas.0).trailing(9)
            if hasIntervals { line += "   " + (interval.map { Self.interval($0.averagePrecision) } ?? "").leading(18) }
            line += Self.figure(areas.1).trailing(9)
            return line + zip(rest, [11, 11, 9, 10, 15]).map { $0.trailing($1) }.joined()
        }
        var lines = [
            "class".leading(width) + "       AP" + (hasIntervals ? "   95 % interval     " : "")
                + "  ROC AUC   guessing  positives  best F1        at"
                + (classes.contains { $0.leastCost != nil } ? "  least cost at" : "")
        ]
        for entry in classes {
            let best = entry.bestF1
            lines.append(
                row(
                    entry.name.withoutControls, (entry.averagePrecision, entry.areaUnderRoc), entry.interval,
                    [
                        Self.figure(entry.baseRate), String(entry.positives), Self.short(best.f1),
                        best.threshold.map(Self.threshold) ?? "-",
                    ] + (entry.leastCost.map { [$0.point.threshold.map(Self.threshold) ?? "nothing"] } ?? [])))
        }
        lines.append(row("mean", (mean.averagePrecision, mean.areaUnderRoc), mean.interval, []))
        return lines
    }

    // MARK: - Words

    private static let pointHead = "                    threshold  precision   recall       F1   false positive rate"

    private static func columns(_ point: OperatingPoint) -> String {
        (point.threshold.map(threshold) ?? "nothing").trailing(9)
            + (point.precision.map { short($0) } ?? "-").trailing(11) + short(point.recall).trailing(9)
            + short(point.f1).trailing(9) + String(format: "%.4f", point.falsePositiveRate).trailing(22)
    }

    private static func figure(_ value: Double) -> String { String(format: "%.4f", value) }

    private static func short(_ value: Double) -> String { String(format: "%.3f", value) }

    private static func threshold(_ value: Double) -> String { String(format: "%.4g", value) }

    private static func interval(_ estimate: Bootstrap.Estimate) -> String {
        "\(figure(estimate.lower)) to \(figure(estimate.upper))"
    }

    /// Lines of at most a hundred characters.
    private static func wrapped(_ text: String) -> [String] {
        text.split(separator: " ").reduce(into: [""]) { lines, word in
            let last = lines.count - 1
            if lines[last].count + word.count + 1 > 100 {
                lines.append("  " + word)
            } else {
                lines[last] += (lines[last].isEmpty ? "" : " ") + word
            }
        }
    }
}
