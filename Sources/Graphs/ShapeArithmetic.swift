package import Tensors

/// Computes small integer (and float) parameters: the Shape → Gather → Concat → Reshape chains of model files.
///
/// It lives here and not behind the `Evaluator` parameter, because no graph with such a chain can be given shapes
/// without it; so `specialized` works with no kernels at hand. It is deliberately naive and refuses (nil) anything that
/// is large: the caller's evaluator folds the rest.
package enum ShapeArithmetic {
    /// Results and inputs with more elements are left to the caller's evaluator.
    static let maximumCount = 4096

    /// Results of `op`, or nil when it is not one of the operators of shape arithmetic.
    package static func evaluate(
        _ op: Operator, _ inputs: [Tensor?], _ outputs: [TensorType]
    ) throws(GraphError) -> [Tensor]? {
        guard let type = outputs.first, outputs.count == 1, type.shape.count <= maximumCount,
            inputs.allSatisfy({ ($0?.shape.count ?? 0) <= maximumCount }), let x = inputs.first ?? nil
        else { return nil }
        if type.shape.count == 0 { return [try empty(type)] }
        switch op {
        case .identity, .stopGradient, .reshape, .flatten, .squeeze, .unsqueeze:
            return [try copy(x, as: type.shape)]
        case .cast(let dtype):
            return try Numbers(x)?.cast(to: dtype).tensor(type).map { [$0] }
        case .gather(let axis):
            guard let indices = inputs[1]?.integers else { return nil }
            let axis = try checkedAxis(axis, rank: x.shape.rank)
            let inner = x.shape.dimensions[(axis + 1)...].reduce(1, *)
            let extent = x.shape[axis]
            var sources = [Int]()
            for outer in 0..<x.shape.dimensions[..<axis].reduce(1, *) {
                for index in indices {
                    let row = (outer * extent + (index < 0 ? index + extent : index)) * inner
                    sources.append(contentsOf: row..<row + inner)
                }
            }
            return try Numbers(x)?.gathered(sources).tensor(type).map { [$0] }
        case .slice:
            guard x.shape.rank == 1 else { return nil }
            let parameters = InferenceInputs(types: inputs.map { $0?.type }, constants: inputs)
            guard let range = try parameters.sliceRanges().first else { return nil }
            let sources = (0..<range.count).map { range.start + $0 * range.step }
            return try Numbers(x)?.gathered(sources).tensor(type).map { [$0] }
        case .concat:
            guard x.shape.rank == 1 else { return nil }
            var parts = [Numbers]()
            for input in inputs {
                guard let input, let numbers = Numbers(input) else { return nil }
                parts.append(numbers)
            }
            return try Numbers.joined(parts)?.tensor(type).map { [$0] }
        case .expand:
            let sources = try broadcastSources(from: x.shape, to: type.shape)
            return try Numbers(x)?.gathered(sources).tensor(type).map { [$0] }
        case .unary(let function):
            return try Numbers(x)?.applying(function)?.tensor(type).map { [$0] }
        case .binary(let function):
            guard let y = inputs[1], let left = Numbers(x), let right = Numbers(y) else { return nil }
            let a = left.gathered(try broadcastSources(from: x.shape, to: type.shape))
            let b = right.gathered(try broadcastSources(from: y.shape, to: type.shape))
            return try a.combined(with: b, by: function)?.tensor(type).map { [$0] }
        case .where:
            guard x.dtype == .bool, let y = inputs[1], let z = inputs[2], let first = Numbers(y),
                let second = Numbers(z), let both = Numbers.joined([first, second])
            else { return nil }
            let condition = x.elements(as: Bool.self)
            let indices = try (
                broadcastSources(from: x.shape, to: type.shape), broadcastSources(from: y.shape, to: type.shape),
                broadcastSources(from: z.shape, to: type.shape)
            )
            let sources = (0..<type.shape.count).map {
                condition[indices.0[$0]] ? indices.1[$0] : indices.2[$0] + y.shape.count
            }
            return try both.gathered(sources).tensor(type).map { [$0] }
        case .reduce(let reduce):
            guard x.shape.rank == 1 else { return nil }
            return try Numbers(x)?.reduced(reduce.function)?.tensor(type).map { [$0] }
        case .range:
            guard let start = x.integers?.first, let delta = inputs[2]?.integers?.first else { return nil }
            // Inference has counted the elements within the range of Int; the last one lies before the limit.
            let values = (0..<type.shape.count).map { Int64(start + $0 * delta) }
            return try Numbers.integers(values).tensor(type).map { [$0] }
        default:
            return nil
        }
    }

    private static func empty(_ type: TensorType) throws(GraphError) -> Tensor {
        do { return try Tensor(dtype: type.dtype, shape: type.shape) { _ in } } catch { throw GraphError(.tooLarge) }
    }

    private static func copy(_ tensor: Tensor, as shape: Shape) throws(GraphError) -> Tensor {
        do {
            return try Tensor(dtype: tensor.dtype, shape: shape) { bytes in
                let source = UnsafeRawBufferPointer(start: tensor.baseAddress, count: tensor.byteCount)
                withExtendedLifetime(tensor) { bytes.copyMemory(from: source) }
            }
        } catch { throw GraphError(.tooLarge) }
    }

    /// For every element of `to`, in order, the element of `from` that broadcasting puts there.
    private static func broadcastSources(from: Shape, to: Shape) throws(GraphError) -> [Int] {
        guard from.rank <= to.rank else { throw GraphError(.wrongRank(from.rank, expected: 0...to.rank)) }
        let offset = to.rank - from.rank
        let strides = from.strides
        var sources = [0]
        for axis in 0..<to.rank {
            let step = axis < offset || from[axis - offset] == 1 ? 0 : strides[axis - offset]
            sources = sources.flatMap { base in (0..<to[axis]).map { base + $0 * step } }
        }
        return sources
    }
}

/// The elements of a small tensor.
private enum Numbers {
    case integers([Int64])
    case floats([Float])

    init?(_ tensor: Tensor) {
        switch tensor.dtype {
        case .int64: self = .integers(tensor.elements(as: Int64.self))
        case .int32: self = .integers(tensor.elements(as: Int32.self).map { Int64($0) })
        case .bool: self = .integers(tensor.elements(as: Bool.self).map { $0 ? 1 : 0 })
        case .float32: self = .floats(tensor.elements(as: Float.self))
        case .uint8, .int8: return nil
        }
    }

    func tensor(_ type: TensorType) throws(GraphError) -> Tensor? {
        do {
            switch (self, type.dtype) {
            case (.integers(let values), .int64): return try Tensor(values, shape: type.shape.dimensions)
            case (.integers(let values), .int32):
                return try Tensor(values.map { Int32(truncatingIfNeeded: $0) }, shape: type.shape.dimensions)
            case (.integers(let values), .bool):
                return try Tensor(values.map { $0 != 0 }, shape: type.shape.dimensions)
            case (.floats(let values), .float32): return try Tensor(values, shape: type.shape.dimensions)
            default: return nil
            }
        } catch { throw GraphError(.tooLarge) }
    }

    func gathered(_ sources: [Int]) -> Numbers {
        switch self {
        case .integers(let values): .integers(sources.map { values[$0] })
        case .floats(let values): .floats(sources.map { values[$0] })
        }
    }

    static func joined(_ parts: [Numbers]) -> Numbers? {
        var integers = [Int64]()
        var floats = [Float]()
        for part in parts {
            switch part {
            case .integers(let values): integers += values
            case .floats(let values): floats += values
            }
        }
        guard integers.isEmpty || floats.isEmpty else { return nil }
        return floats.isEmpty ? .integers(integers) : .floats(floats)
    }

    func cast(to dtype: DType) throws(GraphError) -> Numbers {
        switch (self, dtype) {
        case (.integers(let values), .float32): return .floats(values.map { Float($0) })
        case (.integers(let values), .bool): return .integers(values.map { $0 == 0 ? 0 : 1 })
        case (.floats(let values), .bool): return .integers(values.map { $0 == 0 ? 0 : 1 })
        case (.floats(let values), .int64), (.floats(let values), .int32):
            var integers = [Int64]()
            for value in values {
                guard let integer = Int64(exactly: value.rounded(.towardZero)) else {
                    throw GraphError(.evaluationFailed("\(value) is not an integer"))
                }
                integers.append(integer)
            }
            return .integers(integers)
        default: return self
        }
    }

    func applying(_ function: UnaryFunction) -> Numbers? {
        switch (self, function) {
        case (.integers(let values), .neg): .integers(values.map { 0 &- $0 })
        case (.integers(let values), .abs): .integers(values.map { $0 < 0 ? 0 &- $0 : $0 })
        case (.integers(let values), .not): .integers(values.map { $0 == 0 ? 1 : 0 })
        case (.floats(let values), .neg): .floats(values.map { -$0 })
        case (.floats(let values), .floor): .floats(values.map { $0.rounded(.down) })
        case (.floats(let values), .ceil): .floats(values.map { $0.rounded(.up) })
        case (.floats(let values), .sqrt): .floats(values.map { $0.squareRoot() })
        default: nil
        }
    }

    func combined(with other: Numbers, by function: BinaryFunction) throws(GraphError) -> Numbers? {
        switch (self, other) {
        case (.integers(let left), .integers(let right)):
            var result = [Int64]()
            for (a, b) in zip(left, right) {
                guard let value = try Numbers.combine(a, b, function) else { return nil }
                result.append(value)
            }
            return .integers(result)
        case (.floats(let left), .floats(let right)):
            switch function {
            case .add: return .floats(zip(left, right).map { $0 + $1 })
            case .sub: return .floats(zip(left, right).map { $0 - $1 })
            case .mul: return .floats(zip(left, right).map { $0 * $1 })
            case .div: return .floats(zip(left, right).map { $0 / $1 })
            default: return nil
            }
        default: return nil
        }
    }

    func reduced(_ function: ReduceFunction) throws(GraphError) -> Numbers? {
        guard case .integers(let values) = self, let first = values.first else { return nil }
        let operation: BinaryFunction
        switch function {
        case .sum: operation = .add
        case .prod: operation = .mul
        case .min: operation = .min
        case .max: operation = .max
        case .mean: return nil
        }
        var result = first
        for value in values.dropFirst() { result = try Numbers.combine(result, value, operation) ?? result }
        return .integers([result])
    }

    private static func combine(_ a: Int64, _ b: Int64, _ function: BinaryFunction) throws(GraphError) -> Int64? {
        func checked(_ result: (partialValue: Int64, overflow: Bool)) throws(GraphError) -> Int64 {
            guard !result.overflow else {
                throw GraphError(.evaluationFailed("\(a) \(function.rawValue) \(b) is not an integer in range"))
            }
            return result.partialValue
        }
        switch function {
        case .add: return try checked(a.addingReportingOverflow(b))
        case .sub: return try checked(a.subtractingReportingOverflow(b))
        case .mul: return try checked(a.multipliedReportingOverflow(by: b))
        case .div: return try checked(a.dividedReportingOverflow(by: b))
        case .mod:
            let remainder = try checked(a.remainderReportingOverflow(dividingBy: b))
            return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
        case .fmod: return try checked(a.remainderReportingOverflow(dividingBy: b))
        case .min: return Swift.min(a, b)
        case .max: return Swift.max(a, b)
        case .equal: return a == b ? 1 : 0
        case .less: return a < b ? 1 : 0
        case .lessOrEqual: return a <= b ? 1 : 0
        case .greater: return a > b ? 1 : 0
        case .greaterOrEqual: return a >= b ? 1 : 0
        case .and: return a != 0 && b != 0 ? 1 : 0
        case .or: return a != 0 || b != 0 ? 1 : 0
        case .pow: return nil
        }
    }
}
