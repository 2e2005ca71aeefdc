import Graphs
import Kernels
import Tensors

extension Lowering {
    /// Chooses the kernel of an operator and binds its parameters.
    mutating func body() throws(ExecutionError) -> StepBody {
        if isQuantized { return try integerBody() }
        switch op {
        case .convolution(let convolution): return try self.convolution(convolution)
        case .batchNormalization(let normalization): return try batchNormalization(normalization)
        case .maxPool(let pool): return try maxPool(pool)
        case .averagePool(let pool, let countsPadding): return try averagePool(pool, countsPadding: countsPadding)
        case .globalAveragePool(let format): return try globalAveragePool(format)
        case .resize(let resize): return try self.resize(resize)
        case .unary(let function): return try unary(function)
        case .clip: return try clip()
        case .binary(let function): return try binary(function)
        case .where: return try select()
        case .cast: return try cast()
        case .identity, .stopGradient, .reshape, .flatten, .squeeze, .unsqueeze: return try copy()
        case .matMul: return try matMul()
        case .gemm(let gemm): return try self.gemm(gemm)
        case .softmax(let axis): return try softmax(axis: axis)
        case .reduce(let reduce): return try self.reduce(reduce)
        case .argMax(let axis, _): return try argMax(axis: axis)
        case .topK(let axis, let largest): return try topK(axis: axis, largest: largest)
        case .concat(let axis): return try concat(axis: axis)
        case .split(let axis): return try split(axis: axis)
        case .slice: return try slice()
        case .transpose(let permutation): return try transpose(permutation)
        case .expand: return try expand()
        case .tile: return try tile()
        case .gather(let axis): return try gather(axis: axis)
        case .gatherElements(let axis): return try gatherElements(axis: axis)
        case .pad(let mode): return try pad(mode)
        case .quantizeLinear(let axis): return try quantizeLinear(axis: axis)
        case .dequantizeLinear(let axis): return try dequantizeLinear(axis: axis)
        case .dropout(let dropout): return try self.dropout(dropout)
        case .lstm(let recurrence): return try lstm(recurrence)
        case .gru(let recurrence, let isLinear): return try gru(recurrence, linearBeforeReset: isLinear)
        case .ctcLoss(let blank): return try ctcLoss(blank: blank)
        case .trainingBatchNormalization(let normalization): return try trainingBatchNormalization(normalization)
        case .groupNormalization(let normalization): return try groupNormalization(normalization)
        case .layerNormalization(let epsilon): return try layerNormalization(epsilon: epsilon)
        case .logSoftmax(let axis): return try softmax(axis: axis, isLogarithm: true)
        case .convolutionTranspose(let convolution, _): return try convolutionTranspose(convolution)
        case .gradient(let gradient): return try self.gradient(gradient)
        case .shapeOf: throw unsupported("a graph that is not specialized")
        case .range: return try range()
        case .requantize: return try copy()
        }
    }
}

extension Operator {
    /// Whether its kernel reads tensors whose rows have gaps.
    func readsGaps(input index: Int) -> Bool {
        switch self {
        case .reshape, .identity, .stopGradient, .flatten, .squeeze, .unsqueeze, .matMul, .gemm, .shapeOf, .range,
            .dropout,
            .trainingBatchNormalization, .groupNormalization, .layerNormalization, .lstm, .gru, .gradient:
            false
        default: index == 0 || !isParameter(index)
        }
    }

    /// Whether its kernel writes rows with gaps.
    var writesGaps: Bool {
        switch self {
        case .convolution, .convolutionTranspose, .batchNormalization, .maxPool, .averagePool, .resize, .unary, .clip,
            .binary, .where, .cast,
            .softmax, .logSoftmax, .concat, .split, .slice, .transpose, .expand, .tile, .pad, .quantizeLinear,
            .dequantizeLinear,
            .requantize:
            true
        default: false
        }
    }

    private func isParameter(_ index: Int) -> Bool {
        switch self {
        case .binary, .where, .concat, .gatherElements, .gather: false
        // A residual is input 3 of a convolution in a plan.
        case .convolution: index != 3
        case .convolutionTranspose: index > 0
        default: index > 0
        }
    }
}
