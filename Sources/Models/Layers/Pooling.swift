package import Graphs

/// N×C×H×W to N×C×H′×W′.
extension ModelBuilder {
    package mutating func maxPool(
        _ x: ValueID, kernel: Int, stride: Int? = nil, padding: Int = 0
    ) throws(GraphError) -> ValueID {
        try nodes.node(.maxPool(pool(kernel, stride, padding)), [x])
    }

    package mutating func averagePool(
        _ x: ValueID, kernel: Int, stride: Int? = nil, padding: Int = 0
    ) throws(GraphError) -> ValueID {
        try nodes.node(.averagePool(pool(kernel, stride, padding), countsPadding: true), [x])
    }

    private func pool(_ kernel: Int, _ stride: Int?, _ padding: Int) -> Pool {
        Pool(
            kernel: Size2D(kernel),
            window: Window(strides: Size2D(stride ?? kernel), padding: Padding2D(padding)))
    }

    /// The mean of each channel: N×C×H×W to N×C.
    package mutating func globalAverage(_ x: ValueID) throws(GraphError) -> ValueID {
        try nodes.node(.flatten(axis: 1), [nodes.node(.globalAveragePool(.channelsFirst), [x])])
    }

    /// Height and width times `factor`: each element repeated.
    package mutating func upsample(_ x: ValueID, by factor: Int = 2) throws(GraphError) -> ValueID {
        try resize(x, by: factor, Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor))
    }

    /// Height and width times `factor`: interpolated between the centres of elements.
    package mutating func upsampleLinear(_ x: ValueID, by factor: Int = 2) throws(GraphError) -> ValueID {
        try resize(x, by: factor, Resize(mode: .linear, coordinates: .halfPixel))
    }

    private mutating func resize(_ x: ValueID, by factor: Int, _ resize: Resize) throws(GraphError) -> ValueID {
        let scale = Float(factor)
        let scales: ValueID
        do { scales = try nodes.constant([1, 1, scale, scale] as [Float], [4]) } catch { throw GraphError(.tooLarge) }
        return try nodes.node(.resize(resize), [x, scales, nil])
    }
}
