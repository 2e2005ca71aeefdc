import Execution
import Graphs
import Tensors
import Testing

/// Products of float matrices in plans: with a right matrix that is computed and one that is a constant, which the plan
/// packs, against sums in plain loops.
@Suite struct ProductTests {
    private func numbers(_ shape: [Int], seed: Int) -> [Float] {
        (0..<shape.reduce(1, *)).map { Float(($0 * 7919 + seed * 131) % 1013) / 512 - 1 }
    }

    /// Runs a product of `inputs` of which those at `constants` are constants.
    private func run(
        _ op: Operator, _ inputs: [(elements: [Float], shape: [Int])], constants: Set<Int>
    ) throws -> [Float] {
        var builder = GraphBuilder(name: "product")
        var values: [ValueID] = []
        var fed: [Tensor] = []
        for (index, input) in inputs.enumerated() {
            if constants.contains(index) {
                values.append(try builder.constant(input.elements, input.shape))
            } else {
                values.append(builder.input("input\(index)", input.shape))
                fed.append(try Tensor(input.elements, shape: input.shape))
            }
        }
        builder.output(try builder.node(op, values))
        return try Session(ExecutionPlan(builder.graph), threads: 2).run(fed)[0].elements(as: Float.self)
    }

    private func isClose(_ result: [Float], _ expected: [Float]) -> Bool {
        result.count == expected.count && zip(result, expected).allSatisfy { abs($0 - $1) <= 1e-4 }
    }

    /// Leading axes of the left matrix that are rows of one product, and both matrices with leading axes, broadcast.
    @Test(arguments: [
        ([3, 2, 5, 7], [7, 9]), ([3, 2, 5, 7], [1, 1, 7, 9]), ([2, 1, 5, 7], [3, 7, 9]), ([5, 7], [4, 7, 9]),
        ([20, 5, 7], [20, 7, 9]), ([2, 5, 0], [0, 9]), ([3, 1, 7], [7, 1]),
    ])
    func matMul(_ left: [Int], _ right: [Int]) throws {
        let (a, b) = (numbers(left, seed: 1), numbers(right, seed: 2))
        let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
        let (leftBatch, rightBatch) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
        let rank = max(leftBatch.count, rightBatch.count)
        let aBatch = Array(repeating: 1, count: rank - leftBatch.count) + leftBatch
        let bBatch = Array(repeating: 1, count: rank - rightBatch.count) + rightBatch
        let batch = zip(aBatch, bBatch).map { max($0, $1) }
        var expected: [Float] = []
        for index in 0..<batch.reduce(1, *) {
            var (rest, aIndex, bIndex, aStep, bStep) = (index, 0, 0, 1, 1)
            for axis in (0..<rank).reversed() {
                let place = rest % batch[axis]
                rest /= batch[axis]
                aIndex += aBatch[axis] == 1 ? 0 : place * aStep
                bIndex += bBatch[axis] == 1 ? 0 : place * bStep
                aStep *= aBatch[axis]
                bStep *= bBatch[axis]
            }
            for row in 0..<m {
                for column in 0..<n {
                    expected.append(
                        (0..<k).reduce(Float(0)) {
                            $0 + a[(aIndex * m + row) * k + $1] * b[(bIndex * k + $1) * n + column]
                        })
                }
            }
        }
        for constants: Set<Int> in [[], [1]] {
            #expect(isClose(try run(.matMul, [(a, left), (b, right)], constants: constants), expected))
        }
    }

    /// Every transpose, factors, and addends of every shape that is broadcast.
    @Test(arguments: [nil, [], [9], [1, 9], [5, 1], [5, 9], [1, 1]] as [[Int]?]) func gemm(_ addend: [Int]?) throws {
        let (m, n, k) = (5, 9, 7)
        for (transposesA, transposesB) in [(false, false), (true, false), (false, true), (true, true)] {
            for (alpha, beta): (Float, Float) in [(1, 1), (0.5, 1), (1, 0.25), (2, 0)] {
                let a = numbers([m, k], seed: 3)
                let b = numbers([k, n], seed: 4)
                let c = addend.map { numbers($0, seed: 5) }
                var expected: [Float] = []
                for row in 0..<m {
                    for column in 0..<n {
                        let sum = (0..<k).reduce(Float(0)) {
                            $0 + a[transposesA ? $1 * m + row : row * k + $1]
                                * b[transposesB ? column * k + $1 : $1 * n + column]
                        }
                        var added: Float = 0
                        if let addend, let c {
                            let height = addend.count > 1 ? addend[0] : 1
                            let width = addend.last ?? 1
                            added = c[(height == 1 ? 0 : row) * width + (width == 1 ? 0 : column)]
                        }
                        expected.append(alpha * sum + beta * added)
                    }
                }
                var inputs = [(a, transposesA ? [k, m] : [m, k]), (b, transposesB ? [n, k] : [k, n])]
                if let addend, let c { inputs.append((c, addend)) }
                let gemm = Gemm(alpha: alpha, beta: beta, transposesA: transposesA, transposesB: transposesB)
                for constants: Set<Int> in [[], [1], [1, 2]] {
                    let result = try run(.gemm(gemm), inputs, constants: constants)
                    #expect(isClose(result, expected), "\(gemm) \(constants)")
                }
            }
        }
    }
}
