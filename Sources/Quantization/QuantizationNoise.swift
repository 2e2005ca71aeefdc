import Foundation
package import Graphs
import Tensors

/// How far a quantized value is from the float one.
package struct LayerNoise: Hashable, Sendable {
    /// The value's name.
    package let value: String
    /// Signal to noise in decibels: 10 · log₁₀(power ÷ squared error), from the graph's input on.
    package let decibels: Double
    /// The same of rounding this value alone.
    package let roundingDecibels: Double
}

extension Quantizer {
    /// The signal-to-quantization-noise ratio of each set of values that share a scale, at the member that has the
    /// least; the worst ones first. Runs both graphs in float on at most `limit` of the inputs.
    package func noise(
        of recipe: QuantizationRecipe, in original: Graph, on source: CalibrationSource, limit: Int = 4
    ) throws(QuantizationError) -> [LayerNoise] {
        guard source.count > 0 else { throw .noCalibration }
        let source = source.prefix(limit)
        let quantized = try original.quantized(by: recipe)
        var values = [ValueID]()
        var others = [ValueID]()
        for id in placement.components.flatMap(\.sources) where recipe.values[graph[id].name] != nil {
            let name = graph[id].name
            guard let other = quantized.value(named: "\(name)_DequantizeLinear_Output") ?? quantized.value(named: name)
            else { continue }
            values.append(id)
            others.append(other)
        }
        let probe = try ValueProbe(
            graph, values: values, inputShapes: options.inputShapes, threads: options.threads)
        let otherProbe = try ValueProbe(
            quantized, values: others, inputShapes: options.inputShapes, threads: options.threads)
        var signal = Array(repeating: 0.0, count: values.count)
        var total = signal
        var rounding = signal
        for index in 0..<source.count {
            let tensor = try source(index)
            var tensors = Array(repeating: [Float](), count: values.count)
            try probe.run(tensor) { place, _, elements throws(QuantizationError) in tensors[place] = Array(elements) }
            try otherProbe.run(tensor) { place, _, elements throws(QuantizationError) in
                guard let parameters = recipe.values[graph[values[place]].name] else { return }
                let power = tensors[place].withUnsafeBufferPointer { Self.powers($0, elements, parameters) }
                signal[place] += power.signal
                total[place] += power.total
                rounding[place] += power.rounding
            }
        }
        func decibels(_ power: Double, _ error: Double) -> Double {
            power > 0 && error > 0 ? 10 * log10(power / error) : 200
        }
        return values.indices.map { place in
            LayerNoise(
                value: graph[values[place]].name, decibels: decibels(signal[place], total[place]),
                roundingDecibels: decibels(signal[place], rounding[place]))
        }.sorted { ($0.decibels, $0.value) < ($1.decibels, $1.value) }
    }

    private static func powers(
        _ exact: UnsafeBufferPointer<Float>, _ quantized: UnsafeBufferPointer<Float>,
        _ parameters: QuantizationParameters
    ) -> (signal: Double, total: Double, rounding: Double) {
        let (scale, zeroPoint) = (parameters.scales[0], Float(parameters.zeroPoints[0]))
        let inverse = 1 / scale
        var sums = (signal: 0.0, total: 0.0, rounding: 0.0)
        let count = min(exact.count, quantized.count)
        var start = 0
        while start < count {
            // Short float sums, so that nothing is lost in them.
            var (signal, total, rounding) = (Float(0), Float(0), Float(0))
            let end = min(start + 256, count)
            for index in start..<end {
                let x = exact[index]
                let q = min(max((x * inverse).rounded(.toNearestOrEven) + zeroPoint, 0), 255) - zeroPoint
                let error = q * scale - x
                let difference = quantized[index] - x
                signal += x * x
                total += difference * difference
                rounding += error * error
            }
            sums.signal += Double(signal)
            sums.total += Double(total)
            sums.rounding += Double(rounding)
            start = end
        }
        return sums
    }
}
