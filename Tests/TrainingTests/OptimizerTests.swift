import CAllocationCounter
import Foundation
import Kernels
import Testing
import Training

@Suite struct OptimizerTests {
    struct Goldens: Decodable {
        struct Case: Decodable {
            let norms: [Double]
            let steps: [[Float]]
        }

        let start: [Float]
        let gradients: [[Float]]
        let cases: [String: Case]

        static func load() throws -> Goldens { try JSONDecoder().decode(Goldens.self, from: golden("optimizers")) }
    }

    struct Recipe: Sendable {
        var method: OptimizerMethod
        var rate: Double
        var clipping = GradientClipping.none
        var l1 = 0.0
    }

    static let recipes: [String: Recipe] = [
        "sgd": Recipe(method: .sgd(), rate: 0.1),
        "sgd_momentum": Recipe(method: .sgd(momentum: 0.9), rate: 0.1),
        "sgd_nesterov_decay": Recipe(method: .sgd(momentum: 0.9, nesterov: true, weightDecay: 0.05), rate: 0.1),
        "rmsprop": Recipe(method: .rmsProp(), rate: 0.01),
        "rmsprop_momentum": Recipe(method: .rmsProp(smoothing: 0.9, momentum: 0.8), rate: 0.01),
        "rmsprop_centred": Recipe(method: .rmsProp(isCentred: true), rate: 0.01),
        "rmsprop_all": Recipe(
            method: .rmsProp(smoothing: 0.95, epsilon: 1e-6, momentum: 0.8, isCentred: true, weightDecay: 0.05),
            rate: 0.01),
        "adam": Recipe(method: .adam(), rate: 0.001),
        "adam_decay": Recipe(method: .adam(beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.05), rate: 0.02),
        "adamw": Recipe(method: .adamW(), rate: 0.001),
        "adamw_decay": Recipe(method: .adamW(beta1: 0.8, beta2: 0.99, weightDecay: 0.5), rate: 0.02),
        "sgd_clipped_norm": Recipe(method: .sgd(momentum: 0.9), rate: 0.1, clipping: .globalNorm(6)),
        "adam_clipped_value": Recipe(method: .adam(), rate: 0.02, clipping: .value(1.5)),
        "sgd_l1": Recipe(method: .sgd(), rate: 0.1, l1: 0.3),
    ]

    @Test(arguments: recipes.keys.sorted()) func stepsAreThoseOfPyTorch(_ name: String) throws {
        let goldens = try Goldens.load()
        let (recipe, wanted) = (try #require(Self.recipes[name]), try #require(goldens.cases[name]))
        var weights = goldens.start
        let group = ParameterGroup("all", ranges: [0..<weights.count], l1: recipe.l1)
        var optimizer = try Optimizer(
            recipe.method, parameterCount: weights.count, groups: [group], clipping: recipe.clipping)
        #expect(wanted.steps.count == 10)
        for (step, gradients) in goldens.gradients.enumerated() {
            let norm = try optimizer.step(parameters: &weights, gradients: gradients, rate: recipe.rate)
            #expect(abs(norm - wanted.norms[step]) < 1e-7 * norm)
            for (index, (found, expected)) in zip(weights, wanted.steps[step]).enumerated() {
                let error = abs(found - expected) / max(abs(expected), 0.1)
                #expect(error < 2e-6, "step \(step), parameter \(index): \(found), not \(expected)")
            }
        }
        #expect(optimizer.stepCount == 10)
    }

    @Test func theAverageIsThatOfPyTorch() throws {
        let goldens = try Goldens.load()
        let wanted = try #require(goldens.cases["sgd_average"])
        var weights = goldens.start
        var optimizer = try Optimizer(.sgd(), parameterCount: weights.count)
        var average = try WeightAverage(of: weights, count: weights.count, decay: 0.9, warmup: .none)
        for (step, gradients) in goldens.gradients.enumerated() {
            try optimizer.step(parameters: &weights, gradients: gradients, rate: 0.1)
            average.update(from: weights)
            for (index, expected) in wanted.steps[step].enumerated() {
                #expect(abs(average.values[index] - expected) < 1e-6 * max(abs(expected), 0.1))
            }
        }
        #expect(average.updateCount == 10)
    }

    @Test func theDecayOfAnAverageWarmsUp() throws {
        let weights: [Float] = [1, 2]
        let count = try WeightAverage(of: weights, count: 2, decay: 0.99, warmup: .count)
        #expect(count.decay(at: 1) == 2.0 / 11 && count.decay(at: 2000) == 0.99)
        let ramp = try WeightAverage(of: weights, count: 2, decay: 0.99, warmup: .ramp(steps: 100))
        #expect(abs(ramp.decay(at: 100) - 0.99 * (1 - exp(-1))) < 1e-15)
        let fixed = try WeightAverage(of: weights, count: 2, decay: 0.99, warmup: .none)
        #expect(fixed.decay(at: 1) == 0.99)
    }

    private static let methods: [OptimizerMethod] = [
        .sgd(momentum: 0.9, nesterov: true), .rmsProp(momentum: 0.5, isCentred: true), .adamW(),
    ]

    /// Five steps on some 100 000 parameters in two groups with a frozen gap.
    private func train(_ method: OptimizerMethod, threads: Int, _ set: InstructionSet) throws -> ([Float], Double) {
        let count = 100_003
        var numbers = Numbers(seed: 3)
        var weights = numbers.floats(count)
        let groups = [
            ParameterGroup("first", ranges: [0..<40_000, 40_960..<60_001], weightDecay: 0),
            ParameterGroup("second", ranges: [60_001..<count], rateFactor: 0.5),
        ]
        var optimizer = try Optimizer(
            method, parameterCount: count, groups: groups, clipping: .globalNorm(50), threads: threads,
            instructionSet: set)
        var norm = 0.0
        for _ in 0..<5 {
            norm = try optimizer.step(parameters: &weights, gradients: numbers.floats(count), rate: 0.01)
        }
        return (weights, norm)
    }

    @Test(arguments: methods) func bitsDependNeitherOnThreadsNorOnTheInstructionSet(_ method: OptimizerMethod) throws {
        let (weights, norm) = try train(method, threads: 1, .portable)
        for set in InstructionSet.allCases.filter(\.isSupported) {
            for threads in [1, 2, 3, 5] {
                let (other, otherNorm) = try train(method, threads: threads, set)
                #expect(bitsAreEqual(weights, other) && norm == otherNorm, "\(set), \(threads) threads")
            }
        }
    }

    @Test func groupsHaveTheirOwnRatesAndWhatIsInNoneIsFrozen() throws {
        var weights: [Float] = [1, 1, 1, 1, 1, 1, 1, 1]
        let gradients: [Float] = [1, 1, 1, .nan, 1, 1, 1, 1]
        let groups = [
            ParameterGroup("a", ranges: [0..<2]),
            ParameterGroup("b", ranges: [4..<6], rateFactor: 0.5, weightDecay: 1),
            ParameterGroup("c", ranges: [6..<7], weightDecay: 0),
        ]
        var optimizer = try Optimizer(.sgd(weightDecay: 0.25), parameterCount: 8, groups: groups)
        let norm = try optimizer.step(parameters: &weights, gradients: gradients, rate: 0.5)
        #expect(weights == [0.375, 0.375, 1, 1, 0.5, 0.5, 0.5, 1])
        #expect(norm == 5.0.squareRoot())
    }

    @Test func aGradientThatIsNotFiniteChangesNothing() throws {
        for bad in [Float.nan, .infinity, -.infinity] {
            var weights = Array(repeating: Float(1), count: 40_000)
            var gradients = Array(repeating: Float(1), count: 40_000)
            gradients[33_333] = bad
            var optimizer = try Optimizer(.adam(), parameterCount: 40_000)
            let error = #expect(throws: OptimizerError.self) {
                try optimizer.step(parameters: &weights, gradients: gradients, rate: 0.1)
            }
            guard case .gradientNotFinite(33_333, _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(weights.allSatisfy { $0 == 1 } && optimizer.stepCount == 0)
            #expect(optimizer.withState("mean_square") { $0.allSatisfy { $0 == 0 } })
        }
    }

    /// The floats between two tensors are 0 and stay it.
    @Test(arguments: methods + [.adam(weightDecay: 0.1), .rmsProp()]) func paddingStaysZero(_ method: OptimizerMethod)
        throws
    {
        var weights: [Float] = [1, 0, 0, 2]
        var optimizer = try Optimizer(
            method, parameterCount: 4, groups: [ParameterGroup("all", ranges: [0..<4], l1: 0.1)])
        for _ in 0..<5 { try optimizer.step(parameters: &weights, gradients: [1, 0, 0, -1], rate: 0.1) }
        #expect(weights[1...2] == [0, 0] && weights[0] != 1 && weights[3] != 2)
    }

    @Test func gradientsMayBeSums() throws {
        var (one, other): ([Float], [Float]) = ([1, -2, 3], [1, -2, 3])
        let gradients: [Float] = [0.5, 1, -4]
        var first = try Optimizer(.adam(), parameterCount: 3, clipping: .globalNorm(1))
        var second = try Optimizer(.adam(), parameterCount: 3, clipping: .globalNorm(1))
        for _ in 0..<3 {
            let a = try first.step(parameters: &one, gradients: gradients, rate: 0.1)
            let b = try second.step(
                parameters: &other, gradients: gradients.map { $0 * 8 }, rate: 0.1, gradientScale: 0.125)
            #expect(a == b)
        }
        #expect(bitsAreEqual(one, other))
    }

    @Test func aMomentumMayBeCycled() throws {
        var weights: [Float] = [0]
        var optimizer = try Optimizer(.sgd(momentum: 0.5), parameterCount: 1)
        try optimizer.step(parameters: &weights, gradients: [1], rate: 1)
        optimizer.momentum = 0.25
        try optimizer.step(parameters: &weights, gradients: [1], rate: 1)
        #expect(weights == [-2.25])
    }

    @Test func wrongGroupsAndNumbersAreRefused() {
        let groups: [[ParameterGroup]] = [
            [ParameterGroup("a", ranges: [0..<11])], [ParameterGroup("a", ranges: [-1..<3])],
            [ParameterGroup("a", ranges: [0..<3]), ParameterGroup("b", ranges: [2..<5])],
            [ParameterGroup("a", ranges: [0..<3, 1..<2])], [ParameterGroup("a", ranges: [], rateFactor: .nan)],
            [ParameterGroup("a", ranges: [], weightDecay: -1)], [ParameterGroup("a", ranges: [], l1: .infinity)],
        ]
        for group in groups {
            #expect(throws: OptimizerError.self) { _ = try Optimizer(.sgd(), parameterCount: 10, groups: group) }
        }
        let methods: [OptimizerMethod] = [
            .sgd(momentum: 1), .sgd(nesterov: true), .sgd(weightDecay: -1), .adam(beta1: 1), .adam(beta2: -0.1),
            .adamW(epsilon: .nan), .adam(epsilon: 0), .rmsProp(epsilon: 1e-60), .rmsProp(smoothing: 2),
            .rmsProp(momentum: .infinity),
        ]
        for method in methods {
            #expect(throws: OptimizerError.self) { _ = try Optimizer(method, parameterCount: 10) }
        }
        for limit in [0, -1, .nan] {
            #expect(throws: OptimizerError.self) {
                _ = try Optimizer(.sgd(), parameterCount: 1, clipping: .globalNorm(limit))
            }
        }
        var weights: [Float] = [0]
        for rate in [-1, .nan, .infinity] {
            #expect(throws: OptimizerError.self) {
                var optimizer = try Optimizer(.sgd(), parameterCount: 1)
                try optimizer.step(parameters: &weights, gradients: [1], rate: rate)
            }
        }
    }

    /// In the steady state a step costs no memory of the heap.
    @Test(arguments: methods, [1, 2]) func stepsAllocateNothing(_ method: OptimizerMethod, threads: Int) throws {
        let count = 100_000
        var numbers = Numbers(seed: 21)
        var weights = numbers.floats(count)
        let gradients = numbers.floats(count)
        let groups = [ParameterGroup("a", ranges: [0..<50_000]), ParameterGroup("b", ranges: [50_000..<count])]
        var optimizer = try Optimizer(
            method, parameterCount: count, groups: groups, clipping: .globalNorm(1), threads: threads)
        var average = try WeightAverage(of: weights, count: count, threads: threads)
        let schedule = try Schedule("onecycle(0.01,100)+warmup(5)")
        var allocations = -1
        try weights.withUnsafeMutableBufferPointer { weights in
            try gradients.withUnsafeBufferPointer { gradients in
                guard let w = weights.baseAddress, let g = gradients.baseAddress else { return }
                try optimizer.step(parameters: w, gradients: g, rate: 0.01)
                allocation_counter_begin(0)
                for step in 0..<20 {
                    try optimizer.step(parameters: w, gradients: g, rate: schedule.rate(step: step))
                    average.update(from: w)
                }
                allocations = allocation_counter_end()
            }
        }
        #expect(allocations == 0)
    }

    @Test func aModelWithoutParametersSteps() throws {
        var optimizer = try Optimizer(.adam(), parameterCount: 0)
        var nothing: [Float] = []
        #expect(try optimizer.step(parameters: &nothing, gradients: [], rate: 0.1) == 0)
    }
}
