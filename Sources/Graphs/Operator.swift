package import Tensors

/// What a node computes: a small closed set with the semantics of ONNX.
///
/// The inputs of each operator stand in its comment, `?` where one may be left out. Parameters that ONNX passes as
/// tensors (a Reshape's shape, a Slice's starts) stay inputs; in a specialized graph they are constants.
///
/// A *specialized* graph is in normal form: axes are not negative, windows have explicit padding, `transpose` has its
/// permutation, `reduce` its axes, `shapeOf` is folded, and `flatten`, `squeeze`, `unsqueeze` are `reshape`.
package enum Operator: Hashable, Sendable {
    // MARK: Images: N×C×H×W (channels first) or N×H×W×C (channels last)
    /// x, weights O×I÷groups×h×w in either data format, bias? O, addend? (of the result's shape, added after the
    /// activation; no model file has it).
    case convolution(Convolution)
    /// x, weights I×O÷groups×h×w in either data format, bias? O: what a convolution with these weights, from O to I
    /// channels, does to the gradient of its result. `outputPadding` is less than a stride and lies at the bottom and
    /// the right.
    case convolutionTranspose(Convolution, outputPadding: Size2D)
    /// x, scale, bias, mean, variance (each C).
    case batchNormalization(BatchNormalization)
    /// x, scale, bias (each C). Normalizes with what the batch itself says: gives y, and for each channel the mean and
    /// 1 ÷ √(variance + ε), with the variance of the population.
    case trainingBatchNormalization(BatchNormalization)
    /// x, scale?, bias? (each C). Gives y, and where they are wanted the mean and 1 ÷ √(variance + ε) of each image's
    /// groups (N×groups).
    case groupNormalization(GroupNormalization)
    /// x. Padding never wins.
    case maxPool(Pool)
    /// x. With `countsPadding` the divisor includes the padding (but not what ceil mode adds past it).
    case averagePool(Pool, countsPadding: Bool)
    /// x. The mean over height and width, which become 1.
    case globalAveragePool(DataFormat)
    /// x, scales? (float, one per axis), sizes? (int64, one per axis): exactly one of the two.
    case resize(Resize)

    // MARK: Elementwise
    /// x.
    case unary(UnaryFunction)
    /// x, minimum?, maximum? (scalars).
    case clip
    /// a, b, broadcast against each other.
    case binary(BinaryFunction)
    /// condition (bool), a, b, broadcast against each other.
    case `where`
    /// x.
    case cast(to: DType)
    /// x.
    case identity
    /// x. To the gradient it is a constant.
    case stopGradient
    /// x, seed? (int64, one element): each element is kept, divided by 1 − rate, or becomes 0, as the seed, the stream and
    /// the element's place say. Without a seed (in inference) x as it is.
    case dropout(Dropout)

    // MARK: Products and reductions
    /// a, b: NumPy's matmul, leading axes broadcast.
    case matMul
    /// a, b, c?: α·op(a)·op(b) + β·c with c broadcast to the result.
    case gemm(Gemm)
    /// x.
    case softmax(axis: Int)
    /// x.
    case logSoftmax(axis: Int)
    /// x, scale?, bias? (each of the last axis's extent). Over the last axis: gives y, and where they are wanted the mean
    /// and 1 ÷ √(variance + ε) of each row.
    case layerNormalization(epsilon: Float)
    /// x.
    case reduce(Reduce)
    /// x. Gives int64 indices; the first maximum wins.
    case argMax(axis: Int, keepsDimension: Bool)
    /// x, k (int64, one element). Gives values and int64 indices; equal values in order of index.
    case topK(axis: Int, largest: Bool)

    // MARK: Movement
    /// xs...
    case concat(axis: Int)
    /// x, sizes? (int64); without sizes, into equal parts, the last one possibly smaller.
    case split(axis: Int)
    /// x, starts, ends, axes?, steps? (int64).
    case slice
    /// x, shape (int64; −1 infers one extent; 0 copies the input's extent unless `allowsZero`).
    case reshape(allowsZero: Bool)
    /// x. To two axes: those before `axis`, and the rest.
    case flatten(axis: Int)
    /// x. Without axes: every axis of extent 1.
    case squeeze(axes: [Int]?)
    /// x. The axes count in the result.
    case unsqueeze(axes: [Int])
    /// x. Result axis i is input axis permutation[i]; nil reverses them.
    case transpose(permutation: [Int]?)
    /// x, shape (int64), broadcast against each other.
    case expand
    /// x, repeats (int64, one per axis).
    case tile
    /// x, indices (int64 or int32; negative ones count from the end).
    case gather(axis: Int)
    /// x, indices of x's rank.
    case gatherElements(axis: Int)
    /// x, pads (int64, begins then ends; negative ones crop), value? (scalar), axes? (int64).
    case pad(PaddingMode)

    // MARK: Sequences
    /// ONNX's LSTM: x T×B×I, w D×4H×I, r D×4H×H, bias? D×8H, lengths? B (int32), h₀? D×B×H, c₀? D×B×H. Gives y T×D×B×H,
    /// the last h and c (D×B×H), and in training the state that the gradient needs.
    case lstm(Recurrence)
    /// ONNX's GRU: as `lstm`, with 3H and 6H, and without c.
    case gru(Recurrence, linearBeforeReset: Bool)
    /// Logarithms of probabilities T×N×C, labels N×S, lengths of both (N; integers): gives the loss of each sequence (N)
    /// and its gradient (T×N×C). Graves et al. 2006.
    case ctcLoss(blank: Int)

    // MARK: Gradients
    /// What only gradients compute; see `GradientOperator`.
    case gradient(GradientOperator)

    // MARK: Quantization, as `QuantizationParameters` has it
    /// x, scale, zeroPoint? (its type is the result's; uint8 without it). One scale and one zero point for all of x, or
    /// one of each for every index along `axis`.
    case quantizeLinear(axis: Int)
    /// x (uint8, int8 or int32), scale, zeroPoint? (of x's type).
    case dequantizeLinear(axis: Int)
    /// x. The same numbers in the representation of the result, which `Value.quantization` has.
    case requantize

    // MARK: Shapes
    /// x. Its extents from `start` up to `end` as int64.
    case shapeOf(start: Int, end: Int?)
    /// start, limit, delta (scalars of one type).
    case range
}

extension Operator {
    /// The operator's name for messages and listings.
    package var name: String {
        switch self {
        case .unary(let function): function.name
        case .binary(let function): function.rawValue
        case .reduce(let reduce): "reduce \(reduce.function.rawValue)"
        case .convolution: "convolution"
        case .convolutionTranspose: "convolutionTranspose"
        case .batchNormalization: "batchNormalization"
        case .trainingBatchNormalization: "trainingBatchNormalization"
        case .groupNormalization: "groupNormalization"
        case .maxPool: "maxPool"
        case .averagePool: "averagePool"
        case .globalAveragePool: "globalAveragePool"
        case .resize: "resize"
        case .clip: "clip"
        case .where: "where"
        case .cast: "cast"
        case .identity: "identity"
        case .stopGradient: "stopGradient"
        case .dropout: "dropout"
        case .matMul: "matMul"
        case .gemm: "gemm"
        case .softmax: "softmax"
        case .logSoftmax: "logSoftmax"
        case .layerNormalization: "layerNormalization"
        case .argMax: "argMax"
        case .topK: "topK"
        case .concat: "concat"
        case .split: "split"
        case .slice: "slice"
        case .reshape: "reshape"
        case .flatten: "flatten"
        case .squeeze: "squeeze"
        case .unsqueeze: "unsqueeze"
        case .transpose: "transpose"
        case .expand: "expand"
        case .tile: "tile"
        case .gather: "gather"
        case .gatherElements: "gatherElements"
        case .pad: "pad"
        case .lstm: "lstm"
        case .gru: "gru"
        case .ctcLoss: "ctcLoss"
        case .gradient(let gradient): "gradient of \(gradient.name)"
        case .quantizeLinear: "quantizeLinear"
        case .dequantizeLinear: "dequantizeLinear"
        case .requantize: "requantize"
        case .shapeOf: "shapeOf"
        case .range: "range"
        }
    }
}
