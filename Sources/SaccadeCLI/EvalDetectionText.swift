import Evaluation
import Foundation

extension EvalDetectionReport {
    /// The report for people: a table of figures, the best threshold, the errors, and the classes if wanted.
    func text(perClass: Bool) -> String {
        var lines = ["\(groundTruth): \(images) images, \(objects) objects"]
        lines.append("\(run.file): \(run.detections) detections")
        if let compared { lines.append("\(compared.file): \(compared.detections) detections (compared)") }
        lines += [""] + figures + [""] + thresholdLines + [""] + errorLines
        if perClass { lines += [""] + classLines }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    // MARK: - Figures

    private var figures: [String] {
        let overlaps =
            thresholds.count == 1
            ? Self.overlap(thresholds[0])
            : "\(Self.overlap(thresholds[0])) to "
                + Self.overlap(thresholds[thresholds.count - 1])
        let rows: [(name: String, what: String, value: (DetectionSummary) -> Double?)] = [
            ("AP", "overlap \(overlaps)", \.ap), ("AP50", "overlap 0.50", \.ap50), ("AP75", "overlap 0.75", \.ap75),
            ("AP small", "area to 32²", \.apSmall), ("AP medium", "area 32² to 96²", \.apMedium),
            ("AP large", "area from 96²", \.apLarge), ("AR 1", "1 detection an image and class", \.ar1),
            ("AR 10", "10 detections", \.ar10), ("AR 100", "100 detections", \.ar100),
            ("AR small", "area to 32²", \.arSmall), ("AR medium", "area 32² to 96²", \.arMedium),
            ("AR large", "area from 96²", \.arLarge),
        ]
        return compared.map { comparison(rows.map { ($0.name, $0.value) }, with: $0) } ?? single(rows)
    }

    private func single(_ rows: [(name: String, what: String, value: (DetectionSummary) -> Double?)]) -> [String] {
        let intervals = [run.interval?.ap, run.interval?.ap50]
        let head = intervals[0] == nil ? "" : "   95 % interval"
        return ["              value" + head]
            + rows.enumerated().map { index, row in
                var line = "  " + Self.left(row.name, 10) + Self.right(Self.figure(row.value(run.summary)), 7)
                if intervals[0] != nil {
                    let estimate = index < 2 ? intervals[index] : nil
                    line += "   " + Self.left(estimate.map(Self.interval) ?? "", 18)
                }
                return line + "  " + row.what
            }
    }

    private func comparison(
        _ rows: [(name: String, value: (DetectionSummary) -> Double?)], with other: Run
    ) -> [String] {
        let estimates = [difference?.ap, difference?.ap50]
        let head = estimates[0] == nil ? "" : "   95 % interval        worse in"
        return ["                run   compared   difference" + head]
            + rows.enumerated().map { index, row in
                let (first, second) = (row.value(run.summary), row.value(other.summary))
                let change = first.flatMap { first in second.map { $0 - first } }
                var line = "  " + Self.left(row.name, 10) + Self.right(Self.figure(first), 7)
                line += Self.right(Self.figure(second), 11) + Self.right(Self.signed(change), 13)
                if index < 2, let estimate = estimates[index] {
                    let range = "\(Self.signed(estimate.lower)) to \(Self.signed(estimate.upper))"
                    line += "   " + Self.left(range, 21)
                    line += String(format: "%.1f %%", estimate.shareBelowZero * 100)
                }
                return line
            }
    }

    // MARK: - Threshold and errors

    private var thresholdLines: [String] {
        var lines = ["best F1      at  precision  recall   (mean of the classes, overlap \(Self.overlap(f1Overlap)))"]
        for run in [run, compared].compactMap(\.self) {
            let best = run.bestF1
            lines.append(
                Self.right(Self.short(best?.f1), 7) + Self.right(Self.short(best?.confidence), 8)
                    + Self.right(Self.short(best?.precision), 11) + Self.right(Self.short(best?.recall), 8))
        }
        if compared != nil {
            lines[1] += "   run"
            lines[2] += "   compared"
        }
        return lines
    }

    private var errorLines: [String] {
        let best = run.errorsAtBestF1
        var lines = [compared == nil ? "errors, overlap 0.5" : "errors of the run  "]
        let from = best?.minimumScore.map { String(format: "from confidence %.3f", $0) }
        lines[0] += "        all detections" + (from.map { "           " + $0 } ?? "")
        lines.append(
            "                 count    share  AP50 cost" + (best == nil ? "" : "      count    share  AP50 cost"))
        for kind in ErrorBreakdown.Kind.allCases {
            var line = "  " + Self.left(kind.rawValue, 12) + Self.entry(run.errors[kind])
            if let best { line += "   " + Self.entry(best[kind]) }
            lines.append(line)
        }
        return lines
    }

    private static func entry(_ entry: ErrorBreakdown.Entry) -> String {
        right(String(entry.count), 8) + String(format: "%7.1f %%", entry.share * 100) + right(figure(entry.cost), 11)
    }

    // MARK: - Classes

    private var classLines: [String] {
        let names = run.classes.map(\.name.withoutControls)
        let width = min(max(5, names.map(\.count).max() ?? 5), 32)
        let other = compared == nil ? "" : "   compared  difference"
        var lines = [
            Self.left("class", width) + " objects  detections      AP    AP50    AP75  AR 100  best F1     at" + other
        ]
        for (index, entry) in run.classes.enumerated() {
            let figures = entry.figures
            var line = Self.left(String(names[index].prefix(width)), width) + Self.right(String(figures.objects), 8)
            line += Self.right(String(figures.detections), 12)
            for figure in [figures.ap, figures.ap50, figures.ap75, figures.ar100] {
                line += Self.right(Self.figure(figure), 8)
            }
            line += Self.right(Self.short(entry.bestF1?.f1), 9) + Self.right(Self.short(entry.bestF1?.confidence), 7)
            if let compared {
                let second = compared.classes[index].figures.ap
                let change = figures.ap.flatMap { first in second.map { $0 - first } }
                line += Self.right(Self.figure(second), 11) + Self.right(Self.signed(change), 12)
            }
            lines.append(line)
        }
        return lines
    }

    // MARK: - Words

    private static func figure(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "-" }

    private static func short(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "-" }

    private static func signed(_ value: Double?) -> String { value.map { String(format: "%+.4f", $0) } ?? "-" }

    private static func overlap(_ value: Double) -> String { String(format: "%.2f", value) }

    private static func interval(_ estimate: Bootstrap.Estimate) -> String {
        "\(figure(estimate.lower)) to \(figure(estimate.upper))"
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
