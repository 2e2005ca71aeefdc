import CSaccadeKernels
import Foundation

/// What LSTM and GRU share: where everything lies, the way through the steps, and the products over all steps.
///
/// The forward way is one large product X·Wᵀ, then for each step a small product with R and the cell's functions, both
/// for a block of units at a time, so that threads meet once a step. Back it is the same with the roles of the two
/// products exchanged; the gradients of the weights are large products over all steps.
struct RecurrentLayer: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    let kernel: UnsafePointer<sk_recurrent_f32_kernel>
    let shape: RecurrentShape
    /// G: 4 for LSTM, 3 for GRU.
    let gateCount: Int
    let hasCells: Bool

    /// Units that a thread takes at a time.
    static let block = 64

    var blockCount: Int { (shape.hidden + Self.block - 1) / Self.block }

    func units(_ block: Int) -> Range<Int> {
        block * Self.block..<min((block + 1) * Self.block, shape.hidden)
    }

    /// Threads for the work of a step: meeting costs some microseconds.
    func stepThreads(_ threads: Int) -> Int { shape.state * shape.hidden * gateCount < 1 << 17 ? 1 : threads }

    // MARK: Memory, in floats

    var weightCount: Int { gateCount * shape.hidden * shape.input }
    var recurrenceCount: Int { gateCount * shape.hidden * shape.hidden }
    var biasCount: Int { 2 * gateCount * shape.hidden }

    /// Kept for one direction: gates of all steps, then the states before and after every step.
    private func keptCount(slots: Int) -> Int { shape.gates + (hasCells ? 2 : 1) * slots * shape.state }
    var reserveCount: Int { shape.direction.count * keptCount(slots: shape.steps + 1) }
    /// Without a reserve two states take turns, and directions come one after the other.
    var scratchCount: Int { keptCount(slots: 2) }
    /// The gradients of the gates of all steps, and of a state.
    var gradientScratchCount: Int { shape.gates + (hasCells ? 2 : 1) * shape.state }

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

    // MARK: Products

    /// The gates' sums of all steps: X·Wᵀ.
    func multiplyInput(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, to gates: UnsafeMutablePointer<Float>, threads: Int
    ) {
        RecurrentProduct(
            rows: shape.rows, columns: gateCount * shape.hidden, depth: shape.input, aStride: shape.input,
            bStride: shape.input, cStride: 4 * shape.hidden, transposesB: true
        ).run(x, w, to: gates, threads: threads)
    }

    /// A step's product with the rows of R of one gate: rows of `depth` = hidden, `aStride` apart, by Rᵀ.
    func stepProduct(aStride: Int) -> RecurrentProduct {
        RecurrentProduct(
            rows: shape.batch, columns: shape.hidden, depth: shape.hidden, aStride: aStride, bStride: shape.hidden,
            cStride: 4 * shape.hidden, transposesB: true)
    }

    /// A step's gradient of the state: rows of `gates` sections by R.
    func stepGradientProduct(gates: Int, cStride: Int) -> RecurrentProduct {
        RecurrentProduct(
            rows: shape.batch, columns: shape.hidden, depth: gates * shape.hidden, aStride: 4 * shape.hidden,
            bStride: shape.hidden, cStride: cStride)
    }

    /// dX = dG·W, added to what the first direction gave.
    func multiplyInputGradient(
        _ gates: UnsafePointer<Float>, _ w: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>, direction: Int,
        threads: Int
    ) {
        RecurrentProduct(
            rows: shape.rows, columns: shape.input, depth: gateCount * shape.hidden, aStride: 4 * shape.hidden,
            bStride: shape.input, cStride: shape.input
        ).run(gates, w, to: dx, adds: direction > 0, threads: threads)
    }

    /// dGᵀ·A over all steps for `gateCount` sections from `gates` on: a gradient of weights.
    func multiplyWeightGradient(
        _ gates: UnsafePointer<Float>, sections: Int, by rows: UnsafePointer<Float>, rowStride: Int, rowLength: Int,
        to result: UnsafeMutablePointer<Float>, threads: Int
    ) {
        RecurrentProduct(
            rows: sections * shape.hidden, columns: rowLength, depth: shape.rows, aStride: 4 * shape.hidden,
            bStride: rowStride, cStride: rowLength, transposesA: true
        ).run(gates, rows, to: result, threads: threads)
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

    func step(_ number: Int, _ operands: RecurrentOperands, direction: Int, resetsProduct: Bool) -> sk_recurrent_step {
        sk_recurrent_step(
            batch: shape.batch, hidden: shape.hidden, step: Int64(number), lengths: operands.lengths,
            bias: operands.bias.map { $0 + direction * biasCount }, resets_product: resetsProduct)
    }
}
