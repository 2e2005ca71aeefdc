package import Graphs

/// Blocks of the detector, all of convolution, batch normalization and SiLU.
extension ModelBuilder {
    mutating func detectorBlock(
        _ x: ValueID, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, name: String
    ) throws(GraphError) -> ValueID {
        try convolutionBlock(
            x, from: inputs, to: outputs, kernel: kernel, stride: stride, activation: .silu, epsilon: 1e-3,
            name: name)
    }

    /// A cross-stage partial block (Wang et al. 2020) as YOLOv8 has it, "C2f": half the channels go through `count` pairs of
    /// 3×3 convolutions, and what each pair gives is joined at the end. N×C×H×W to N×outputs×H×W.
    ///
    /// - Parameter addsInput: whether each pair has a way around it.
    package mutating func crossStageBlock(
        _ x: ValueID, from inputs: Int, to outputs: Int, count: Int, addsInput: Bool, name: String = "block"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let inner = max(outputs / 2, 1)
            let halves = try net.nodes.split(
                net.detectorBlock(x, from: inputs, to: 2 * inner, kernel: 1, name: "first"), axis: 1,
                sizes: [inner, inner])
            var parts = halves
            for index in 0..<count {
                let input = parts[parts.count - 1]
                var h = try net.detectorBlock(input, from: inner, to: inner, kernel: 3, name: "pair\(index).first")
                h = try net.detectorBlock(h, from: inner, to: inner, kernel: 3, name: "pair\(index).second")
                parts.append(addsInput ? try net.add(input, h) : h)
            }
            return try net.detectorBlock(
                net.nodes.concat(parts, axis: 1), from: (2 + count) * inner, to: outputs, kernel: 1, name: "last")
        }
    }

    /// Spatial pyramid pooling (He et al. 2014) as three 5×5 poolings in a row, "SPPF" (YOLOv5).
    package mutating func pyramidPooling(
        _ x: ValueID, from inputs: Int, to outputs: Int, name: String = "pyramid"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let inner = max(inputs / 2, 1)
            var parts = [try net.detectorBlock(x, from: inputs, to: inner, kernel: 1, name: "first")]
            for _ in 0..<3 { parts.append(try net.maxPool(parts[parts.count - 1], kernel: 5, stride: 1, padding: 2)) }
            return try net.detectorBlock(
                net.nodes.concat(parts, axis: 1), from: 4 * inner, to: outputs, kernel: 1, name: "last")
        }
    }
}
