import CSaccadeKernels
import Foundation
import Kernels
import Testing

@Suite struct UnaryGradientTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)

    static let functions: [(function: VectorUnaryFunction, code: sk_unary_function, a: Double, b: Double)] = [
        (.activation(.relu), sk_unary_relu, 0, 0),
        (.activation(.clip(minimum: -2, maximum: 3)), sk_unary_clip, -2, 3),
        (.activation(.silu), sk_unary_silu, 0, 0),
        (.activation(.sigmoid), sk_unary_sigmoid, 0, 0),
        (.activation(.leakyRelu(slope: 0.125)), sk_unary_leaky_relu, 0.125, 0),
        (.activation(.hardSwish), sk_unary_hard_swish, 0, 0),
        (.activation(.hardSigmoid(slope: 0.25, offset: 0.5)), sk_unary_hard_sigmoid, 0.25, 0.5),
        (.activation(.tanh), sk_unary_tanh, 0, 0),
        (.exp, sk_unary_exp, 0, 0), (.sqrt, sk_unary_sqrt, 0, 0), (.neg, sk_unary_neg, 0, 0),
        (.abs, sk_unary_abs, 0, 0), (.reciprocal, sk_unary_reciprocal, 0, 0), (.log, sk_unary_log, 0, 0),
        (.erf, sk_unary_erf, 0, 0), (.softplus, sk_unary_softplus, 0, 0), (.elu(scale: 1.5), sk_unary_elu, 1.5, 0),
        (.gelu, sk_unary_gelu, 0, 0), (.geluTanh, sk_unary_gelu_tanh, 0, 0), (.floor, sk_unary_floor, 0, 0),
        (.ceil, sk_unary_ceil, 0, 0), (.round, sk_unary_round, 0, 0), (.sign, sk_unary_sign, 0, 0),
        (.power(exponent: 0), sk_unary_power, 0, 0), (.power(exponent: 2), sk_unary_power, 2, 0),
        (.power(exponent: 3), sk_unary_power, 3, 0), (.power(exponent: 0.5), sk_unary_power, 0.5, 0),
        (.power(exponent: -1), sk_unary_power, -1, 0), (.power(exponent: 1.75), sk_unary_power, 1.75, 0),
    ]

    private func gradient(
        _ function: VectorUnaryFunction, _ x: [Float], _ dy: [Float], _ instructionSet: InstructionSet,
        threads: Int = 1
    ) -> [Float] {
        var dx = Array(repeating: Float(-7), count: x.count)
        UnaryGradientKernel(function, instructionSet: instructionSet).run(
            count: x.count, input: x, outputGradient: dy, inputGradient: &dx, threads: threads)
        return dx
    }

    /// Within a few units in the last place of the formula in double precision.
    @Test(arguments: supported) func equalsNaive(_ instructionSet: InstructionSet) {
        var points = stride(from: -12.0, through: 12, by: 0.00371).map { Float($0) }
        points += stride(from: -60.0, through: 60, by: 0.0937).map { Float($0) }
        for (function, code, a, b) in Self.functions {
            let inputs = points.filter {
                switch function {
                case .sqrt, .log: $0 > 0
                case .power(let exponent): $0 > 0 || exponent == exponent.rounded() && $0 != 0
                default: $0 != 0
                }
            }
            let dy = inputs.indices.map { Float($0 % 7) - 3 }
            for (index, result) in gradient(function, inputs, dy, instructionSet).enumerated() {
                let x = Double(inputs[index])
                let slope = sk_unary_gradient_naive(code, a, b, x)
                // The rounding of an exponent shows in the tails; where f′ crosses 0 the error is relative to its
                // terms.
                let bound: Double =
                    switch function {
                    case .gelu, .geluTanh, .activation(.silu), .activation(.hardSwish):
                        abs(slope) < 1e-3 ? 1e-6 * Double.maximum(abs(slope) * 30, 1e-1) : 1e-6
                    case .erf: abs(slope) * (instructionSet.isFused ? 1 : 1 + x * x) * 1e-6
                    default: abs(slope) * 1e-6
                    }
                let error = abs(Double(result) - slope * Double(dy[index]))
                if error > bound * abs(Double(dy[index])) + 1e-36 {
                    Issue.record("\(function) at \(x): \(result) is \(slope) · \(dy[index])")
                    break
                }
            }
        }
    }

    /// The corners, as PyTorch has them; clip is flat on both bounds.
    @Test(arguments: supported) func corners(_ instructionSet: InstructionSet) {
        func at(_ function: VectorUnaryFunction, _ points: [Float]) -> [Float] {
            gradient(function, points, points.map { _ in 2 }, instructionSet)
        }
        #expect(at(.activation(.relu), [0, -0.0, 1e-30]) == [0, 0, 2])
        #expect(at(.abs, [0, -0.0, -1e-30]) == [0, 0, -2])
        #expect(at(.activation(.leakyRelu(slope: 0.5)), [0, -0.0, 1e-30]) == [1, 1, 2])
        #expect(at(.activation(.clip(minimum: -1, maximum: 2)), [-1, 2, -0.9999999, 1.9999999]) == [0, 0, 2, 2])
        #expect(at(.activation(.hardSwish), [-3, 3, 0]) == [0, 2, 1])
        #expect(at(.activation(.hardSigmoid(slope: 0.25, offset: 0.5)), [-2, 2, 0]) == [0, 0, 0.5])
        #expect(at(.elu(scale: 1.5), [0, -0.0, 1]) == [3, 3, 2])
        #expect(at(.activation(.none), [0, -1, 1]) == [2, 2, 2])
        for function in [VectorUnaryFunction.gelu, .geluTanh, .activation(.silu)] {
            let ends = at(function, [-1e30, 1e30, -.infinity, .infinity])
            #expect(abs(ends[0]) < 1e-30 && ends[1] == 2 && abs(ends[2]) < 1e-30 && ends[3] == 2, "\(function)")
        }
    }

    /// An element's result depends neither on its place in a vector nor on the threads, and nothing past the end is
    /// touched.
    @Test(arguments: supported) func tails(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 61)
        for length in lengthsAroundVectors where length > 0 {
            let x = GuardedMemory(numbers.floats(length).map { abs($0) * 4 + 0.5 })
            let dy = GuardedMemory(numbers.floats(length))
            for (function, _, _, _) in Self.functions {
                let dx = GuardedMemory(Array(repeating: Float(7), count: length))
                UnaryGradientKernel(function, instructionSet: instructionSet).run(
                    count: length, input: x.start, outputGradient: dy.start, inputGradient: dx.start, threads: 1)
                let alone = (0..<length).map {
                    gradient(function, [x.elements[$0]], [dy.elements[$0]], instructionSet)[0]
                }
                #expect(bitsAreEqual(dx.elements, alone), "\(function), \(length)")
            }
        }
        let x = numbers.floats(70001)
        let dy = numbers.floats(70001)
        for (function, _, _, _) in Self.functions.prefix(4) {
            let one = gradient(function, x, dy, instructionSet)
            for threads in 2...3 {
                #expect(bitsAreEqual(gradient(function, x, dy, instructionSet, threads: threads), one))
            }
        }
    }
}
