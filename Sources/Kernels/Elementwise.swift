import CSaccadeKernels

/// The functions of one float that have a vector kernel.
package enum VectorUnaryFunction: Hashable, Sendable {
    case activation(FusedActivation)
    case exp, sqrt, neg, abs, reciprocal, log, erf, softplus, floor, ceil, sign
    /// The nearest integer, ties to even.
    case round
    /// x where x > 0, else scale · (e^x - 1).
    case elu(scale: Float)
    /// x · Φ(x), Φ the normal distribution; and its approximation by tanh.
    case gelu, geluTanh
    /// x^exponent. By vectors for the exponents -2, -1, ±½, 0, 1, 2, 3 and 4; √ of a negative number is NaN.
    case power(exponent: Float)

    var code: (function: sk_unary_function, a: Float, b: Float) {
        switch self {
        case .activation(let activation):
            // The kinds of activations are functions of the same number.
            (sk_unary_function(rawValue: activation.code.kind.rawValue), activation.code.a, activation.code.b)
        case .exp: (sk_unary_exp, 0, 0)
        case .sqrt: (sk_unary_sqrt, 0, 0)
        case .neg: (sk_unary_neg, 0, 0)
        case .abs: (sk_unary_abs, 0, 0)
        case .reciprocal: (sk_unary_reciprocal, 0, 0)
        case .log: (sk_unary_log, 0, 0)
        case .erf: (sk_unary_erf, 0, 0)
        case .softplus: (sk_unary_softplus, 0, 0)
        case .floor: (sk_unary_floor, 0, 0)
        case .ceil: (sk_unary_ceil, 0, 0)
        case .sign: (sk_unary_sign, 0, 0)
        case .round: (sk_unary_round, 0, 0)
        case .elu(let scale): (sk_unary_elu, scale, 0)
        case .gelu: (sk_unary_gelu, 0, 0)
        case .geluTanh: (sk_unary_gelu_tanh, 0, 0)
        case .power(let exponent): (sk_unary_power, exponent, 0)
        }
    }
}

/// The functions of two floats that have a vector kernel.
package enum VectorBinaryFunction: Hashable, Sendable, CaseIterable {
    case add, sub, mul, div, min, max

    var code: sk_binary_function {
        switch self {
        case .add: sk_binary_add
        case .sub: sk_binary_sub
        case .mul: sk_binary_mul
        case .div: sk_binary_div
        case .min: sk_binary_min
        case .max: sk_binary_max
        }
    }
}

/// A function of one float over a tensor that may have gaps between its rows.
package struct UnaryKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_elementwise_f32_kernel>
    private let function: sk_unary_function
    private let a: Float
    private let b: Float

    package init(_ function: VectorUnaryFunction, instructionSet: InstructionSet) {
        kernel = sk_elementwise_f32_choose(instructionSet.code)
        (self.function, a, b) = function.code
    }

    /// Maps `rows` rows of `length` elements.
    package func run(
        rows: Int, length: Int, input: UnsafePointer<Float>, inputStride: Int, output: UnsafeMutablePointer<Float>,
        outputStride: Int, threads: Int
    ) {
        if inputStride == length, outputStride == length {
            return parallelRanges(rows * length, unit: 64, minimum: 1 << 14, threads: threads) {
                kernel.pointee.unary(function, a, b, input + $0.lowerBound, output + $0.lowerBound, $0.count)
            }
        }
        parallelRanges(rows, unit: 1, minimum: (1 << 14) / max(length, 1), threads: threads) {
            for row in $0 {
                kernel.pointee.unary(function, a, b, input + row * inputStride, output + row * outputStride, length)
            }
        }
    }
}

/// A function of two floats with broadcasting, over strided tensors. Made once at plan time.
package struct BinaryKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_elementwise_f32_kernel>
    private let function: sk_binary_function
    /// Outermost first, after merging. The innermost has output stride 1 and operand strides 0 or 1.
    private let axes: [BroadcastAxis]
    private let count: Int

    /// Strides in elements; 0 where an operand is broadcast. The innermost axis of `output` has stride 1, those of the
    /// operands 0 or 1.
    package init(
        _ function: VectorBinaryFunction, extents: [Int], left: [Int], right: [Int], output: [Int],
        instructionSet: InstructionSet
    ) {
        kernel = sk_elementwise_f32_choose(instructionSet.code)
        self.function = function.code
        count = extents.reduce(1, *)
        axes = BroadcastAxis.merged(extents: extents, left: left, right: right, output: output)
    }

    package func run(
        left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int
    ) {
        guard count > 0 else { return }
        let outer = axes[0]
        let perStep = max(1, count / outer.extent)
        parallelRanges(
            outer.extent, unit: axes.count == 1 ? 64 : 1, minimum: (1 << 14) / perStep, threads: threads
        ) { range in
            combine(
                axis: 0, left + range.lowerBound * outer.left, right + range.lowerBound * outer.right,
                output + range.lowerBound * outer.output, extent: range.count)
        }
    }

    private func combine(
        axis: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        extent: Int
    ) {
        let this = axes[axis]
        guard axis < axes.count - 1 else {
            kernel.pointee.binary(function, left, this.left, right, this.right, output, extent)
            return
        }
        for index in 0..<extent {
            combine(
                axis: axis + 1, left + index * this.left, right + index * this.right, output + index * this.output,
                extent: axes[axis + 1].extent)
        }
    }
}
