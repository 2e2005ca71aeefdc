package import Graphs

/// Convolution, batch normalization, activation: what most blocks of images are made of.
extension ModelBuilder {
    /// - Parameter activation: nil: none.
    package mutating func convolutionBlock(
        _ x: ValueID, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1,
        activation: UnaryFunction? = .relu, epsilon: Float = 1e-5, scale: Initializer = .ones,
        weights: Initializer = .standard, name: String = "block"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let h = try net.convolution(
                x, from: inputs, to: outputs, kernel: kernel, stride: stride, groups: groups, bias: false,
                weights: weights)
            let normal = try net.batchNormalization(h, channels: outputs, epsilon: epsilon, scale: scale)
            guard let activation else { return normal }
            return try net.activation(activation, normal)
        }
    }

    /// Two 3×3 convolutions and a way around them (He et al. 2016).
    package mutating func basicBlock(
        _ x: ValueID, from inputs: Int, to outputs: Int, stride: Int = 1, name: String = "block"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            var h = try net.convolutionBlock(
                x, from: inputs, to: outputs, kernel: 3, stride: stride, weights: .kaimingNormal, name: "first")
            h = try net.convolutionBlock(
                h, from: outputs, to: outputs, kernel: 3, activation: nil, weights: .kaimingNormal, name: "second")
            let around = try net.shortcut(x, from: inputs, to: outputs, stride: stride)
            return try net.activation(.relu, net.add(h, around))
        }
    }

    /// 1×1 to a quarter, 3×3, 1×1 back, and a way around them (He et al. 2016, the stride at the 3×3).
    package mutating func bottleneckBlock(
        _ x: ValueID, from inputs: Int, to outputs: Int, stride: Int = 1, name: String = "block"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let inner = max(outputs / 4, 1)
            var h = try net.convolutionBlock(
                x, from: inputs, to: inner, kernel: 1, weights: .kaimingNormal, name: "contract")
            h = try net.convolutionBlock(
                h, from: inner, to: inner, kernel: 3, stride: stride, weights: .kaimingNormal, name: "middle")
            h = try net.convolutionBlock(
                h, from: inner, to: outputs, kernel: 1, activation: nil, weights: .kaimingNormal, name: "expand")
            let around = try net.shortcut(x, from: inputs, to: outputs, stride: stride)
            return try net.activation(.relu, net.add(h, around))
        }
    }

    private mutating func shortcut(
        _ x: ValueID, from inputs: Int, to outputs: Int, stride: Int
    ) throws(GraphError) -> ValueID {
        guard stride != 1 || inputs != outputs else { return x }
        return try convolutionBlock(
            x, from: inputs, to: outputs, kernel: 1, stride: stride, activation: nil, weights: .kaimingNormal,
            name: "shortcut")
    }
}
