import Foundation
import Graphs
import Kernels
import Tensors

extension Lowering {
    mutating func unary(_ function: UnaryFunction) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        switch (x.dtype, function) {
        case (.float32, _):
            if let vectorized = function.vectorized { return try vectorUnary(vectorized) }
            guard let scalar = function.scalar else { throw unsupported("\(function.name) of \(x.dtype)") }
            return { context in
                Reference.map(x.view(at: context.input(0)), to: y.view(at: context.output(0)), scalar)
                return true
            }
        case (.bool, .not):
            return { context in
                Reference.mapBool(x.view(at: context.input(0)), to: y.view(at: context.output(0))) { !$0 }
                return true
            }
        case (.int64, .neg), (.int64, .abs), (.int64, .sign):
            return { context in
                Reference.mapInt64(x.view(at: context.input(0)), to: y.view(at: context.output(0))) {
                    function.integer($0)
                }
                return true
            }
        case (.int32, .neg), (.int32, .abs), (.int32, .sign):
            return { context in
                Reference.mapInt32(x.view(at: context.input(0)), to: y.view(at: context.output(0))) {
                    Int32(truncatingIfNeeded: function.integer(Int64($0)))
                }
                return true
            }
        default: throw unsupported("\(function.name) of \(x.dtype)")
        }
    }

    private mutating func vectorUnary(_ function: VectorUnaryFunction) throws(ExecutionError) -> StepBody {
        kernel = "elementwise_f32_\(instructionSet.rawValue)"
        return try rows(UnaryKernel(function, instructionSet: instructionSet).run)
    }

    mutating func clip() throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        if x.dtype == .float32 {
            let minimum = try floats(1)?.first ?? -.infinity
            let maximum = try floats(2)?.first ?? .infinity
            return try vectorUnary(.activation(.clip(minimum: minimum, maximum: maximum)))
        }
        let minimum = try integers(1)?.first.map { Int64($0) } ?? .min
        let maximum = try integers(2)?.first.map { Int64($0) } ?? .max
        switch x.dtype {
        case .int64:
            return { context in
                Reference.mapInt64(x.view(at: context.input(0)), to: y.view(at: context.output(0))) {
                    min(max($0, minimum), maximum)
                }
                return true
            }
        case .int32:
            return { context in
                Reference.mapInt32(x.view(at: context.input(0)), to: y.view(at: context.output(0))) {
                    Int32(truncatingIfNeeded: min(max(Int64($0), minimum), maximum))
                }
                return true
            }
        default: throw unsupported("clip of \(x.dtype)")
        }
    }

    mutating func binary(_ function: BinaryFunction) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = try input(1)
        let z = outputs[0]
        let extents = z.shape.dimensions
        if x.dtype == .float32, function == .pow, let exponent = y.constant, exponent.shape.count == 1,
            x.shape == z.shape, exponent.elements(as: Float.self) == [2]
        {
            return vectorBinary(.mul, extents, x, x, z, rightInput: 0)
        }
        if x.dtype == .float32, function == .pow, let exponent = y.constant, exponent.shape.count == 1,
            x.shape == z.shape, let exponent = exponent.elements(as: Float.self).first
        {
            return try vectorUnary(.power(exponent: exponent))
        }
        if x.dtype == .float32, let code = function.vectorized {
            return vectorBinary(code, extents, x, y, z, rightInput: 1)
        }
        if x.dtype == .float32, let comparison = function.comparison, z.isDense {
            kernel = "compare_f32_\(instructionSet.rawValue)"
            let compare = ComparisonKernel(
                comparison, extents: extents, left: x.broadcastStrides(to: extents),
                right: y.broadcastStrides(to: extents), output: z.strides, instructionSet: instructionSet)
            return { context in
                compare.run(
                    left: context.floats(input: 0), right: context.floats(input: 1), output: context.bytes(output: 0),
                    threads: context.threads)
                return true
            }
        }
        if function.isPredicate {
            if function == .and || function == .or {
                return { context in
                    Reference.combineBool(
                        x.view(at: context.input(0)), y.view(at: context.input(1)), to: z.view(at: context.output(0))
                    ) { function == .and ? $0 && $1 : $0 || $1 }
                    return true
                }
            }
            return { context in
                Reference.compare(
                    x.view(at: context.input(0)), y.view(at: context.input(1)), to: z.view(at: context.output(0)),
                    integers: { function.compares($0, $1) }, floats: { function.compares($0, $1) })
                return true
            }
        }
        switch x.dtype {
        case .float32:
            return { context in
                Reference.combine(
                    x.view(at: context.input(0)), y.view(at: context.input(1)), to: z.view(at: context.output(0))
                ) { function.float($0, $1) }
                return true
            }
        case .int64:
            return { context in
                Reference.combineInt64(
                    x.view(at: context.input(0)), y.view(at: context.input(1)), to: z.view(at: context.output(0))
                ) { function.integer($0, $1) }
                return true
            }
        case .int32:
            return { context in
                Reference.combineInt32(
                    x.view(at: context.input(0)), y.view(at: context.input(1)), to: z.view(at: context.output(0))
                ) { Int32(truncatingIfNeeded: function.integer(Int64($0), Int64($1))) }
                return true
            }
        default: throw unsupported("\(function.rawValue) of \(x.dtype)")
        }
    }

    private mutating func vectorBinary(
        _ code: VectorBinaryFunction, _ extents: [Int], _ x: Operand, _ y: Operand, _ z: Operand, rightInput: Int
    ) -> StepBody {
        kernel = "elementwise_f32_\(instructionSet.rawValue)"
        let binary = BinaryKernel(
            code, extents: extents, left: x.broadcastStrides(to: extents), right: y.broadcastStrides(to: extents),
            output: z.strides, instructionSet: instructionSet)
        return { context in
            binary.run(
                left: context.floats(input: 0), right: context.floats(input: rightInput),
                output: context.floats(output: 0), threads: context.threads)
            return true
        }
    }

    mutating func select() throws(ExecutionError) -> StepBody {
        let condition = try input(0)
        let x = try input(1)
        let y = try input(2)
        let z = outputs[0]
        if z.dtype == .float32 {
            kernel = "select_f32_\(instructionSet.rawValue)"
            let extents = z.shape.dimensions
            let select = SelectKernel(
                extents: extents, condition: condition.broadcastStrides(to: extents),
                left: x.broadcastStrides(to: extents), right: y.broadcastStrides(to: extents), output: z.strides,
                instructionSet: instructionSet)
            return { context in
                select.run(
                    condition: context.bytes(input: 0), left: context.floats(input: 1),
                    right: context.floats(input: 2), output: context.floats(output: 0), threads: context.threads)
                return true
            }
        }
        return { context in
            Reference.select(
                condition.view(at: context.input(0)), x.view(at: context.input(1)), y.view(at: context.input(2)),
                to: z.view(at: context.output(0)))
            return true
        }
    }

    mutating func cast() throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        if x.dtype == .bool, y.dtype == .float32, let numbers = try? Tensor([1, 0] as [Float], shape: [2]) {
            // A choice between 1 and 0.
            kernel = "select_f32_\(instructionSet.rawValue)"
            let broadcast = Array(repeating: 0, count: y.shape.rank)
            let select = SelectKernel(
                extents: y.shape.dimensions, condition: x.strides, left: broadcast, right: broadcast,
                output: y.strides, instructionSet: instructionSet)
            return { context in
                let one = numbers.baseAddress.assumingMemoryBound(to: Float.self)
                select.run(
                    condition: context.bytes(input: 0), left: one, right: one + 1, output: context.floats(output: 0),
                    threads: context.threads)
                return withExtendedLifetime(numbers) { true }
            }
        }
        return { context in
            Reference.cast(x.view(at: context.input(0)), to: y.view(at: context.output(0)))
            return true
        }
    }
}

extension UnaryFunction {
    /// The vector kernel's function and its parameters; nil where only the naive version exists.
    var vectorized: VectorUnaryFunction? {
        switch self {
        case .sigmoid: .activation(.sigmoid)
        case .silu: .activation(.silu)
        case .relu: .activation(.relu)
        case .tanh: .activation(.tanh)
        case .hardSwish: .activation(.hardSwish)
        case .leakyRelu(let slope): .activation(.leakyRelu(slope: slope))
        case .hardSigmoid(let slope, let offset): .activation(.hardSigmoid(slope: slope, offset: offset))
        case .exp: .exp
        case .sqrt: .sqrt
        case .reciprocal: .reciprocal
        case .neg: .neg
        case .abs: .abs
        case .log: .log
        case .erf: .erf
        case .softplus: .softplus
        case .elu(let scale): .elu(scale: scale)
        case .gelu: .gelu
        case .geluTanh: .geluTanh
        case .floor: .floor
        case .ceil: .ceil
        case .round: .round
        case .sign: .sign
        case .sin, .cos, .not: nil
        }
    }

    /// Any function that tables are made of, on one number.
    var onNumbers: (@Sendable (Float) -> Float)? {
        if case .activation(let activation) = vectorized { return { activation($0) } }
        switch self {
        case .exp: return { expf($0) }
        case .sqrt: return { $0.squareRoot() }
        case .reciprocal: return { 1 / $0 }
        case .neg: return { -$0 }
        case .abs: return { Swift.abs($0) }
        default: return scalar
        }
    }

    /// The functions without a vector kernel, on one number.
    fileprivate var scalar: (@Sendable (Float) -> Float)? {
        switch self {
        case .softplus: { x in Swift.max(x, 0) + log1pf(expf(-Swift.abs(x))) }
        case .elu(let scale): { x in x >= 0 ? x : scale * expm1f(x) }
        case .log: { logf($0) }
        case .erf: { erff($0) }
        case .gelu: { x in 0.5 * x * erfcf(-x * Float(0.5).squareRoot()) }
        case .geluTanh: { x in 0.5 * x * (1 + tanhf((2 / Float.pi).squareRoot() * (x + 0.044715 * x * x * x))) }
        case .sin: { sinf($0) }
        case .cos: { cosf($0) }
        case .sign: { x in x > 0 ? 1 : x < 0 ? -1 : x }
        case .floor: { $0.rounded(.down) }
        case .ceil: { $0.rounded(.up) }
        case .round: { $0.rounded(.toNearestOrEven) }
        default: nil
        }
    }

    fileprivate func integer(_ x: Int64) -> Int64 {
        switch self {
        case .neg: 0 &- x
        case .abs: x < 0 ? 0 &- x : x
        default: x.signum()
        }
    }
}

extension BinaryFunction {
    fileprivate var comparison: VectorComparison? {
        switch self {
        case .equal: .equal
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        default: nil
        }
    }

    fileprivate var vectorized: VectorBinaryFunction? {
        switch self {
        case .add: .add
        case .sub: .sub
        case .mul: .mul
        case .div: .div
        case .min: .min
        case .max: .max
        default: nil
        }
    }

    fileprivate func float(_ a: Float, _ b: Float) -> Float {
        switch self {
        case .pow: return powf(a, b)
        case .fmod: return fmodf(a, b)
        case .mod:
            let remainder = fmodf(a, b)
            return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
        default: return .nan
        }
    }

    /// Wraps around; anything divided by zero is zero.
    fileprivate func integer(_ a: Int64, _ b: Int64) -> Int64 {
        switch self {
        case .add: return a &+ b
        case .sub: return a &- b
        case .mul: return a &* b
        case .min: return Swift.min(a, b)
        case .max: return Swift.max(a, b)
        case .pow: return b < 0 ? (a == 1 ? 1 : a == -1 ? (b & 1 == 0 ? 1 : -1) : 0) : wrappingPower(a, b)
        case .div: return b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
        case .fmod: return b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue
        case .mod:
            guard b != 0 else { return 0 }
            let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
            return remainder != 0 && (remainder < 0) != (b < 0) ? remainder &+ b : remainder
        default: return 0
        }
    }

    private func wrappingPower(_ base: Int64, _ exponent: Int64) -> Int64 {
        var result: Int64 = 1
        var square = base
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = result &* square }
            square = square &* square
            rest >>= 1
        }
        return result
    }

    fileprivate func compares<Number: Comparable>(_ a: Number, _ b: Number) -> Bool {
        switch self {
        case .equal: a == b
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        default: false
        }
    }
}
