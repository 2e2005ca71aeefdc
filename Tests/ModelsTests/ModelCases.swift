import Graphs
import Models
import Tensors
import Testing

/// A small form of a model, with shapes of its inputs and the shape of its first output for them.
struct ModelCase: Sendable, CustomTestStringConvertible {
    var name: String
    var make: @Sendable () throws -> Graph
    var inputs: [String: [Int]]
    var output: [Int]

    var testDescription: String { name }

    func specialized() throws -> Graph {
        try make().specialized(inputShapes: inputs.mapValues { try Shape($0) })
    }

    static let transformer = Transformer(width: 16, heads: 2, feedForward: 24)

    static let all: [ModelCase] = [
        ModelCase(
            name: "ResNet", make: { try ResNet(classes: 5, width: 0.125).graph(seed: 1) },
            inputs: ["images": [2, 3, 45, 64]], output: [2, 5]),
        ModelCase(
            name: "ResNet with bottlenecks",
            make: { try ResNet(classes: 5, stages: [1, 2], block: .bottleneck, width: 0.125, stem: .small).graph() },
            inputs: ["images": [2, 3, 17, 16]], output: [2, 5]),
        ModelCase(
            name: "DenseNet", make: { try DenseNet(classes: 4, growth: 8, blocks: [2, 3]).graph(seed: 1) },
            inputs: ["images": [1, 3, 32, 40]], output: [1, 4]),
        ModelCase(
            name: "MobileNet", make: { try MobileNet(classes: 4, width: 0.25, squeezes: true).graph(seed: 1) },
            inputs: ["images": [2, 3, 64, 48]], output: [2, 4]),
        ModelCase(
            name: "UNet", make: { try UNet(classes: 3, width: 4, depth: 2).graph(seed: 1) },
            inputs: ["images": [2, 3, 16, 12]], output: [2, 3, 16, 12]),
        ModelCase(
            name: "UNet with linear upsampling",
            make: { try UNet(classes: 3, width: 4, depth: 2, upsampling: .linear).graph(seed: 1) },
            inputs: ["images": [1, 3, 8, 12]], output: [1, 3, 8, 12]),
        ModelCase(
            name: "Transformer",
            make: {
                try TransformerEncoderClassifier(
                    vocabulary: 30, classes: 3, transformer: transformer, layers: 2, longest: 12
                ).graph(seed: 1)
            }, inputs: ["tokens": [4, 9], "lengths": [4]], output: [4, 3]),
        ModelCase(
            name: "Transformer, sums normalized",
            make: {
                var last = transformer
                last.normalizesFirst = false
                last.activation = .relu
                return try TransformerEncoderClassifier(
                    vocabulary: 30, classes: 3, transformer: last, layers: 1, longest: 12, positions: .sinusoidal
                ).graph(seed: 1)
            }, inputs: ["tokens": [1, 12], "lengths": [1]], output: [1, 3]),
        ModelCase(
            name: "LSTM",
            make: {
                try LSTMClassifier(vocabulary: 20, classes: 4, width: 10, hidden: 6, layers: 2, dropout: 0.1)
                    .graph(seed: 1)
            }, inputs: ["tokens": [3, 7], "lengths": [3]], output: [3, 4]),
        ModelCase(
            name: "GRU",
            make: {
                var net = ModelBuilder(name: "gru", seed: 1)
                let x = net.input("x", [.symbolic("batch"), .symbolic("length"), .fixed(5)])
                let h = try net.gru(x, from: 5, hidden: 4, layers: 2)
                net.output(try net.linear(h.sequence, from: 4, to: 3), name: "logits")
                return net.graph
            }, inputs: ["x": [2, 6, 5]], output: [2, 6, 3]),
        ModelCase(
            name: "SequenceToSequence",
            make: {
                try SequenceToSequence(
                    sourceVocabulary: 20, targetVocabulary: 25, transformer: transformer, layers: 2, longest: 16
                ).graph(seed: 1)
            }, inputs: ["source": [2, 7], "sourceLengths": [2], "target": [2, 5]], output: [2, 5, 25]),
        ModelCase(
            name: "YOLO", make: { try YOLO(names: ["cat", "dog", "bird"], width: 0.0625).graph(seed: 1) },
            inputs: ["images": [2, 3, 64, 96]], output: [2, 7, 8 * 12 + 4 * 6 + 2 * 3]),
        ModelCase(
            name: "layers of images", make: { try layers() }, inputs: ["x": [2, 8, 9, 10]], output: [2, 6, 17, 19]),
    ]

    private static func layers() throws -> Graph {
        var net = ModelBuilder(name: "layers", seed: 3)
        let x = net.input("x", [.symbolic("batch"), .fixed(8), .symbolic("height"), .symbolic("width")])
        var h = try net.convolution(x, from: 8, to: 12, kernel: 3, dilation: 2, groups: 4)
        h = try net.groupNormalization(h, channels: 12, groups: 3)
        h = try net.dropout(net.activation(.silu, h), rate: 0.2)
        h = try net.convolutionTranspose(h, from: 12, to: 6, kernel: 3, stride: 2, padding: 1, groups: 2)
        net.output(h, name: "y")
        return net.graph
    }
}
