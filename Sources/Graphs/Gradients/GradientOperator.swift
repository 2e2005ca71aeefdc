import Tensors

/// What only the gradients of other operators compute, and what model files have no name for.
///
/// `dy` is the gradient of the loss with respect to an operator's result; all results are float32. The gradient of a
/// convolution with respect to its input is a transposed convolution, that of a dropout a dropout.
package enum GradientOperator: Hashable, Sendable {
    // MARK: Images
    /// x, dy. Gives the gradient of the weights, O×I÷groups×h×w, and where it is wanted that of the bias, O.
    case convolutionWeights(Convolution, kernel: Size2D)
    /// dy, x, scale, mean, 1 ÷ √(variance + ε). Gives the gradients of x, scale and bias, through the statistics.
    case batchNormalization(BatchNormalization)
    /// dy, x, scale?, mean, 1 ÷ √(variance + ε). Gives the gradients of x, scale and bias.
    case groupNormalization(GroupNormalization)
    /// x, dy. The first greatest value under a window, row by row, gets what the window's result gets.
    case maxPool(Pool)
    /// dy. `image` is the size of what was pooled.
    case averagePool(Pool, countsPadding: Bool, image: Size2D)
    /// dy, scales?, sizes? as the resize had them. `image` is the size of what was resized.
    case resize(Resize, image: Size2D)

    // MARK: Elementwise
    /// x, dy: dy · f′(x).
    case unary(UnaryFunction)
    /// x, dy, minimum?, maximum?: dy where x lies between the bounds, else 0.
    case clip

    // MARK: Rows
    /// y, dy: y · (dy − Σ y·dy).
    case softmax(axis: Int)
    /// y, dy: dy − eʸ · Σ dy.
    case logSoftmax(axis: Int)
    /// dy, x, scale?, mean, 1 ÷ √(variance + ε). Gives the gradients of x, scale and bias.
    case layerNormalization(epsilon: Float)

    // MARK: Movement
    /// dy, indices: zeros, to which the parts of dy are added at the indices of an axis of `extent`.
    case gather(axis: Int, extent: Int)
    /// dy, indices of dy's shape: zeros of `shape`, to which the elements of dy are added at the indices.
    case gatherElements(axis: Int, shape: [Int])
    /// dy, pads, axes?: what lies in the padding goes back to where it came from, in a tensor of `shape`.
    case pad(PaddingMode, shape: [Int])

    // MARK: Sequences
    /// The operator's seven inputs, y, its state for the gradient, dy?, dh?, dc?. Gives the gradients of x, w, r, bias,
    /// h₀ and c₀.
    case lstm(Recurrence)
    /// The operator's six inputs, y, its state for the gradient, dy?, dh?. Gives the gradients of x, w, r, bias and h₀.
    case gru(Recurrence, linearBeforeReset: Bool)
}

extension GradientOperator {
    /// The name of the operator whose gradient it is.
    package var name: String {
        switch self {
        case .convolutionWeights: "convolution's weights"
        case .batchNormalization: "batchNormalization"
        case .groupNormalization: "groupNormalization"
        case .maxPool: "maxPool"
        case .averagePool: "averagePool"
        case .resize: "resize"
        case .unary(let function): function.name
        case .clip: "clip"
        case .softmax: "softmax"
        case .logSoftmax: "logSoftmax"
        case .layerNormalization: "layerNormalization"
        case .gather: "gather"
        case .gatherElements: "gatherElements"
        case .pad(let mode, _): "\(mode.rawValue) pad"
        case .lstm: "lstm"
        case .gru: "gru"
        }
    }

    /// How many inputs and outputs a node may have, and how many of the inputs may not be left out.
    var arity: (inputs: ClosedRange<Int>, required: Int, outputs: ClosedRange<Int>) {
        switch self {
        case .convolutionWeights: (2...2, 2, 1...2)
        case .maxPool, .unary, .softmax, .logSoftmax, .gather, .gatherElements: (2...2, 2, 1...1)
        case .averagePool: (1...1, 1, 1...1)
        case .batchNormalization: (5...5, 5, 3...3)
        case .groupNormalization, .layerNormalization: (5...5, 2, 3...3)
        case .resize: (2...3, 1, 1...1)
        case .clip: (2...4, 2, 1...1)
        case .pad: (2...3, 2, 1...1)
        case .lstm: (12...12, 3, 6...6)
        case .gru: (10...10, 3, 5...5)
        }
    }

    func inputDTypes(_ index: Int) -> [DType] {
        let integers: [DType] = [.int64, .int32]
        return switch self {
        case .gather, .gatherElements: index == 1 ? integers : [.float32]
        case .pad: index > 0 ? integers : [.float32]
        case .resize: index == 2 ? [.int64] : [.float32]
        case .lstm, .gru: index == 4 ? [.int32] : [.float32]
        default: [.float32]
        }
    }

    func outputShapes(_ inputs: InferenceInputs, count: Int) throws(GraphError) -> [Shape] {
        let first = inputs.shape(0)
        switch self {
        case .convolutionWeights(let convolution, let kernel):
            let image = try ImageExtents(first, convolution.dataFormat)
            let result = try ImageExtents(inputs.shape(1), convolution.dataFormat)
            guard convolution.groups > 0, image.channels % convolution.groups == 0 else {
                throw GraphError(.invalidAttribute("\(convolution.groups) groups of \(image.channels) channels"))
            }
            let weights = try checkedShape(
                [result.channels, image.channels / convolution.groups, kernel.height, kernel.width])
            try check(convolution.outputShape(x: first, weights: weights, bias: nil), inputs.shape(1))
            return Array([weights, try checkedShape([result.channels])][..<count])
        case .batchNormalization(let normalization):
            let channels = try checkedShape([first[normalization.channelAxis(rank: first.rank)]])
            try check(first, inputs.shape(1))
            try inputs.check(2..<5, are: channels, "channels")
            return [first, channels, channels]
        case .groupNormalization(let normalization):
            let (channels, statistics) = try normalization.parameterShapes(first)
            try check(first, inputs.shape(1))
            try inputs.check(2..<3, are: channels, "channels")
            try inputs.check(3..<5, are: statistics, "groups")
            return [first, channels, channels]
        case .layerNormalization:
            guard first.rank > 0 else { throw GraphError(.wrongRank(0, expected: 1...Int.max)) }
            let length = try checkedShape([first[first.rank - 1]])
            try check(first, inputs.shape(1))
            try inputs.check(2..<3, are: length, "elements of a row")
            try inputs.check(3..<5, are: checkedShape(Array(first.dimensions.dropLast())), "rows")
            return [first, length, length]
        case .maxPool(let pool):
            try check(pool.outputShape(x: first), inputs.shape(1))
            return [first]
        case .averagePool(let pool, _, let image):
            let x = try ImageExtents(first, pool.dataFormat).replacing(height: image.height, width: image.width)
            try check(pool.outputShape(x: x), first)
            return [x]
        case .resize(let resize, let image):
            let x = try ImageExtents(first, resize.dataFormat).replacing(height: image.height, width: image.width)
            let y = try resize.outputShape(
                x: x, scales: inputs.optionalFloats(1), sizes: inputs.optionalIntegers(2))
            try check(y, first)
            return [x]
        case .unary, .clip:
            try check(first, inputs.shape(1))
            return [first]
        case .softmax(let axis), .logSoftmax(let axis):
            _ = try checkedAxis(axis, rank: first.rank)
            try check(first, inputs.shape(1))
            return [first]
        case .gather(let axis, let extent):
            let indices = inputs.shape(1)
            guard axis >= 0, axis + indices.rank <= first.rank,
                Array(first.dimensions[axis..<axis + indices.rank]) == indices.dimensions
            else { throw GraphError(.incompatibleShapes("\(first) at indices of \(indices)")) }
            try inputs.checkIndices(1, below: extent)
            return [
                try checkedShape(
                    Array(first.dimensions[..<axis]) + [extent] + first.dimensions[(axis + indices.rank)...])
            ]
        case .gatherElements(_, let shape), .pad(_, let shape):
            return [try checkedShape(shape)]
        case .lstm(let recurrence):
            return try recurrence.gradientShapes(inputs, gates: 4, states: 2)
        case .gru(let recurrence, _):
            return try recurrence.gradientShapes(inputs, gates: 3, states: 1)
        }
    }

    private func check(_ expected: Shape, _ given: Shape) throws(GraphError) {
        guard expected == given else {
            throw GraphError(.incompatibleShapes("a gradient of \(given) for a result of \(expected)"))
        }
    }
}

extension Recurrence {
    fileprivate func gradientShapes(
        _ inputs: InferenceInputs, gates: Int, states: Int
    ) throws(GraphError) -> [Shape] {
        let outputs = try outputShapes(inputs, gates: gates, states: states)
        let y = 5 + states
        try inputs.check(y..<y + 1, are: outputs[0], "results")
        try inputs.check(y + 1..<y + 2, are: outputs[states + 1], "states of the gates")
        try inputs.check(y + 2..<y + 3, are: outputs[0], "results")
        try inputs.check(y + 3..<y + 3 + states, are: outputs[1], "states")
        let biases = try checkedShape([direction.count, checkedMultiply(2 * gates, hiddenSize)])
        return [inputs.shape(0), inputs.shape(1), inputs.shape(2), biases]
            + Array(repeating: outputs[1], count: states)
    }
}
