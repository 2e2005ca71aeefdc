package import Tensors

extension Operator {
    /// The types of a node's outputs from those of its inputs.
    ///
    /// - Parameters:
    ///   - inputs: one entry per input, nil where an optional input is left out.
    ///   - constants: the tensors of those inputs that are known; parameters such as a Reshape's shape must be.
    /// - Throws: what `outputDTypes` throws, and a reason for attributes and shapes that do not fit. Nothing that a
    ///   model file can hold makes it trap.
    package func infer(
        _ inputs: [TensorType?], constants: [Tensor?] = [], outputCount: Int = 1
    ) throws(GraphError) -> [TensorType] {
        let dtypes = try outputDTypes(inputs.map { $0?.dtype }, outputCount: outputCount)
        let shapes = try inferShapes(
            InferenceInputs(types: inputs, constants: constants), outputCount: outputCount)
        return zip(dtypes, shapes).map { TensorType(dtype: $0, shape: $1) }
    }

    private func inferShapes(_ inputs: InferenceInputs, outputCount: Int) throws(GraphError) -> [Shape] {
        let x = inputs.shape(0)
        switch self {
        case .convolution(let convolution):
            let y = try convolution.outputShape(x: x, weights: inputs.shape(1), bias: inputs.optionalShape(2))
            if let addend = inputs.optionalShape(3), addend != y {
                throw GraphError(.incompatibleShapes("an addend of \(addend) for a convolution to \(y)"))
            }
            return [y]
        case .batchNormalization(let normalization):
            let axis = try normalization.channelAxis(rank: x.rank)
            for index in 1..<5 where inputs.shape(index).dimensions != [x[axis]] {
                throw GraphError(.incompatibleShapes("parameter of \(inputs.shape(index)) for \(x[axis]) channels"))
            }
            return [x]
        case .convolutionTranspose(let convolution, let outputPadding):
            return [
                try convolution.transposedShape(
                    x: x, weights: inputs.shape(1), bias: inputs.optionalShape(2), outputPadding: outputPadding)
            ]
        case .trainingBatchNormalization(let normalization):
            let axis = try normalization.channelAxis(rank: x.rank)
            let channels = try checkedShape([x[axis]])
            try inputs.check(1..<3, are: channels, "channels")
            return [x, channels, channels]
        case .groupNormalization(let normalization):
            let (channels, statistics) = try normalization.parameterShapes(x)
            try inputs.check(1..<3, are: channels, "channels")
            return Array([x, statistics, statistics][..<outputCount])
        case .maxPool(let pool), .averagePool(let pool, _):
            return [try pool.outputShape(x: x)]
        case .globalAveragePool(let format):
            let image = try ImageExtents(x, format)
            return [try image.replacing(height: 1, width: 1)]
        case .resize(let resize):
            return [try resize.outputShape(x: x, scales: inputs.optionalFloats(1), sizes: inputs.optionalIntegers(2))]

        case .unary, .cast, .identity, .stopGradient:
            return [x]
        case .dropout(let dropout):
            guard dropout.rate >= 0, dropout.rate < 1 else {
                throw GraphError(.invalidAttribute("a dropout rate of \(dropout.rate)"))
            }
            if let seed = inputs.optionalShape(1), seed.count != 1 {
                throw GraphError(.incompatibleShapes("a seed of \(seed)"))
            }
            return [x]
        case .clip:
            for index in 1..<3 {
                guard let bound = inputs.optionalShape(index) else { continue }
                guard bound.count == 1 else { throw GraphError(.incompatibleShapes("a bound of \(bound)")) }
            }
            return [x]
        case .binary:
            return [try broadcast(x, inputs.shape(1))]
        case .where:
            return [try broadcast(broadcast(x, inputs.shape(1)), inputs.shape(2))]

        case .matMul:
            return [try vectorMatMulShape(x, inputs.shape(1))]
        case .gemm(let gemm):
            return [try gemm.outputShape(a: x, b: inputs.shape(1), c: inputs.optionalShape(2))]
        case .layerNormalization:
            guard x.rank > 0 else { throw GraphError(.wrongRank(0, expected: 1...Int.max)) }
            let rows = try checkedShape(Array(x.dimensions.dropLast()))
            try inputs.check(1..<3, are: checkedShape([x[x.rank - 1]]), "elements of a row")
            return Array([x, rows, rows][..<outputCount])
        case .softmax(let axis), .logSoftmax(let axis):
            _ = try checkedAxis(axis, rank: x.rank)
            return [x]
        case .reduce(let reduce):
            let axes = try checkedAxes(reduce.axes ?? Array(0..<x.rank), rank: x.rank)
            if reduce.function == .max || reduce.function == .min, axes.contains(where: { x[$0] == 0 }) {
                throw GraphError(.incompatibleShapes("\(reduce.function.rawValue) of nothing"))
            }
            return [try reducedShape(x, axes: axes, keepsDimensions: reduce.keepsDimensions)]
        case .argMax(let axis, let keepsDimension):
            let axis = try checkedAxis(axis, rank: x.rank)
            guard x[axis] > 0 else { throw GraphError(.incompatibleShapes("argMax of nothing")) }
            return [try reducedShape(x, axes: [axis], keepsDimensions: keepsDimension)]
        case .topK(let axis, _):
            let axis = try checkedAxis(axis, rank: x.rank)
            let k = try inputs.integers(1)
            guard k.count == 1, let k = k.first else { throw GraphError(.invalidAttribute("k is not one number")) }
            guard k >= 1, k <= x[axis] else {
                throw GraphError(.invalidAttribute("the top \(k) of \(x[axis])"))
            }
            let shape = try replacing(x, axis: axis, extent: k)
            return [shape, shape]

        case .concat(let axis): return [try concatShape(inputs.shapes, axis: axis)]
        case .split(let axis):
            return try splitShapes(x, axis: axis, sizes: inputs.optionalIntegers(1), count: outputCount)
        case .slice:
            return [try checkedShape(inputs.sliceRanges().map(\.count))]
        case .reshape(let allowsZero):
            return [try reshapedShape(x, to: inputs.integers(1), allowsZero: allowsZero)]
        case .flatten(let axis):
            let axis = axis == x.rank ? axis : try checkedAxis(axis, rank: x.rank)
            return [
                try checkedShape([x.dimensions[..<axis].reduce(1, *), x.dimensions[axis...].reduce(1, *)])
            ]
        case .squeeze(let axes):
            let axes = try checkedAxes(axes ?? x.dimensions.indices.filter { x[$0] == 1 }, rank: x.rank)
            if let axis = axes.first(where: { x[$0] != 1 }) {
                throw GraphError(.incompatibleShapes("axis \(axis) of \(x) cannot be squeezed"))
            }
            return [try reducedShape(x, axes: axes, keepsDimensions: false)]
        case .unsqueeze(let axes):
            var dimensions = x.dimensions
            for axis in try checkedAxes(axes, rank: checkedAdd(x.rank, axes.count)) { dimensions.insert(1, at: axis) }
            return [try checkedShape(dimensions)]
        case .transpose(let permutation):
            let permutation = permutation ?? (0..<x.rank).reversed()
            guard permutation.sorted() == Array(0..<x.rank) else {
                throw GraphError(.invalidAttribute("permutation \(permutation) of \(x.rank) axes"))
            }
            return [try checkedShape(permutation.map { x[$0] })]
        case .expand:
            return [try broadcast(x, checkedShape(inputs.integers(1)))]
        case .tile:
            let repeats = try inputs.integers(1)
            guard repeats.count == x.rank else {
                throw GraphError(.invalidAttribute("\(repeats.count) repeats of \(x.rank) axes"))
            }
            var dimensions = [Int]()
            for (extent, count) in zip(x.dimensions, repeats) { dimensions.append(try checkedMultiply(extent, count)) }
            return [try checkedShape(dimensions)]
        case .gather(let axis):
            let axis = try checkedAxis(axis, rank: x.rank)
            try inputs.checkIndices(1, below: x[axis])
            let indices = inputs.shape(1)
            return [
                try checkedShape(Array(x.dimensions[..<axis]) + indices.dimensions + x.dimensions[(axis + 1)...])
            ]
        case .gatherElements(let axis):
            let axis = try checkedAxis(axis, rank: x.rank)
            let indices = inputs.shape(1)
            let fits = indices.rank == x.rank && x.dimensions.indices.allSatisfy { $0 == axis || indices[$0] <= x[$0] }
            guard fits else { throw GraphError(.incompatibleShapes("indices of \(indices) into \(x)")) }
            try inputs.checkIndices(1, below: x[axis])
            return [indices]
        case .pad(let mode):
            return [try padShape(x, pads: inputs.integers(1), axes: inputs.optionalIntegers(3), mode: mode)]

        case .lstm(let recurrence):
            return Array(try recurrence.outputShapes(inputs, gates: 4, states: 2)[..<outputCount])
        case .gru(let recurrence, _):
            return Array(try recurrence.outputShapes(inputs, gates: 3, states: 1)[..<outputCount])
        case .ctcLoss(let blank):
            return try ctcShapes(inputs, blank: blank)
        case .gradient(let gradient):
            return try gradient.outputShapes(inputs, count: outputCount)

        case .requantize:
            return [x]
        case .quantizeLinear(let axis), .dequantizeLinear(let axis):
            let scale = inputs.shape(1)
            if scale.count != 1 {
                let extent = x[try checkedAxis(axis, rank: x.rank)]
                guard scale.dimensions == [extent] else {
                    throw GraphError(.incompatibleShapes("scales of \(scale) for \(extent) indices of an axis"))
                }
            }
            if let zeroPoint = inputs.optionalShape(2), zeroPoint.count != scale.count || zeroPoint.rank > 1 {
                throw GraphError(.incompatibleShapes("zero points of \(zeroPoint) for scales of \(scale)"))
            }
            return [x]

        case .shapeOf(let start, let end):
            return [try checkedShape([shapeOfRange(start: start, end: end, rank: x.rank).count])]
        case .range:
            return [try checkedShape([inputs.rangeCount()])]
        }
    }
}

/// What inference sees of a node's inputs; `Operator.outputDTypes` has checked that the required ones are there.
struct InferenceInputs {
    let types: [TensorType?]
    let constants: [Tensor?]

    func constant(_ index: Int) -> Tensor? { index < constants.count ? constants[index] : nil }

    var shapes: [Shape] { types.compactMap { $0?.shape } }

    func optionalShape(_ index: Int) -> Shape? { index < types.count ? types[index]?.shape : nil }

    func shape(_ index: Int) -> Shape { optionalShape(index) ?? Shape.scalar }

    func integers(_ index: Int) throws(GraphError) -> [Int] {
        guard let tensor = constant(index) else { throw GraphError(.notConstant(index)) }
        guard let integers = tensor.integers else {
            throw GraphError(.wrongDType(tensor.dtype, expected: [.int64, .int32]))
        }
        return integers
    }

    func optionalIntegers(_ index: Int) throws(GraphError) -> [Int]? {
        optionalShape(index) == nil ? nil : try integers(index)
    }

    func optionalFloats(_ index: Int) throws(GraphError) -> [Float]? {
        guard optionalShape(index) != nil else { return nil }
        guard let tensor = constant(index) else { throw GraphError(.notConstant(index)) }
        guard tensor.dtype == .float32 else { throw GraphError(.wrongDType(tensor.dtype, expected: [.float32])) }
        return tensor.elements(as: Float.self)
    }

    /// Those of the inputs that are there must have the shape.
    func check(_ range: Range<Int>, are shape: Shape, _ what: String) throws(GraphError) {
        for index in range {
            guard let given = optionalShape(index), given != shape else { continue }
            throw GraphError(.incompatibleShapes("a parameter of \(given) for \(shape) \(what)"))
        }
    }

    /// Indices that are known already must be inside; the others are checked when they are used.
    func checkIndices(_ index: Int, below extent: Int) throws(GraphError) {
        guard let indices = constant(index)?.integers else { return }
        for value in indices where value >= extent || value < -extent {
            throw GraphError(.invalidAttribute("index \(value) into an axis of \(extent)"))
        }
    }

    func sliceRanges() throws(GraphError) -> [SliceRange] {
        try SliceRange.resolve(
            shape(0), starts: integers(1), ends: integers(2), axes: optionalIntegers(3), steps: optionalIntegers(4))
    }

    /// The number of elements of a `range`.
    func rangeCount() throws(GraphError) -> Int {
        for index in 0..<3 where shape(index).count != 1 {
            throw GraphError(.incompatibleShapes("a range bound of \(shape(index))"))
        }
        if types[0]?.dtype == .float32 {
            guard let start = try optionalFloats(0)?.first, let limit = try optionalFloats(1)?.first,
                let delta = try optionalFloats(2)?.first
            else { throw GraphError(.notConstant(0)) }
            let count = ((Double(limit) - Double(start)) / Double(delta)).rounded(.up)
            guard count.isFinite, count <= Double(Shape.maximumCount) else {
                throw GraphError(.invalidAttribute("a range from \(start) to \(limit) by \(delta)"))
            }
            return Int(max(count, 0))
        }
        let bounds = (try integers(0).first ?? 0, try integers(1).first ?? 0, try integers(2).first ?? 0)
        guard bounds.2 != 0 else { throw GraphError(.invalidAttribute("a range by 0")) }
        let distance = try checkedSubtract(bounds.1, bounds.0)
        guard distance != 0, (distance > 0) == (bounds.2 > 0) else { return 0 }
        let (steps, overflow) = distance.magnitude.addingReportingOverflow(bounds.2.magnitude - 1)
        guard !overflow, let count = Int(exactly: steps / bounds.2.magnitude) else { throw GraphError(.tooLarge) }
        return count
    }
}
