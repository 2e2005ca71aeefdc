package import Graphs

/// A densely connected network for images N×C×H×W (Huang et al. 2017); output "logits", N×classes.
package struct DenseNet: Hashable, Sendable {
    package var classes: Int
    package var channels: Int
    /// Channels that each layer adds.
    package var growth: Int
    /// Layers of each block; between blocks channels and size are halved.
    package var blocks: [Int]
    package var stem: ResNet.Stem

    /// As it is: DenseNet-121.
    package init(
        classes: Int, channels: Int = 3, growth: Int = 32, blocks: [Int] = [6, 12, 24, 16],
        stem: ResNet.Stem = .large
    ) {
        self.classes = classes
        self.channels = channels
        self.growth = growth
        self.blocks = blocks
        self.stem = stem
    }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "densenet", seed: seed)
        let images = net.images(channels: channels)
        net.output(try logits(images, in: &net), name: "logits")
        return net.graph
    }

    package func logits(_ images: ValueID, in net: inout ModelBuilder) throws(GraphError) -> ValueID {
        var current = 2 * growth
        let isLarge = stem == .large
        var h = try net.convolutionBlock(
            images, from: channels, to: current, kernel: isLarge ? 7 : 3, stride: isLarge ? 2 : 1,
            weights: .kaimingNormal, name: "stem")
        if isLarge { h = try net.maxPool(h, kernel: 3, stride: 2, padding: 1) }
        for (block, layers) in blocks.enumerated() {
            if block > 0 {
                h = try net.denseTransition(h, from: current, to: current / 2, name: "transition\(block)")
                current /= 2
            }
            h = try net.denseBlock(h, from: current, growth: growth, layers: layers, name: "block\(block)")
            current += layers * growth
        }
        h = try net.activation(.relu, net.batchNormalization(h, channels: current))
        return try net.linear(net.globalAverage(h), from: current, to: classes, name: "classifier")
    }
}

extension ModelBuilder {
    /// Layers of normalization, 1×1 to 4·growth, normalization, 3×3 to growth channels; each sees all before it. N×C×H×W to
    /// N×(C + layers·growth)×H×W.
    package mutating func denseBlock(
        _ x: ValueID, from inputs: Int, growth: Int, layers: Int, name: String = "block"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            var all = x
            var channels = inputs
            for layer in 0..<layers {
                let new = try net.scope("layer\(layer)") { net throws(GraphError) in
                    var h = try net.activation(.relu, net.batchNormalization(all, channels: channels))
                    h = try net.convolutionBlock(
                        h, from: channels, to: 4 * growth, kernel: 1, weights: .kaimingNormal, name: "contract")
                    return try net.convolution(
                        h, from: 4 * growth, to: growth, kernel: 3, bias: false, weights: .kaimingNormal)
                }
                all = try net.nodes.concat([all, new], axis: 1)
                channels += growth
            }
            return all
        }
    }

    /// Normalization, a 1×1 convolution, and the mean of 2×2.
    package mutating func denseTransition(
        _ x: ValueID, from inputs: Int, to outputs: Int, name: String = "transition"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            var h = try net.activation(.relu, net.batchNormalization(x, channels: inputs))
            h = try net.convolution(
                h, from: inputs, to: outputs, kernel: 1, bias: false, weights: .kaimingNormal)
            return try net.averagePool(h, kernel: 2)
        }
    }
}
