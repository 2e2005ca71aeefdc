package import Graphs

/// A network that gives each pixel of an image N×C×H×W its class (Ronneberger, Fischer, Brox 2015); output "logits",
/// N×classes×H×W. Height and width are multiples of 2^depth.
package struct UNet: Hashable, Sendable {
    package enum Upsampling: Hashable, Sendable {
        /// A transposed convolution to half the channels.
        case learned
        /// Linear interpolation and a 1×1 convolution to half the channels.
        case linear
    }

    package var classes: Int
    package var channels: Int
    /// Channels at full size; doubled at each halving.
    package var width: Int
    /// How often the size is halved.
    package var depth: Int
    package var upsampling: Upsampling

    package init(
        classes: Int, channels: Int = 3, width: Int = 64, depth: Int = 4, upsampling: Upsampling = .learned
    ) {
        self.classes = classes
        self.channels = channels
        self.width = width
        self.depth = depth
        self.upsampling = upsampling
    }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "unet", seed: seed)
        let images = net.images(channels: channels)
        net.output(try logits(images, in: &net), name: "logits")
        return net.graph
    }

    package func logits(_ images: ValueID, in net: inout ModelBuilder) throws(GraphError) -> ValueID {
        var current = width
        var h = try net.doubleConvolution(images, from: channels, to: current, name: "down0")
        var skipped = [(value: ValueID, channels: Int)]()
        for level in 0..<depth {
            skipped.append((h, current))
            h = try net.doubleConvolution(
                net.maxPool(h, kernel: 2), from: current, to: 2 * current, name: "down\(level + 1)")
            current *= 2
        }
        for (level, skip) in skipped.enumerated().reversed() {
            let name = "up\(level)"
            switch upsampling {
            case .learned:
                h = try net.convolutionTranspose(
                    h, from: current, to: skip.channels, kernel: 2, stride: 2, name: "\(name).expand")
            case .linear:
                h = try net.convolution(
                    net.upsampleLinear(h), from: current, to: skip.channels, kernel: 1, name: "\(name).expand")
            }
            h = try net.nodes.concat([skip.value, h], axis: 1)
            h = try net.doubleConvolution(h, from: 2 * skip.channels, to: skip.channels, name: name)
            current = skip.channels
        }
        return try net.convolution(h, from: current, to: classes, kernel: 1, name: "classifier")
    }
}

extension ModelBuilder {
    /// Two blocks of a 3×3 convolution, batch normalization and ReLU.
    package mutating func doubleConvolution(
        _ x: ValueID, from inputs: Int, to outputs: Int, name: String = "block"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let h = try net.convolutionBlock(x, from: inputs, to: outputs, kernel: 3, name: "first")
            return try net.convolutionBlock(h, from: outputs, to: outputs, kernel: 3, name: "second")
        }
    }
}
