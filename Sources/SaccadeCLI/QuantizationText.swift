import Foundation
import Saccade

extension QuantizationSummary {
    /// The summary for people: float against int8, the noisiest tensors, the slowest operators.
    var text: String {
        var lines = ["\(model) → \(output)"]
        lines.append(
            "calibrated on \(calibrationImages) pictures" + (leftOut.isEmpty ? "" : ", \(leftOut.count) left out")
                + String(format: " in %.0f s", seconds))
        lines += [""] + figureLines + [""] + noiseLines + [""] + layerLines
        lines += trialLines
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    private var figureLines: [String] {
        func row(_ name: String, _ float: String, _ int8: String, _ change: String) -> String {
            "  " + Self.padded(name, 26) + Self.padded(float, -10) + Self.padded(int8, -10) + "   " + change
        }
        var lines = [row("", "float", "int8", "")]
        if let evaluation {
            let difference = evaluation.difference
            lines.append(
                row(
                    "AP (\(evaluation.images) images)", Self.points(evaluation.floatAP),
                    Self.points(evaluation.quantizedAP),
                    String(
                        format: "%+.2f points, 95 %% interval %+.2f to %+.2f", 100 * difference.value,
                        100 * difference.lower, 100 * difference.upper)))
            lines.append(
                row(
                    "AP50", Self.points(evaluation.floatAP50), Self.points(evaluation.quantizedAP50),
                    String(format: "%+.2f points", 100 * (evaluation.quantizedAP50 - evaluation.floatAP50))))
        }
        if let agreement {
            lines.append(row("agreement", "", Self.percent(agreement.ap), "overlaps 0.5 to 0.95"))
            lines.append(row("", "", Self.percent(agreement.ap50), "overlap 0.5, \(agreement.objects) objects"))
            lines.append(row("deviation", "", Self.percent(agreement.deviation), "of scores and boxes"))
        }
        for latency in latencies {
            lines.append(
                row(
                    "p50, \(latency.width)×\(latency.height), \(latency.threads) "
                        + (latency.threads == 1 ? "thread" : "threads"),
                    String(format: "%.1f ms", latency.floatMilliseconds),
                    String(format: "%.1f ms", latency.quantizedMilliseconds),
                    String(format: "%.2f×", latency.floatMilliseconds / max(latency.quantizedMilliseconds, 1e-6))))
        }
        lines.append(
            row(
                "size", Self.megabytes(floatBytes), Self.megabytes(quantizedBytes),
                String(format: "%.2f×", Double(floatBytes) / Double(max(quantizedBytes, 1)))))
        return lines
    }

    private var noiseLines: [String] {
        ["noisiest tensors      signal/noise   own rounding"]
            + noise.prefix(10).map {
                String(format: "  %18.1f dB %11.1f dB   ", $0.decibels, $0.roundingDecibels) + $0.tensor
            }
    }

    private var layerLines: [String] {
        let all = layers.reduce(0) { $0 + $1.milliseconds }
        return ["slowest operators          share     GMAC/s"]
            + layers.prefix(10).map {
                String(
                    format: "  %13.2f ms %8.1f %% %10.1f   ", $0.milliseconds, 100 * $0.milliseconds / max(all, 1e-9),
                    Double($0.multiplyAdds) / max($0.milliseconds, 1e-6) / 1e6) + "\($0.op) \($0.node) (\($0.kernel))"
            }
    }

    private var trialLines: [String] {
        guard !trials.isEmpty else { return [] }
        let kept = trials.filter(\.isKept)
        return ["", "\(trials.count) changes tried on the calibration pictures, \(kept.count) kept"]
            + kept.map { trial in
                let change = trial.change == "float" ? " stays float" : trial.change == "range" ? ", another range" : ""
                return String(format: "  %15.2f %%   ", 100 * trial.deviation) + trial.tensor + change
            }
    }

    private static func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
    private static func points(_ value: Double) -> String { String(format: "%.2f", 100 * value) }
    private static func megabytes(_ count: Int) -> String { String(format: "%.2f MB", Double(count) / 1e6) }

    /// Padded on the right to a width, on the left where it is negative.
    private static func padded(_ text: String, _ width: Int) -> String {
        let space = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? space + text : text + space
    }
}
