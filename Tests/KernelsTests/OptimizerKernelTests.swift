import CSaccadeKernels
import Kernels
import Testing

/// Every implementation gives the bits of the plain loops, at every length around a vector, and touches nothing else.
@Suite struct OptimizerKernelTests {
    typealias Kernel = Registered<sk_optimizer_f32_kernel>
    static let kernels = Kernel.supported(
        sk_optimizer_f32_kernels, name: { $0.name }, isSupported: { sk_isa_is_supported($0.isa) })

    /// Ordinary numbers with zeros of both signs, and the smallest and some large ones among them.
    private func values(_ numbers: inout Numbers, _ count: Int) -> [Float] {
        (0..<count).map { _ in
            switch numbers.integer(0...11) {
            case 0: 0
            case 1: -0.0
            case 2: Float.leastNonzeroMagnitude
            case 3: -1e30
            default: numbers.float() * 3
            }
        }
    }

    private func mean(_ numbers: inout Numbers, _ count: Int) -> [Float] { numbers.floats(count).map { $0 * $0 } }

    private let terms: [sk_gradient_terms] = [
        sk_gradient_terms(scale: 1, limit: .infinity, l2: 0, l1: 0),
        sk_gradient_terms(scale: 0.125, limit: 0.75, l2: 0.01, l1: 0),
        sk_gradient_terms(scale: 3, limit: .infinity, l2: 0, l1: 0.3),
        sk_gradient_terms(scale: 1, limit: 1.5, l2: 0.5, l1: 0.1),
    ]

    /// Runs one pass with both and compares all rows; the first is the parameters, the second the gradients.
    private func compare(
        _ rows: [[Float]], _ what: String, kernel: Kernel,
        _ pass: (sk_optimizer_f32_kernel, Int, [UnsafeMutablePointer<Float>]) -> Void
    ) {
        func run(_ kernel: sk_optimizer_f32_kernel, _ side: GuardedMemory<Float>.Side) -> [[Float]] {
            func open(_ rest: ArraySlice<[Float]>, _ open0: [UnsafeMutablePointer<Float>]) -> [[Float]] {
                guard let row = rest.first else {
                    pass(kernel, rows[0].count, open0)
                    return []
                }
                let memory = GuardedMemory(row, side)
                let others = open(rest.dropFirst(), open0 + [memory.start])
                return [memory.elements] + others
            }
            return open(rows[...], [])
        }
        let wanted = run(sk_optimizer_f32_naive, .atEnd)
        for side in GuardedMemory<Float>.Side.allCases {
            for (row, (found, expected)) in zip(run(kernel.pointee, side), wanted).enumerated() {
                #expect(bitsAreEqual(found, expected), "\(what), \(rows[0].count) elements, row \(row)")
            }
        }
    }

    @Test(arguments: kernels) func stepsHaveTheBitsOfTheOracle(_ kernel: Kernel) {
        var numbers = Numbers(seed: 11)
        for count in lengthsAroundVectors {
            for term in terms {
                var term = term
                let (w, g) = (values(&numbers, count), values(&numbers, count))
                let (a, b, s) = (numbers.floats(count), numbers.floats(count), mean(&numbers, count))
                for nesterov in [false, true] {
                    var step = sk_sgd_step(rate: 0.1, momentum: 0.9, nesterov: nesterov)
                    compare([w, g, b], "sgd", kernel: kernel) { $0.sgd(&term, &step, $1, $2[0], $2[1], $2[2]) }
                    if !nesterov {
                        compare([w, g], "sgd", kernel: kernel) { $0.sgd(&term, &step, $1, $2[0], $2[1], nil) }
                    }
                }
                var rms = sk_rms_prop_step(rate: 0.01, smoothing: 0.9, rest: 0.1, epsilon: 1e-6, momentum: 0.8)
                compare([w, g, s], "rmsprop", kernel: kernel) {
                    $0.rms_prop(&term, &rms, $1, $2[0], $2[1], $2[2], nil, nil)
                }
                compare([w, g, s, a], "rmsprop centred", kernel: kernel) {
                    $0.rms_prop(&term, &rms, $1, $2[0], $2[1], $2[2], $2[3], nil)
                }
                compare([w, g, s, b], "rmsprop momentum", kernel: kernel) {
                    $0.rms_prop(&term, &rms, $1, $2[0], $2[1], $2[2], nil, $2[3])
                }
                compare([w, g, s, a, b], "rmsprop centred momentum", kernel: kernel) {
                    $0.rms_prop(&term, &rms, $1, $2[0], $2[1], $2[2], $2[3], $2[4])
                }
                var adam = sk_adam_step(
                    step_size: 0.01, rest1: 0.1, beta2: 0.999, rest2: 0.001, root_correction: 0.3, epsilon: 1e-8,
                    keep: 0.99)
                compare([w, g, a, s], "adam", kernel: kernel) {
                    $0.adam(&term, &adam, $1, $2[0], $2[1], $2[2], $2[3])
                }
            }
            let (x, y) = (values(&numbers, count), numbers.floats(count))
            compare([x, y], "approach", kernel: kernel) { $0.approach(0.3, $1, $2[0], $2[1]) }
        }
    }

    @Test(arguments: kernels) func sumsHaveTheBitsOfTheOracle(_ kernel: Kernel) {
        var numbers = Numbers(seed: 12)
        for count in lengthsAroundVectors + [16384] {
            let memory = GuardedMemory(values(&numbers, count))
            let found = kernel.pointee.sum_of_squares(count, memory.start)
            #expect(found == sk_optimizer_f32_naive.sum_of_squares(count, memory.start), "\(count)")
            #expect(found.isFinite)
            for bad in [Float.nan, .infinity, -.infinity] where count > 0 {
                let damaged = memory.start + numbers.integer(0...count - 1)
                let before = damaged.pointee
                damaged.pointee = bad
                #expect(!kernel.pointee.sum_of_squares(count, memory.start).isFinite)
                damaged.pointee = before
            }
        }
        let largest = Array(repeating: Float.greatestFiniteMagnitude, count: 16384)
        #expect(kernel.pointee.sum_of_squares(largest.count, largest).isFinite)
    }

    /// A gradient that is no number must not be made one by clipping.
    @Test(arguments: kernels) func clippingKeepsNaN(_ kernel: Kernel) {
        var term = sk_gradient_terms(scale: 1, limit: 1, l2: 0, l1: 0)
        var step = sk_sgd_step(rate: 1, momentum: 0, nesterov: false)
        var w: [Float] = [0, 0, 0]
        kernel.pointee.sgd(&term, &step, 3, &w, [.nan, 7, -7], nil)
        #expect(w[0].isNaN && w[1] == -1 && w[2] == 1)
    }

    /// L1's sign is exact for every magnitude.
    @Test(arguments: kernels) func signsAreExact(_ kernel: Kernel) {
        var term = sk_gradient_terms(scale: 1, limit: .infinity, l2: 0, l1: 0.5)
        var step = sk_sgd_step(rate: 1, momentum: 0, nesterov: false)
        let start: [Float] = [0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1e-38, -1, 3e38, -3e38]
        var b = Array(repeating: Float(0), count: start.count)
        var w = start
        kernel.pointee.sgd(&term, &step, start.count, &w, Array(repeating: 0, count: start.count), &b)
        #expect(b == [0, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5])
    }
}
