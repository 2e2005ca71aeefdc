package import Graphs

/// A network of inverted residuals for images N×C×H×W (MobileNetV2: Sandler et al. 2018); output "logits", N×classes.
package struct MobileNet: Hashable, Sendable {
    /// Blocks of one width; the first one has the stride.
    package struct Stage: Hashable, Sendable {
        package var expansion: Int
        package var channels: Int
        package var count: Int
        package var stride: Int

        package init(expansion: Int, channels: Int, count: Int, stride: Int) {
            self.expansion = expansion
            self.channels = channels
            self.count = count
            self.stride = stride
        }
    }

    package static let standardStages = [
        Stage(expansion: 1, channels: 16, count: 1, stride: 1), Stage(expansion: 6, channels: 24, count: 2, stride: 2),
        Stage(expansion: 6, channels: 32, count: 3, stride: 2), Stage(expansion: 6, channels: 64, count: 4, stride: 2),
        Stage(expansion: 6, channels: 96, count: 3, stride: 1),
        Stage(expansion: 6, channels: 160, count: 3, stride: 2),
        Stage(expansion: 6, channels: 320, count: 1, stride: 1),
    ]

    package var classes: Int
    package var channels: Int
    /// A factor of all widths, which become multiples of 8.
    package var width: Double
    package var stages: [Stage]
    /// Whether blocks weigh their channels (Hu et al. 2018).
    package var squeezes: Bool
    package var dropout: Float

    package init(
        classes: Int, channels: Int = 3, width: Double = 1, stages: [Stage] = MobileNet.standardStages,
        squeezes: Bool = false, dropout: Float = 0.2
    ) {
        self.classes = classes
        self.channels = channels
        self.width = width
        self.stages = stages
        self.squeezes = squeezes
        self.dropout = dropout
    }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "mobilenet", seed: seed)
        let images = net.images(channels: channels)
        net.output(try logits(images, in: &net), name: "logits")
        return net.graph
    }

    package func logits(_ images: ValueID, in net: inout ModelBuilder) throws(GraphError) -> ValueID {
        var current = scaled(32)
        var h = try net.mobileBlock(images, from: channels, to: current, kernel: 3, stride: 2, name: "stem")
        for (index, stage) in stages.enumerated() {
            for block in 0..<stage.count {
                let next = scaled(stage.channels)
                h = try net.invertedResidual(
                    h, from: current, to: next, expansion: stage.expansion, stride: block == 0 ? stage.stride : 1,
                    squeezes: squeezes, name: "stage\(index).block\(block)")
                current = next
            }
        }
        let last = max(scaled(1280), 1280)
        h = try net.mobileBlock(h, from: current, to: last, kernel: 1, name: "last")
        h = try net.dropout(net.globalAverage(h), rate: dropout)
        return try net.linear(
            h, from: last, to: classes, weights: .normal(deviation: 0.01), biases: .zeros, name: "classifier")
    }

    /// To a multiple of 8 that is at least 0.9 of what it should be.
    private func scaled(_ channels: Int) -> Int {
        let wanted = Double(channels) * width
        let rounded = max(Int(wanted + 4) / 8 * 8, 8)
        return Double(rounded) < 0.9 * wanted ? rounded + 8 : rounded
    }
}

extension ModelBuilder {
    /// Convolution, batch normalization and ReLU6.
    mutating func mobileBlock(
        _ x: ValueID, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1, name: String
    ) throws(GraphError) -> ValueID {
        let h = try convolutionBlock(
            x, from: inputs, to: outputs, kernel: kernel, stride: stride, groups: groups, activation: nil,
            weights: .kaimingNormal, name: name)
        return try clip(h, 0, 6)
    }

    /// 1×1 to `expansion` times the channels, 3×3 on each channel, 1×1 to the new channels; where the shape stays x is
    /// added.
    package mutating func invertedResidual(
        _ x: ValueID, from inputs: Int, to outputs: Int, expansion: Int, stride: Int = 1, squeezes: Bool = false,
        name: String = "block"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let inner = inputs * expansion
            var h = x
            if expansion != 1 { h = try net.mobileBlock(h, from: inputs, to: inner, kernel: 1, name: "expand") }
            h = try net.mobileBlock(
                h, from: inner, to: inner, kernel: 3, stride: stride, groups: inner, name: "depthwise")
            if squeezes { h = try net.squeezeExcitation(h, channels: inner, squeezed: max(inputs / 4, 1)) }
            h = try net.convolutionBlock(
                h, from: inner, to: outputs, kernel: 1, activation: nil, weights: .kaimingNormal, name: "contract")
            return stride == 1 && inputs == outputs ? try net.add(x, h) : h
        }
    }

    /// Each channel times a weight that all channels' means tell (Hu et al. 2018).
    package mutating func squeezeExcitation(
        _ x: ValueID, channels: Int, squeezed: Int, name: String = "excitation"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            var h = try net.nodes.node(.globalAveragePool(.channelsFirst), [x])
            h = try net.activation(.relu, net.convolution(h, from: channels, to: squeezed, kernel: 1, name: "squeeze"))
            h = try net.convolution(h, from: squeezed, to: channels, kernel: 1, name: "excite")
            return try net.nodes.multiply(x, net.activation(.sigmoid, h))
        }
    }
}
