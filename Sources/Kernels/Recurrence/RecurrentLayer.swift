import CSaccadeKernels

/// What LSTM and GRU share: where everything lies, the way through the steps, and the products over all steps.
///
/// The forward way is one large product X·Wᵀ, then for each step a small product with R, which is packed once, and the
/// cell's functions, both for a block of units at a time. Back it is the same with the roles of the two exchanged; the
/// gradients of the weights are large products over all steps. Threads share out the sequences, which have nothing to do
/// with each other, or where there are few of them the units.
struct RecurrentLayer: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    let kernel: UnsafePointer<sk_recurrent_f32_kernel>
    let shape: RecurrentShape
    /// G: 4 for LSTM, 3 for GRU.
    let gateCount: Int
    let hasCells: Bool
    private let inputProduct: MatrixProduct
    /// dX, and what the second direction adds to it.
    private let inputGradient: (first: MatrixProduct, second: MatrixProduct)

    /// Units that are computed at a time.
    static let block = 64
    /// Sequences whose gradients of biases are summed by themselves, whoever computes them.
    static let part = 4
    /// Sequences from which on a thread has enough to do: fewer use R too seldom for each time that it is read.
    private static let leastSequences = 8

    init(_ shape: RecurrentShape, gateCount: Int, hasCells: Bool, instructionSet: InstructionSet) {
        kernel = sk_recurrent_f32_choose(instructionSet.code)
        self.shape = shape
        self.gateCount = gateCount
        self.hasCells = hasCells
        inputProduct = MatrixProduct(
            rows: shape.rows, columns: gateCount * shape.hidden, depth: shape.input, a: .rows(of: shape.input),
            b: .columns(of: shape.input), cRowStride: 4 * shape.hidden, instructionSet: instructionSet)
        func inputGradient(beta: Float) -> MatrixProduct {
            MatrixProduct(
                rows: shape.rows, columns: shape.input, depth: gateCount * shape.hidden,
                a: .rows(of: 4 * shape.hidden), b: .rows(of: shape.input), cRowStride: shape.input, beta: beta,
                instructionSet: instructionSet)
        }
        self.inputGradient = (inputGradient(beta: 0), inputGradient(beta: 1))
    }

    // MARK: The way through the steps

    private var blockCount: Int { (shape.hidden + Self.block - 1) / Self.block }

    private func units(_ block: Int) -> Range<Int> {
        block * Self.block..<min((block + 1) * Self.block, shape.hidden)
    }

    var partCount: Int { (shape.batch + Self.part - 1) / Self.part }

    /// The parts that some sequences consist of.
    func parts(_ rows: Range<Int>) -> Range<Int> {
        rows.lowerBound / Self.part..<(rows.upperBound + Self.part - 1) / Self.part
    }
    func rows(_ part: Int) -> Range<Int> { part * Self.part..<min((part + 1) * Self.part, shape.batch) }

    /// Calls `body` for the numbers 0 ..< count in order, each with all sequences and all units in some pieces. A piece
    /// may use what all units of its sequences have given for the numbers before. Rows are whole parts.
    func walk(
        _ count: Int, threads: Int, _ body: (_ number: Int, _ rows: Range<Int>, _ units: Range<Int>) -> Void
    ) {
        let pieces = threads * min(2, shape.batch / (Self.leastSequences * max(threads, 1)))
        if threads > 1, pieces > 0 {
            parallelFor(pieces, threads: threads) { piece in
                let begin = partCount * piece / pieces * Self.part
                let end = min(partCount * (piece + 1) / pieces * Self.part, shape.batch)
                guard begin < end else { return }
                for number in 0..<count {
                    for block in 0..<blockCount { body(number, begin..<end, units(block)) }
                }
            }
        } else {
            // Meeting after each number costs some microseconds.
            let threads = shape.state * shape.hidden * gateCount < 1 << 17 ? 1 : threads
            for number in 0..<count {
                parallelFor(blockCount, threads: threads) { body(number, 0..<shape.batch, units($0)) }
            }
        }
    }

    // MARK: Memory, in floats

    var weightCount: Int { gateCount * shape.hidden * shape.input }
    var recurrenceCount: Int { gateCount * shape.hidden * shape.hidden }
    var biasCount: Int { 2 * gateCount * shape.hidden }

    /// Kept for one direction: gates of all steps, then the states before and after every step.
    private func keptCount(slots: Int) -> Int { shape.gates + (hasCells ? 2 : 1) * slots * shape.state }
    var reserveCount: Int { shape.direction.count * keptCount(slots: shape.steps + 1) }
    /// Without a reserve two states take turns, and directions come one after the other.
    var scratchKeptCount: Int { keptCount(slots: 2) }
    /// What the forward product needs.
    var productScratchCount: Int { inputProduct.scratchByteCount(batch: 1) / MemoryLayout<Float>.stride }
    /// What products of the gradient need, those of `others` among them.
    func gradientProductScratchCount(_ others: MatrixProduct...) -> Int {
        ([inputGradient.first, inputGradient.second] + others).map { $0.scratchByteCount(batch: 1) }.reduce(0, max)
            / MemoryLayout<Float>.stride
    }
    /// The gradients of the gates of all steps, of a state, and of the biases by parts of the batch.
    var gradientKeptCount: Int { shape.gates + (hasCells ? 2 : 1) * shape.state + partCount * biasCount }

    /// One direction's memory and the way it reads.
    struct Pass {
        let isReversed: Bool
        let steps: Int
        let gates: UnsafeMutablePointer<Float>
        let hidden: UnsafeMutablePointer<Float>
        let cells: UnsafeMutablePointer<Float>?
        let state: Int
        let stepGates: Int
        let keepsAll: Bool

        /// The step that comes `number`-th.
        func step(_ number: Int) -> Int { isReversed ? steps - 1 - number : number }
        /// Where the state before or after a step lies: the slots are in the order of the steps, so that the states before
        /// all steps are one matrix.
        private func slot(_ index: Int) -> Int { keepsAll ? index : index & 1 }
        func before(_ step: Int) -> Int { slot(isReversed ? step + 1 : step) * state }
        func after(_ step: Int) -> Int { slot(isReversed ? step : step + 1) * state }
        /// Before the first step, and after the last one.
        var start: Int { slot(isReversed ? steps : 0) * state }
        var end: Int { slot(isReversed ? 0 : steps) * state }
        /// The states before steps 0, 1, …
        var allBefore: UnsafeMutablePointer<Float> { hidden + (isReversed ? state : 0) }
    }

    /// With a reserve, `scratch` is not used.
    func pass(_ direction: Int, reserve: UnsafeMutablePointer<Float>?, scratch: UnsafeMutablePointer<Float>) -> Pass {
        let slots = reserve == nil ? 2 : shape.steps + 1
        let gates = reserve.map { $0 + direction * keptCount(slots: slots) } ?? scratch
        let hidden = gates + shape.gates
        return Pass(
            isReversed: shape.direction.isReversed(direction), steps: shape.steps, gates: gates, hidden: hidden,
            cells: hasCells ? hidden + slots * shape.state : nil, state: shape.state, stepGates: shape.stepGates,
            keepsAll: reserve != nil)
    }

    /// Where the result of a step lies in Y.
    func resultOffset(step: Int, direction: Int) -> Int {
        (step * shape.direction.count + direction) * shape.state
    }

    // MARK: Products over all steps

    private static let single = [MatrixProduct.Offsets(a: 0, b: 0, c: 0)]

    static func multiply(
        _ product: MatrixProduct, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        to c: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, threads: Int
    ) {
        product.run(batch: single, a: a, b: b, c: c, scratch: UnsafeMutableRawPointer(scratch), threads: threads)
    }

    /// The gates' sums of all steps: X·Wᵀ.
    func multiplyInput(
        _ operands: RecurrentOperands, direction: Int, to gates: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, threads: Int
    ) {
        let w = operands.w + direction * weightCount
        Self.multiply(inputProduct, operands.x, w, to: gates, scratch: scratch, threads: threads)
    }

    /// dX = dG·W, added to what the first direction gave.
    func multiplyInputGradient(
        _ gates: UnsafePointer<Float>, _ operands: RecurrentOperands, direction: Int,
        to dx: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, threads: Int
    ) {
        let product = direction == 0 ? inputGradient.first : inputGradient.second
        let w = operands.w + direction * weightCount
        Self.multiply(product, gates, w, to: dx, scratch: scratch, threads: threads)
    }

    /// dGᵀ·A for some sections of the gates and rows of `length`, over all steps: a gradient of weights.
    static func weightGradient(
        _ shape: RecurrentShape, sections: Int, length: Int, rowStride: Int, instructionSet: InstructionSet
    ) -> MatrixProduct {
        MatrixProduct(
            rows: sections * shape.hidden, columns: length, depth: shape.rows, a: .columns(of: 4 * shape.hidden),
            b: .rows(of: rowStride), cRowStride: length, instructionSet: instructionSet)
    }

    // MARK: States

    /// Copies a direction's state, or zeros where there is none.
    func copyState(_ source: UnsafePointer<Float>?, direction: Int, to target: UnsafeMutablePointer<Float>) {
        if let source {
            target.update(from: source + direction * shape.state, count: shape.state)
        } else {
            target.update(repeating: 0, count: shape.state)
        }
    }

    /// Writes a direction's state where it is wanted.
    func writeState(_ source: UnsafePointer<Float>, direction: Int, to target: UnsafeMutablePointer<Float>?) {
        guard let target else { return }
        (target + direction * shape.state).update(from: source, count: shape.state)
    }

    /// The sums of the parts' gradients of the biases, in order.
    func sumBiases(_ parts: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>) {
        result.update(repeating: 0, count: biasCount)
        for part in 0..<partCount {
            let sums = parts + part * biasCount
            for index in 0..<biasCount { result[index] += sums[index] }
        }
    }

    func step(
        _ number: Int, _ operands: RecurrentOperands, direction: Int, rows: Range<Int>, resetsProduct: Bool
    ) -> sk_recurrent_step {
        sk_recurrent_step(
            batch: rows.count, hidden: shape.hidden, step: Int64(number),
            lengths: operands.lengths.map { $0 + rows.lowerBound },
            bias: operands.bias.map { $0 + direction * biasCount }, resets_product: resetsProduct)
    }

    /// A step's work for some sequences.
    func forward(
        _ step: Int, _ pass: Pass, _ operands: RecurrentOperands, _ results: RecurrentResults, direction: Int,
        rows: Range<Int>, resetsProduct: Bool = false
    ) -> sk_recurrent_forward {
        let first = rows.lowerBound * shape.hidden
        let before = pass.before(step) + first
        let after = pass.after(step) + first
        return sk_recurrent_forward(
            s: self.step(step, operands, direction: direction, rows: rows, resetsProduct: resetsProduct),
            gates: pass.gates + step * pass.stepGates + 4 * first, h_before: pass.hidden + before,
            h_after: pass.hidden + after, c_before: pass.cells.map { $0 + before },
            c_after: pass.cells.map { $0 + after },
            y: results.y.map { $0 + resultOffset(step: step, direction: direction) + first })
    }

    /// Where the gradients of a pass stand while it goes back.
    struct Gradients {
        let gates: UnsafeMutablePointer<Float>
        let hidden: UnsafeMutablePointer<Float>
        let cells: UnsafeMutablePointer<Float>?
        /// By parts of the batch; nil: not wanted.
        let biases: UnsafeMutablePointer<Float>?
    }

    /// A step's work on the way back for a part of the batch.
    func backward(
        _ step: Int, _ pass: Pass, _ operands: RecurrentOperands, _ gradients: RecurrentResultGradients,
        _ state: Gradients, direction: Int, part: Int, resetsProduct: Bool = false
    ) -> sk_recurrent_gradient {
        let rows = rows(part)
        let first = rows.lowerBound * shape.hidden
        let before = pass.before(step) + first
        let gates = step * pass.stepGates + 4 * first
        return sk_recurrent_gradient(
            s: self.step(step, operands, direction: direction, rows: rows, resetsProduct: resetsProduct),
            gates: pass.gates + gates, h_before: pass.hidden + before, c_before: pass.cells.map { $0 + before },
            c_after: pass.cells.map { $0 + pass.after(step) + first },
            dy: gradients.y.map { $0 + resultOffset(step: step, direction: direction) + first },
            dh: state.hidden + first, dc: state.cells.map { $0 + first }, dgates: state.gates + gates,
            dbias: state.biases.map { $0 + part * biasCount })
    }
}
