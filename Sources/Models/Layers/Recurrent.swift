package import Graphs
import Tensors

/// What recurrent layers give.
package struct RecurrentOutput: Sendable {
    /// The last layer at each step, N×L×D·H; 0 past a sequence's length.
    package let sequence: ValueID
    /// The last layer's last state, N×D·H: forward after the sequence's last element, backward after its first.
    package let state: ValueID
}

extension ModelBuilder {
    /// Layers of long short-term memories (Hochreiter and Schmidhuber 1997) over sequences N×L×I.
    ///
    /// - Parameters:
    ///   - hidden: H.
    ///   - bidirectional: D = 2: the results of both directions beside each other.
    ///   - lengths: N, integers; nil: all sequences fill L.
    ///   - dropout: between layers.
    package mutating func lstm(
        _ x: ValueID, from inputs: Int, hidden: Int, layers: Int = 1, bidirectional: Bool = false,
        lengths: ValueID? = nil, dropout: Float = 0, name: String = "lstm"
    ) throws(GraphError) -> RecurrentOutput {
        let recurrence = Recurrence(hiddenSize: hidden, direction: bidirectional ? .bidirectional : .forward)
        return try recurrent(
            x, inputs, recurrence, .lstm(recurrence), gates: 4, layers: layers, lengths, dropout, name)
    }

    /// Layers of gated recurrent units (Cho et al. 2014; the reset gate behind the product, as PyTorch has it). Parameters
    /// as for `lstm`.
    package mutating func gru(
        _ x: ValueID, from inputs: Int, hidden: Int, layers: Int = 1, bidirectional: Bool = false,
        lengths: ValueID? = nil, dropout: Float = 0, name: String = "gru"
    ) throws(GraphError) -> RecurrentOutput {
        let recurrence = Recurrence(hiddenSize: hidden, direction: bidirectional ? .bidirectional : .forward)
        return try recurrent(
            x, inputs, recurrence, .gru(recurrence, linearBeforeReset: true), gates: 3, layers: layers, lengths,
            dropout, name)
    }

    private mutating func recurrent(
        _ x: ValueID, _ inputs: Int, _ recurrence: Recurrence, _ op: Operator, gates: Int, layers: Int,
        _ lengths: ValueID?, _ dropout: Float, _ name: String
    ) throws(GraphError) -> RecurrentOutput {
        guard layers > 0 else { throw GraphError(.invalidAttribute("\(layers) recurrent layers")) }
        let (directions, hidden) = (recurrence.direction.count, recurrence.hiddenSize)
        let lengths = try lengths.map { id throws(GraphError) in try nodes.cast(id, to: .int32) }
        let bound = Initializer.uniform(1 / Float(max(hidden, 1)).squareRoot())
        return try scope(name) { net throws(GraphError) in
            // Inside steps come first: T×N×I.
            var y = try net.nodes.transpose(x, [1, 0, 2])
            var state = y
            for layer in 0..<layers {
                let width = layer == 0 ? inputs : directions * hidden
                let prefix = "layer\(layer)"
                let parameters: [ValueID?] = [
                    try net.parameter("\(prefix).weight", [directions, gates * hidden, width], bound),
                    try net.parameter("\(prefix).recurrentWeight", [directions, gates * hidden, hidden], bound),
                    try net.parameter("\(prefix).bias", [directions, 2 * gates * hidden], bound),
                    lengths,
                ]
                if layer > 0 { y = try net.dropout(y, rate: dropout) }
                // T×D×N×H, and the last states D×N×H.
                let results = try net.nodes.nodes(op, [y] + parameters, outputCount: 2)
                state = results[1]
                if directions == 1 {
                    y = try net.nodes.squeeze(results[0], axis: 1)
                } else {
                    y = try net.nodes.reshape(
                        net.nodes.transpose(results[0], [0, 2, 1, 3]), [0, 0, directions * hidden])
                }
            }
            let last = try net.nodes.reshape(net.nodes.transpose(state, [1, 0, 2]), [0, directions * hidden])
            return RecurrentOutput(sequence: try net.nodes.transpose(y, [1, 0, 2]), state: last)
        }
    }
}
