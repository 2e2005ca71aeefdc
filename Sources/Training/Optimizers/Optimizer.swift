package import Kernels
import Tensors

/// Moves parameters against their gradients. Both lie in flat buffers of the same layout.
///
///     var optimizer = try Optimizer(.adamW(weightDecay: 0.01), parameterCount: count, clipping: .globalNorm(10))
///     let norm = try optimizer.step(parameters: weights, gradients: gradients, rate: schedule.rate(step: step))
///
/// A step reads the gradients once for their norm and then makes one pass over all that moves; it allocates nothing,
/// and its bits depend neither on the number of threads nor on the instruction set.
package struct Optimizer: ~Copyable {
    package let method: OptimizerMethod
    package let groups: [ParameterGroup]
    package let parameterCount: Int
    package let threads: Int
    package var clipping: GradientClipping
    /// Instead of the method's momentum (of Adam's β₁), for schedules that cycle it. It must be above 0 and below 1, and
    /// means nothing to a method without a momentum.
    package var momentum: Double?
    /// The steps taken so far.
    package internal(set) var stepCount = 0

    private let kernel: OptimizerKernel
    private let pieces: [ParameterPiece]
    /// The rows of state, `stateStride` elements apart.
    private let states: TensorBuffer
    private let stateStride: Int
    /// Room for a number of each piece and for the rule of each group.
    private var sums: [Double]
    private var rules: [(rule: OptimizerRule, terms: GradientTerms)]

    /// An optimizer whose state is zero. Without groups all parameters are one.
    package init(
        _ method: OptimizerMethod, parameterCount: Int, groups: [ParameterGroup]? = nil,
        clipping: GradientClipping = .none, threads: Int = 1, instructionSet: InstructionSet = .best
    ) throws(OptimizerError) {
        if let complaint = method.complaint { throw .invalidMethod(complaint) }
        if case .globalNorm(let limit) = clipping, !(limit > 0) {
            throw .invalidMethod("gradients clipped to \(limit)")
        }
        if case .value(let limit) = clipping, !(limit > 0) { throw .invalidMethod("gradients clipped to \(limit)") }
        guard parameterCount >= 0, parameterCount < 1 << 48 else { throw .outOfMemory(bytes: parameterCount) }
        let groups = groups ?? [ParameterGroup("all", ranges: [0..<parameterCount])]
        let pieces = try ParameterPiece.pieces(of: groups, parameterCount: parameterCount)
        let stride = (parameterCount + 15) / 16 * 16
        let memory = try zeroedMemory(method.stateNames.count * stride * MemoryLayout<Float>.stride)
        self.method = method
        self.groups = groups
        self.parameterCount = parameterCount
        self.threads = threads
        self.clipping = clipping
        self.pieces = pieces
        kernel = OptimizerKernel(instructionSet: instructionSet)
        states = memory
        stateStride = stride
        sums = Array(repeating: 0, count: pieces.count)
        rules = Array(
            repeating: (.sgd(rate: 0, momentum: 0, nesterov: false, hasMomentum: false), GradientTerms()),
            count: groups.count)
    }

    /// Takes one step and returns the global norm that the gradients had before clipping, after `gradientScale` (1 / n
    /// for the sum over n batches). Parameters in no group, and their gradients, are left alone.
    ///
    /// Throws `gradientNotFinite` before anything has changed.
    @discardableResult
    package mutating func step(
        parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, rate: Double,
        gradientScale: Double = 1
    ) throws(OptimizerError) -> Double {
        guard rate >= 0, rate.isFinite else { throw .invalidRate(rate) }
        let norm = try globalNorm(of: gradients) * abs(gradientScale)
        stepCount += 1
        for index in groups.indices { rules[index] = rule(of: groups[index], rate, norm, gradientScale) }
        let (kernel, stride) = (kernel, stateStride)
        let states = states.baseAddress.assumingMemoryBound(to: Float.self)
        pieces.withUnsafeBufferPointer { pieces in
            rules.withUnsafeBufferPointer { rules in
                parallelFor(pieces.count, threads: threads) { index in
                    let piece = pieces[index]
                    let (rule, terms) = rules[piece.group]
                    kernel.step(
                        rule, terms: terms, count: piece.count, parameters: parameters + piece.start,
                        gradients: gradients + piece.start, states: states + piece.start, stateStride: stride)
                }
            }
        }
        return norm
    }

    /// The Euclidean norm of the gradients of all groups.
    package mutating func globalNorm(of gradients: UnsafePointer<Float>) throws(OptimizerError) -> Double {
        let kernel = kernel
        pieces.withUnsafeBufferPointer { pieces in
            sums.withUnsafeMutableBufferPointer { sums in
                nonisolated(unsafe) let sums = sums
                parallelFor(pieces.count, threads: threads) { index in
                    sums[index] = kernel.sumOfSquares(count: pieces[index].count, gradients + pieces[index].start)
                }
            }
        }
        var sum = 0.0
        for part in sums { sum += part }
        guard sum.isFinite else {
            for piece in pieces {
                for index in piece.start..<piece.start + piece.count where !gradients[index].isFinite {
                    throw .gradientNotFinite(index: index, value: gradients[index])
                }
            }
            throw .gradientNotFinite(index: 0, value: .infinity)
        }
        return sum.squareRoot()
    }

    /// Calls `body` with a row of state, to be saved or restored. Stops the program for a name that is not in
    /// `method.stateNames`.
    package mutating func withState<Result>(
        _ name: String, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        guard let row = method.stateNames.firstIndex(of: name) else {
            preconditionFailure("\(method.name) has no state \"\(name)\"")
        }
        let start = states.baseAddress.assumingMemoryBound(to: Float.self) + row * stateStride
        return try body(UnsafeMutableBufferPointer(start: start, count: parameterCount))
    }

    /// The numbers of this step for a group.
    private func rule(
        of group: ParameterGroup, _ rate: Double, _ norm: Double, _ gradientScale: Double
    ) -> (OptimizerRule, GradientTerms) {
        let rate = rate * group.rateFactor
        let decay = group.weightDecay ?? method.weightDecay
        var terms = GradientTerms(scale: Float(gradientScale), l2: Float(decay), l1: Float(group.l1))
        switch clipping {
        case .none: break
        case .globalNorm(let limit): terms.scale = Float(gradientScale * min(1, limit / (norm + 1e-6)))
        case .value(let limit): terms.limit = Float(limit)
        }
        switch method {
        case .sgd(let own, let nesterov, _):
            return (
                .sgd(
                    rate: Float(rate), momentum: Float(momentum ?? own), nesterov: nesterov, hasMomentum: own != 0),
                terms
            )
        case .rmsProp(let smoothing, let epsilon, let own, let isCentred, _):
            return (
                .rmsProp(
                    rate: Float(rate), smoothing: Float(smoothing), rest: Float(1 - smoothing),
                    epsilon: Float(epsilon), momentum: Float(momentum ?? own), isCentred: isCentred,
                    hasMomentum: own != 0),
                terms
            )
        case .adam(let beta1, let beta2, let epsilon, _):
            return (adam(rate, momentum ?? beta1, beta2, epsilon, keep: 1), terms)
        case .adamW(let beta1, let beta2, let epsilon, _):
            terms.l2 = 0
            return (adam(rate, momentum ?? beta1, beta2, epsilon, keep: 1 - rate * decay), terms)
        }
    }

    private func adam(
        _ rate: Double, _ beta1: Double, _ beta2: Double, _ epsilon: Double, keep: Double
    ) -> OptimizerRule {
        .adam(
            stepSize: Float(rate / (1 - power(beta1, stepCount))), rest1: Float(1 - beta1), beta2: Float(beta2),
            rest2: Float(1 - beta2), rootCorrection: Float((1 - power(beta2, stepCount)).squareRoot()),
            epsilon: Float(epsilon), keep: Float(keep))
    }
}

/// Zeroed memory for floats.
func zeroedMemory(_ bytes: Int) throws(OptimizerError) -> TensorBuffer {
    do {
        return try TensorBuffer(byteCount: bytes)
    } catch {
        throw .outOfMemory(bytes: bytes)
    }
}

/// x^n by squaring: the same bits with every C library.
func power(_ x: Double, _ n: Int) -> Double {
    var (result, square, rest) = (1.0, x, n)
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}
