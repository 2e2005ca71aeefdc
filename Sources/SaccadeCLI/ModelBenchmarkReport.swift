import Detectors
import Execution
import Foundation
import Kernels
import Pipelines
import Saccade
import Tensors

/// The figures of a model's benchmark, as text and as JSON.
struct ModelBenchmarkReport {
    let model: String
    let instructionSet: InstructionSet
    let picture: String?
    let peak: MachinePeak
    let figures: ModelBenchmark.Figures

    /// The seconds that an operator's multiply-adds take at the peak of its kind.
    private func leastTime(_ layer: ModelBenchmark.Layer) -> Double {
        let isBytes = layer.operation.kernel.contains("u8")
        return Double(layer.operation.multiplyAdds)
            / ((isBytes ? peak.bytes : peak.floats) * Double(figures.layerThreads))
    }

    /// Several operators together.
    private struct Sum {
        var count = 0
        var multiplyAdds = 0.0
        var seconds = 0.0
        var leastTime = 0.0

        /// Multiply-adds a second.
        var rate: Double { seconds > 0 ? multiplyAdds / seconds : 0 }
        /// Of the peak.
        var share: Double { seconds > 0 ? leastTime / seconds : 0 }
    }

    private func sum(where isMeant: (ModelBenchmark.Layer) -> Bool) -> Sum {
        figures.layers.filter(isMeant).reduce(into: Sum()) { sum, layer in
            sum.count += 1
            sum.multiplyAdds += Double(layer.operation.multiplyAdds)
            sum.seconds += layer.seconds
            sum.leastTime += leastTime(layer)
        }
    }

    private var convolutions: Sum { sum { $0.operation.op == "convolution" } }

    // MARK: Text

    func text(perLayer: Bool) -> String {
        let all = sum { _ in true }
        let convolutions = convolutions
        var lines = [
            "\(model): \(figures.width)×\(figures.height) \(figures.input.dtype.rawValue), \(instructionSet.rawValue), "
                + "threads \(figures.threads), pictures at a time \(figures.frames), runs \(figures.runs)",
            "                          p50        p95        p99",
        ]
        for figures in [figures.network, figures.networkAndDecoding, figures.detector] {
            let times = [figures.p50, figures.p95, figures.p99].map { String(format: "%8.2f ms", $0 * 1000) }
            lines.append("  \(figures.name.padding(toLength: 19, withPad: " ", startingAt: 0))\(times.joined())")
        }
        lines.append(
            String(
                format: "  detector: letterbox %.2f, network %.2f, decoding %.2f, suppression %.2f ms; %d detections",
                figures.letterbox.p50 * 1000, figures.network.p50 * 1000, figures.decoding.p50 * 1000,
                figures.suppression.p50 * 1000, figures.detections))
        lines.append(String(format: "  %.1f pictures/s", figures.picturesPerSecond))
        lines.append(
            String(
                format: "  %d convolutions: %.2f GMAC in %.2f ms: %.1f GMAC/s, %.0f %% of the peak", convolutions.count,
                convolutions.multiplyAdds / 1e9, convolutions.seconds * 1000, convolutions.rate / 1e9,
                convolutions.share * 100))
        lines.append(
            String(
                format: "  all %d operators: %.2f ms; convolutions are %.0f %% of it", all.count, all.seconds * 1000,
                all.seconds > 0 ? convolutions.seconds / all.seconds * 100 : 0))
        lines.append(
            String(
                format: "  peak of a core, measured: %.1f GMAC/s in bytes, %.1f GMAC/s in floats", peak.bytes / 1e9,
                peak.floats / 1e9))
        if perLayer { lines += layerLines(of: all.seconds) }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    private func layerLines(of total: Double) -> [String] {
        var lines = ["       time  share  GMAC/s   peak  kernel                   operator"]
        for layer in figures.layers.sorted(by: { $0.seconds > $1.seconds }) {
            let work = Double(layer.operation.multiplyAdds)
            let rates =
                work > 0
                ? String(
                    format: "%8.1f %4.0f %%", work / max(layer.seconds, 1e-9) / 1e9,
                    leastTime(layer) / max(layer.seconds, 1e-9) * 100) : "       -      -"
            lines.append(
                String(format: "%8.3f ms %4.1f %%", layer.seconds * 1000, layer.seconds / max(total, 1e-9) * 100)
                    + rates + "  " + layer.operation.kernel.padding(toLength: 25, withPad: " ", startingAt: 0)
                    + "\(layer.operation.op) \(layer.operation.node)")
        }
        return lines
    }

    // MARK: JSON

    /// The names say their units; rates are a second.
    private struct Document: Encodable {
        struct Peak: Encodable {
            let bytes_gmac: Double
            let floats_gmac: Double
        }

        struct Convolutions: Encodable {
            let count: Int
            let ms: Double
            let gmac: Double
            let gmac_per_s: Double
            let share_of_peak: Double
        }

        struct Layer: Encodable {
            let node: String
            let op: String
            let kernel: String
            let ms: Double
            let share: Double
            let gmac_per_s: Double
            let share_of_peak: Double
        }

        let model: String
        let instruction_set: String
        let threads: Int
        let batch: Int
        let runs: Int
        let width: Int
        let height: Int
        let input: String
        let picture: String?
        let detections: Int
        /// The network and the decoding of its raw maps.
        let median_ms: Double
        let p95_ms: Double
        let p99_ms: Double
        let network_ms: Double
        let network_p95_ms: Double
        let network_p99_ms: Double
        let detector_ms: Double
        let detector_p95_ms: Double
        let detector_p99_ms: Double
        let letterbox_ms: Double
        let decoding_ms: Double
        let suppression_ms: Double
        let pictures_per_s: Double
        let gmac: Double
        let gmac_per_s: Double
        let peak_of_a_core: Peak
        let convolutions: Convolutions
        let layers: [Layer]?
    }

    /// Seconds in milliseconds, to the microsecond.
    private func milliseconds(_ seconds: Double) -> Double { (seconds * 1e6).rounded() / 1000 }

    func json(perLayer: Bool) throws -> String {
        let all = sum { _ in true }
        let convolutions = convolutions
        let layers = figures.layers.map { layer in
            let seconds = max(layer.seconds, 1e-9)
            return Document.Layer(
                node: layer.operation.node, op: layer.operation.op, kernel: layer.operation.kernel,
                ms: milliseconds(layer.seconds), share: layer.seconds / max(all.seconds, 1e-9),
                gmac_per_s: Double(layer.operation.multiplyAdds) / seconds / 1e9,
                share_of_peak: leastTime(layer) / seconds)
        }
        let document = Document(
            model: model, instruction_set: instructionSet.rawValue, threads: figures.threads, batch: figures.frames,
            runs: figures.runs, width: figures.width, height: figures.height, input: figures.input.dtype.rawValue,
            picture: picture, detections: figures.detections, median_ms: milliseconds(figures.networkAndDecoding.p50),
            p95_ms: milliseconds(figures.networkAndDecoding.p95), p99_ms: milliseconds(figures.networkAndDecoding.p99),
            network_ms: milliseconds(figures.network.p50), network_p95_ms: milliseconds(figures.network.p95),
            network_p99_ms: milliseconds(figures.network.p99), detector_ms: milliseconds(figures.detector.p50),
            detector_p95_ms: milliseconds(figures.detector.p95), detector_p99_ms: milliseconds(figures.detector.p99),
            letterbox_ms: milliseconds(figures.letterbox.p50), decoding_ms: milliseconds(figures.decoding.p50),
            suppression_ms: milliseconds(figures.suppression.p50), pictures_per_s: figures.picturesPerSecond,
            gmac: all.multiplyAdds / 1e9, gmac_per_s: all.multiplyAdds / max(figures.network.p50, 1e-9) / 1e9,
            peak_of_a_core: Document.Peak(bytes_gmac: peak.bytes / 1e9, floats_gmac: peak.floats / 1e9),
            convolutions: Document.Convolutions(
                count: convolutions.count, ms: milliseconds(convolutions.seconds),
                gmac: convolutions.multiplyAdds / 1e9,
                gmac_per_s: convolutions.rate / 1e9, share_of_peak: convolutions.share),
            layers: perLayer ? layers : nil)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }
}
