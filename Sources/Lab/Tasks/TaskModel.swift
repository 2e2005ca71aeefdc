import Graphs
import Models
import Tensors

/// A kind of model for a task.
package enum TaskModel: String, Hashable, Sendable, CaseIterable {
    /// Three convolutions with normalization and pooling, and a linear layer over all places of the last map.
    case cnn
    /// A recurrent network over the columns of a spectrogram or the words of a text.
    case lstm
    /// The mean of the words' embeddings, and a linear layer.
    case mean
    /// Self-attention over the words of a text.
    case transformer
}

/// What a model is made of beside its kind.
package struct ModelOptions: Hashable, Sendable {
    /// Nil: the task's usual kind.
    package var model: TaskModel?
    /// What the number of channels is multiplied by: more parameters, or fewer.
    package var width: Double
    /// The rate of the dropouts.
    package var dropout: Float
    package var seed: UInt64

    package init(model: TaskModel? = nil, width: Double = 1, dropout: Float = 0.1, seed: UInt64 = 0) {
        self.model = model
        self.width = width
        self.dropout = dropout
        self.seed = seed
    }

    /// Channels, a multiple of 8.
    func channels(_ usual: Int) -> Int { max(Int((Double(usual) * width / 8).rounded()), 1) * 8 }
}

/// Networks whose output "logits" is N×classes.
enum TaskNetworks {
    /// For "features" or "images", N×`inputs`×H×W.
    static func convolutions(
        _ input: String, _ size: [Int], classes: Int, options: ModelOptions
    ) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "cnn", seed: options.seed)
        var h = net.input(input, [.symbolic("batch")] + size.map { .fixed($0) })
        var inputs = size[0]
        for (index, channels) in [options.channels(16), options.channels(32), options.channels(64)].enumerated() {
            h = try net.scope("block\(index)") { net throws(GraphError) in
                var h = try net.convolution(h, from: inputs, to: channels, kernel: 3, bias: false)
                h = try net.activation(.relu, net.batchNormalization(h, channels: channels))
                return try net.maxPool(h, kernel: 2)
            }
            inputs = channels
        }
        // Where something is matters: the band and the moment of a sound.
        h = try net.dropout(net.nodes.node(.flatten(axis: 1), [h]), rate: options.dropout)
        let places = (size[1] / 8) * (size[2] / 8)
        net.output(try net.linear(h, from: inputs * places, to: classes, name: "classifier"), name: "logits")
        return net.graph
    }

    /// For "features", N×1×bands×frames: a bidirectional LSTM over the frames.
    static func recurrent(
        bands: Int, frames: Int, classes: Int, options: ModelOptions
    ) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "lstm", seed: options.seed)
        var h = net.input("features", [.symbolic("batch"), .fixed(1), .fixed(bands), .fixed(frames)])
        h = try net.nodes.node(.transpose(permutation: [0, 2, 1]), [net.nodes.squeeze(h, axis: 1)])
        let hidden = options.channels(48)
        h = try net.lstm(h, from: bands, hidden: hidden, bidirectional: true).state
        h = try net.dropout(h, rate: options.dropout)
        net.output(try net.linear(h, from: 2 * hidden, to: classes, name: "classifier"), name: "logits")
        return net.graph
    }

    /// For "tokens" and "lengths": the mean of embeddings.
    static func mean(vocabulary: Int, classes: Int, options: ModelOptions) throws(GraphError) -> Graph {
        var net = ModelBuilder(name: "mean", seed: options.seed)
        let tokens = net.input("tokens", dtype: .int64, [.symbolic("batch"), .symbolic("length")])
        let lengths = net.input("lengths", dtype: .int64, [.symbolic("batch")])
        let width = options.channels(64)
        var h = try net.embedding(tokens, count: vocabulary, width: width)
        h = try net.maskedMean(h, padding: net.paddingMask(lengths, of: tokens))
        h = try net.dropout(h, rate: options.dropout)
        net.output(try net.linear(h, from: width, to: classes, name: "classifier"), name: "logits")
        return net.graph
    }
}
