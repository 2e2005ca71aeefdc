package import Tensors

/// Everything that is decided when a graph is quantized, by the names of its values: a plain value that can be printed,
/// compared and changed before `Graph.quantized(by:)` carries it out.
package struct QuantizationRecipe: Hashable, Sendable, CustomStringConvertible {
    /// Uint8 for the values that are stored quantized; what is not named stays float.
    package var values: [String: QuantizationParameters]
    /// Int8 for the weights of convolutions, by the name of the convolution's result: one scale for each output channel.
    /// What is not named keeps float weights.
    package var weightScales: [String: [Float]]
    /// What is added to the biases of convolutions, by the same name: one number for each output channel.
    package var biasShifts: [String: [Float]]

    package init(
        values: [String: QuantizationParameters] = [:], weightScales: [String: [Float]] = [:],
        biasShifts: [String: [Float]] = [:]
    ) {
        self.values = values
        self.weightScales = weightScales
        self.biasShifts = biasShifts
    }

    /// One line for each value and each convolution, in order of name.
    package var description: String {
        let tensors = values.sorted { $0.key < $1.key }.map { name, parameters in
            "\(name): uint8, scale \(parameters.scales[0]), zero point \(parameters.zeroPoints[0])"
        }
        let convolutions = weightScales.sorted { $0.key < $1.key }.map { name, scales in
            let shift = biasShifts[name]?.map { abs($0) }.max().map { ", bias moved by up to \($0)" } ?? ""
            return "\(name): int8 weights, scales \(scales.min() ?? 0) to \(scales.max() ?? 0)\(shift)"
        }
        return (tensors + convolutions).joined(separator: "\n")
    }
}
