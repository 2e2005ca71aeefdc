package import Graphs

/// A residual network for images N×C×H×W (He et al. 2016); output "logits", N×classes.
///
///     let model = try ResNet(classes: 10, width: 0.25, stem: .small).graph(seed: 7)
package struct ResNet: Hashable, Sendable {
    package enum Block: Hashable, Sendable { case basic, bottleneck }
    package enum Stem: Hashable, Sendable {
        /// 7×7 at stride 2 and a pooling: an eighth of the size in all but the last stages.
        case large
        /// 3×3 at stride 1, for images of few pixels.
        case small
    }

    package var classes: Int
    package var channels: Int
    /// Blocks of each stage; all but the first stage halve the size.
    package var stages: [Int]
    package var block: Block
    /// A factor of all widths, which are 64, 128, … at 1.
    package var width: Double
    package var stem: Stem

    /// As it is: ResNet-18.
    package init(
        classes: Int, channels: Int = 3, stages: [Int] = [2, 2, 2, 2], block: Block = .basic, width: Double = 1,
        stem: Stem = .large
    ) {
        self.classes = classes
        self.channels = channels
        self.stages = stages
        self.block = block
        self.width = width
        self.stem = stem
    }

    package func graph(seed: UInt64 = 0) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "resnet", seed: seed)
        let images = net.images(channels: channels)
        net.output(try logits(images, in: &net), name: "logits")
        return net.graph
    }

    package func logits(_ images: ValueID, in net: inout ModelBuilder) throws(GraphError) -> ValueID {
        var current = scaled(64)
        var h: ValueID
        switch stem {
        case .large:
            h = try net.convolutionBlock(
                images, from: channels, to: current, kernel: 7, stride: 2, weights: .kaimingNormal, name: "stem")
            h = try net.maxPool(h, kernel: 3, stride: 2, padding: 1)
        case .small:
            h = try net.convolutionBlock(
                images, from: channels, to: current, kernel: 3, weights: .kaimingNormal, name: "stem")
        }
        for (stage, count) in stages.enumerated() {
            let next = scaled(64 << stage) * (block == .bottleneck ? 4 : 1)
            for index in 0..<count {
                let stride = index == 0 && stage > 0 ? 2 : 1
                let name = "stage\(stage).block\(index)"
                h =
                    block == .basic
                    ? try net.basicBlock(h, from: current, to: next, stride: stride, name: name)
                    : try net.bottleneckBlock(h, from: current, to: next, stride: stride, name: name)
                current = next
            }
        }
        return try net.linear(net.globalAverage(h), from: current, to: classes, name: "classifier")
    }

    private func scaled(_ channels: Int) -> Int { max(Int((Double(channels) * width).rounded()), 1) }
}

extension ModelBuilder {
    /// The input of networks for images: "images", batch×C×height×width, all but C symbolic.
    mutating func images(channels: Int) -> ValueID {
        input("images", [.symbolic("batch"), .fixed(channels), .symbolic("height"), .symbolic("width")])
    }
}
