import CSaccadeKernels
import Foundation
import Kernels
import Testing

@Suite struct ElementwiseTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)

    static let functions: [VectorUnaryFunction] = [
        .activation(.relu), .activation(.silu), .activation(.sigmoid), .activation(.tanh), .activation(.hardSwish),
        .activation(.clip(minimum: -2, maximum: 3)), .activation(.leakyRelu(slope: 0.01)),
        .activation(.hardSigmoid(slope: 0.25, offset: 0.5)), .exp, .sqrt, .neg, .abs, .reciprocal, .log, .erf,
        .softplus, .elu(scale: 1.5), .gelu, .geluTanh, .floor, .ceil, .round, .sign, .power(exponent: -2),
        .power(exponent: -1), .power(exponent: -0.5), .power(exponent: 0.5), .power(exponent: 2),
        .power(exponent: 3), .power(exponent: 4), .power(exponent: 1.7), .power(exponent: 1),
    ]

    /// Whether the function has a finite value at x.
    private func isDefined(_ function: VectorUnaryFunction, at x: Float) -> Bool {
        switch function {
        case .sqrt: x >= 0
        case .log: x > 0
        case .reciprocal: x != 0
        case .power(let exponent): x > 0 || x < 0 && exponent == exponent.rounded()
        default: true
        }
    }

    /// The function in double precision.
    private func exact(_ function: VectorUnaryFunction, _ x: Double) -> Double {
        switch function {
        case .activation(.none): x
        case .activation(.relu): max(x, 0)
        case .activation(.silu): x / (1 + Foundation.exp(-x))
        case .activation(.sigmoid): 1 / (1 + Foundation.exp(-x))
        case .activation(.tanh): Foundation.tanh(x)
        case .activation(.hardSwish): x * min(max(x / 6 + 0.5, 0), 1)
        case .activation(.clip(let minimum, let maximum)): min(max(x, Double(minimum)), Double(maximum))
        case .activation(.leakyRelu(let slope)): x < 0 ? Double(slope) * x : x
        case .activation(.hardSigmoid(let slope, let offset)): min(max(Double(slope) * x + Double(offset), 0), 1)
        case .exp: Foundation.exp(x)
        case .sqrt: x.squareRoot()
        case .neg: -x
        case .abs: Swift.abs(x)
        case .reciprocal: 1 / x
        case .log: Foundation.log(x)
        case .erf: Foundation.erf(x)
        case .softplus: max(x, 0) + log1p(Foundation.exp(-Swift.abs(x)))
        case .elu(let scale): x > 0 ? x : Double(scale) * expm1(x)
        case .gelu: x / 2 * erfc(-x * 0.5.squareRoot())
        case .geluTanh: x / (1 + Foundation.exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .round: x.rounded(.toNearestOrEven)
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x
        case .power(let exponent): Foundation.pow(x, Double(exponent))
        }
    }

    private func map(_ function: VectorUnaryFunction, _ x: [Float], _ instructionSet: InstructionSet) -> [Float] {
        var y = Array(repeating: Float(-7), count: x.count)
        UnaryKernel(function, instructionSet: instructionSet).run(
            rows: 1, length: x.count, input: x, inputStride: x.count, output: &y, outputStride: x.count, threads: 1)
        return y
    }

    /// Within a few units in the last place of the exact value, over the whole range and near zero.
    @Test(arguments: supported) func functionsAreAccurate(_ instructionSet: InstructionSet) {
        var points = stride(from: -100.0, through: 100, by: 0.0137).map { Float($0) }
        points += stride(from: -1.0, through: 1, by: 0.00031).map { Float($0) }
        points += (-30...2).flatMap { [Foundation.powf(2, Float($0)), -Foundation.powf(2, Float($0))] }
        for function in Self.functions {
            let inputs = points.filter { isDefined(function, at: $0) }
            var worst = 0.0
            for (x, y) in zip(inputs, map(function, inputs, instructionSet)) {
                let reference = exact(function, Double(x))
                // The ends of the range are held: next to nothing stays next to nothing, past the end lies infinity.
                if Swift.abs(reference) < 1e-35 || Swift.abs(reference) > 3.4e38 {
                    if Swift.abs(y) > 2e-35 && Swift.abs(y) < 3.4e38 { Issue.record("\(function) of \(x) is \(y)") }
                    continue
                }
                // Where sums cancel the error is relative to the terms.
                let scale: Double =
                    switch function {
                    case .activation(.hardSigmoid), .activation(.hardSwish): max(Swift.abs(reference), 1)
                    // The exponent 2u is rounded, and so is the square of x without a fused multiply-add.
                    case .geluTanh: Swift.abs(reference) * (1 + (x < 0 ? Double(x * x * -x) / 50 : 0))
                    case .gelu where !instructionSet.isFused: Swift.abs(reference) * (1 + Double(x * x) / 8)
                    default: Swift.abs(reference)
                    }
                worst = max(worst, Swift.abs(Double(y) - reference) / scale)
            }
            #expect(worst <= 6 * Double(Float.ulpOfOne), "\(function): \(worst / Double(Float.ulpOfOne)) ulp")
        }
    }

    @Test(arguments: supported) func specialValues(_ instructionSet: InstructionSet) {
        let inputs: [Float] = [.nan, .infinity, -.infinity, 0, -0.0]
        for function in Self.functions {
            let y = map(function, inputs, instructionSet)
            #expect(y[0].isNaN, "\(function) of NaN is \(y[0])")
        }
        #expect(
            map(.activation(.sigmoid), inputs, instructionSet)[1...3] == [
                1, map(.activation(.sigmoid), [-90], instructionSet)[0], 0.5,
            ])
        #expect(map(.activation(.tanh), inputs, instructionSet)[1...3] == [1, -1, 0])
        #expect(map(.exp, inputs, instructionSet)[1...] == [.infinity, 0, 1, 1])
        #expect(map(.exp, [89, -104], instructionSet) == [.infinity, 0])
        #expect(map(.activation(.relu), inputs, instructionSet)[1...] == [.infinity, 0, 0, 0])
        #expect(map(.abs, inputs, instructionSet)[1...] == [.infinity, .infinity, 0, 0])
        let log = map(.log, inputs + [-1, 700 * .leastNonzeroMagnitude, .leastNonzeroMagnitude], instructionSet)
        #expect(log[1] == .infinity && log[2].isNaN && log[3...4] == [-.infinity, -.infinity] && log[5].isNaN)
        #expect(Swift.abs(log[6] - logf(700) + 103.27893) < 1e-5 && Swift.abs(log[7] + 103.27893) < 1e-5)
        #expect(map(.erf, inputs, instructionSet)[1...] == [1, -1, 0, 0])
        #expect(map(.softplus, inputs, instructionSet)[1...2] == [.infinity, 0])
        #expect(map(.elu(scale: 1.5), inputs, instructionSet)[1...] == [.infinity, -1.5, 0, 0])
        #expect(map(.gelu, inputs, instructionSet)[1...] == [.infinity, 0, 0, 0])
        #expect(map(.gelu, [-1e30, 1e30], instructionSet) == [0, 1e30])
        let geluTanh = map(.geluTanh, inputs + [-1e30, 1e30], instructionSet)
        #expect(geluTanh[1] == .infinity && Swift.abs(geluTanh[2]) < 1e-30 && geluTanh[3...4] == [0, 0])
        #expect(Swift.abs(geluTanh[5]) < 1e-30 && geluTanh[6] == 1e30)
        #expect(map(.floor, [-0.5, 0.5, -2, 1e9, -3.0000002], instructionSet) == [-1, 0, -2, 1e9, -4])
        #expect(map(.ceil, [-0.5, 0.5, -2, 1e9, 3.0000002], instructionSet) == [0, 1, -2, 1e9, 4])
        #expect(map(.round, [-0.5, 0.5, 1.5, 2.5, -2.5], instructionSet) == [0, 0, 2, 2, -2])
        #expect(map(.sign, inputs, instructionSet)[1...] == [1, -1, 0, 0])
        #expect(map(.power(exponent: 0), [0, -3, 7], instructionSet) == [1, 1, 1])
    }

    /// An element's result does not depend on its place in a vector, and nothing past the end is written.
    @Test(arguments: supported) func tailsAndGaps(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 6)
        for length in 1...35 {
            let x = numbers.floats(3 * (length + 2)).map { $0 * 20 }
            for function in Self.functions {
                var y = Array(repeating: Float(77), count: 3 * (length + 3))
                UnaryKernel(function, instructionSet: instructionSet).run(
                    rows: 3, length: length, input: x, inputStride: length + 2, output: &y, outputStride: length + 3,
                    threads: 1)
                for row in 0..<3 {
                    for index in 0..<length {
                        let alone = map(function, [x[row * (length + 2) + index]], instructionSet)[0]
                        let here = y[row * (length + 3) + index]
                        guard here.bitPattern != alone.bitPattern, !(here.isNaN && alone.isNaN) else { continue }
                        Issue.record("\(function): \(here) is \(alone) alone")
                    }
                    #expect(y[(row * (length + 3) + length)..<(row + 1) * (length + 3)].allSatisfy { $0 == 77 })
                }
            }
        }
    }

    @Test(arguments: supported) func binaryBroadcasting(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 7)
        let shapes: [(left: [Int], right: [Int], output: [Int])] = [
            ([2, 3, 37], [2, 3, 37], [2, 3, 37]), ([2, 3, 37], [1, 1, 37], [2, 3, 37]),
            ([2, 3, 37], [1, 1, 1], [2, 3, 37]), ([1, 1, 1], [2, 3, 37], [2, 3, 37]),
            ([2, 1, 37], [1, 3, 1], [2, 3, 37]), ([2, 3, 1], [2, 1, 37], [2, 3, 37]),
            ([1, 1, 1], [1, 1, 1], [1, 1, 1]),
            ([5, 1, 16], [5, 4, 16], [5, 4, 16]),
        ]
        for (left, right, output) in shapes {
            func strides(_ shape: [Int]) -> [Int] {
                [shape[1] * shape[2], shape[2], 1].enumerated().map { shape[$0.0] == 1 ? 0 : $0.1 }
            }
            let x = numbers.floats(left.reduce(1, *))
            let y = numbers.floats(right.reduce(1, *))
            for function in VectorBinaryFunction.allCases {
                // A gap of two between the rows of the result.
                let outputStrides = [output[1] * (output[2] + 2), output[2] + 2, 1]
                let kernel = BinaryKernel(
                    function, extents: output, left: strides(left), right: strides(right), output: outputStrides,
                    instructionSet: instructionSet)
                for threads in [1, 3] {
                    var z = Array(repeating: Float(77), count: output[0] * outputStrides[0])
                    kernel.run(left: x, right: y, output: &z, threads: threads)
                    for i in 0..<output[0] {
                        for j in 0..<output[1] {
                            for k in 0..<output[2] + 2 {
                                let result = z[i * outputStrides[0] + j * outputStrides[1] + k]
                                guard k < output[2] else {
                                    #expect(result == 77)
                                    continue
                                }
                                let a = x[zip(strides(left), [i, j, k]).reduce(0) { $0 + $1.0 * $1.1 }]
                                let b = y[zip(strides(right), [i, j, k]).reduce(0) { $0 + $1.0 * $1.1 }]
                                let expected: Float =
                                    switch function {
                                    case .add: a + b
                                    case .sub: a - b
                                    case .mul: a * b
                                    case .div: a / b
                                    case .min: min(a, b)
                                    case .max: max(a, b)
                                    }
                                #expect(result == expected || (result.isNaN && expected.isNaN))
                            }
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: supported) func minimumAndMaximumKeepNaN(_ instructionSet: InstructionSet) {
        let x: [Float] = [.nan, 1, .nan, 2]
        let y: [Float] = [1, .nan, .nan, 3]
        for function in [VectorBinaryFunction.min, .max] {
            var z: [Float] = [0, 0, 0, 0]
            BinaryKernel(
                function, extents: [4], left: [1], right: [1], output: [1], instructionSet: instructionSet
            ).run(left: x, right: y, output: &z, threads: 1)
            #expect(z[0].isNaN && z[1].isNaN && z[2].isNaN && z[3] == (function == .min ? 2 : 3))
        }
    }
}
