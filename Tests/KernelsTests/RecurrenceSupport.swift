import Kernels

/// A recurrent layer with random operands, run by the kernels and by the naive version.
struct RecurrentCase {
    enum Cell: Hashable, CaseIterable { case lstm, gru, resetGRU }

    /// The operands that have gradients, in the order in which they are kept here.
    enum Operand: Int, CaseIterable { case x, w, r, bias, initialHidden, initialCell }

    let cell: Cell
    let shape: RecurrentShape
    var operands: [[Float]]
    /// Weights of Y, Y_h and Y_c in the sum that the gradients are of.
    let weights: [[Float]]
    let lengths: [Int32]?
    var hasBias = true
    var hasInitialStates = true

    var gates: Int { cell == .lstm ? 4 : 3 }

    init(_ cell: Cell, _ shape: RecurrentShape, lengths: [Int32]? = nil, _ numbers: inout Numbers) {
        self.cell = cell
        self.shape = shape
        self.lengths = lengths
        let directions = shape.direction.count
        let gates = cell == .lstm ? 4 : 3
        let state = directions * shape.batch * shape.hidden
        let counts = [
            shape.steps * shape.batch * shape.input, directions * gates * shape.hidden * shape.input,
            directions * gates * shape.hidden * shape.hidden, directions * 2 * gates * shape.hidden, state, state,
        ]
        operands = counts.map { numbers.floats($0) }
        // Sums of about one, so that gates are not all open or closed.
        for operand in [Operand.w, .r] {
            let length = operand == .w ? shape.input : shape.hidden
            let scale = 2 / Float(max(length, 1)).squareRoot()
            operands[operand.rawValue] = operands[operand.rawValue].map { $0 * scale }
        }
        weights = [shape.steps * state, state, state].map { numbers.floats($0) }
    }

    typealias Results = (y: [Float], lastHidden: [Float], lastCell: [Float], reserve: [Float])

    /// Runs `body` with the operands' addresses.
    private func withOperands<Result>(_ body: (RecurrentOperands) -> Result) -> Result {
        func withOptional<T, R>(_ array: [T]?, _ body: (UnsafePointer<T>?) -> R) -> R {
            guard let array else { return body(nil) }
            return array.withUnsafeBufferPointer { body($0.baseAddress) }
        }
        return withOptional(lengths) { lengths in
            withOptional(hasBias ? operands[3] : nil) { bias in
                withOptional(hasInitialStates ? operands[4] : nil) { hidden in
                    withOptional(hasInitialStates ? operands[5] : nil) { cells in
                        body(
                            RecurrentOperands(
                                x: operands[0], w: operands[1], r: operands[2], bias: bias, lengths: lengths,
                                initialHidden: hidden, initialCell: cells))
                    }
                }
            }
        }
    }

    func run(_ instructionSet: InstructionSet, threads: Int, keeps: Bool = true) -> Results {
        let y = GuardedMemory(Array(repeating: Float(7), count: weights[0].count))
        let hidden = GuardedMemory(Array(repeating: Float(7), count: weights[1].count))
        let cells = GuardedMemory(Array(repeating: Float(7), count: weights[2].count))
        var kept: [Float] = []
        func run(
            reserveBytes: Int, scratchBytes: Int,
            _ kernel: (RecurrentOperands, RecurrentResults, UnsafeMutableRawPointer) -> Void
        ) {
            let scratch = GuardedMemory(Array(repeating: Float.nan, count: (scratchBytes + 63) / 64 * 16))
            let reserve = GuardedMemory(Array(repeating: Float.nan, count: keeps ? reserveBytes / 4 : 0))
            let results = RecurrentResults(
                y: y.start, lastHidden: hidden.start, lastCell: cell == .lstm ? cells.start : nil,
                reserve: keeps ? UnsafeMutableRawPointer(reserve.start) : nil)
            withOperands { kernel($0, results, UnsafeMutableRawPointer(scratch.start)) }
            kept = reserve.elements
        }
        switch cell {
        case .lstm:
            let kernel = LSTMKernel(shape, instructionSet: instructionSet)
            run(reserveBytes: kernel.reserveByteCount, scratchBytes: kernel.scratchByteCount) {
                kernel.run($0, to: $1, scratch: $2, threads: threads)
            }
        case .gru, .resetGRU:
            let kernel = GRUKernel(shape, linearBeforeReset: cell == .gru, instructionSet: instructionSet)
            run(reserveBytes: kernel.reserveByteCount, scratchBytes: kernel.scratchByteCount) {
                kernel.run($0, to: $1, scratch: $2, threads: threads)
            }
        }
        return (y.elements, hidden.elements, cells.elements, kept)
    }

    /// The gradients of Σ weights · results, in the order of `Operand`.
    func runGradient(_ instructionSet: InstructionSet, reserve: [Float], threads: Int) -> [[Float]] {
        var results = operands.map { Array(repeating: Float(7), count: $0.count) }
        func run(
            scratchBytes: Int,
            _ kernel: (
                RecurrentOperands, RecurrentResultGradients, RecurrentOperandGradients, UnsafeMutableRawPointer
            ) -> Void
        ) {
            let scratch = GuardedMemory(Array(repeating: Float.nan, count: (scratchBytes + 63) / 64 * 16))
            let to = results.map { GuardedMemoryBox(GuardedMemory($0)) }
            withOperands { operands in
                weights[0].withUnsafeBufferPointer { y in
                    weights[1].withUnsafeBufferPointer { hidden in
                        weights[2].withUnsafeBufferPointer { cell in
                            kernel(
                                operands,
                                RecurrentResultGradients(
                                    y: y.baseAddress, lastHidden: hidden.baseAddress,
                                    lastCell: self.cell == .lstm ? cell.baseAddress : nil),
                                RecurrentOperandGradients(
                                    x: to[0].memory.start, w: to[1].memory.start, r: to[2].memory.start,
                                    bias: to[3].memory.start, initialHidden: to[4].memory.start,
                                    initialCell: self.cell == .lstm ? to[5].memory.start : nil),
                                UnsafeMutableRawPointer(scratch.start))
                        }
                    }
                }
            }
            results = to.map { $0.memory.elements }
        }
        switch cell {
        case .lstm:
            let kernel = LSTMKernel(shape, instructionSet: instructionSet)
            run(scratchBytes: kernel.gradientScratchByteCount) {
                kernel.runGradient($0, reserve: reserve, gradients: $1, to: $2, scratch: $3, threads: threads)
            }
        case .gru, .resetGRU:
            let kernel = GRUKernel(shape, linearBeforeReset: cell == .gru, instructionSet: instructionSet)
            run(scratchBytes: kernel.gradientScratchByteCount) {
                kernel.runGradient($0, reserve: reserve, gradients: $1, to: $2, scratch: $3, threads: threads)
            }
        }
        return results
    }

    var exactOperands: [[Double]] { operands.map { $0.map(Double.init) } }

    func naive(_ operands: [[Double]]) -> Reference.RecurrentStates {
        let operands = ReferenceRecurrentOperands(
            x: operands[0], w: operands[1], r: operands[2], bias: hasBias ? operands[3] : nil, lengths: lengths,
            initialHidden: hasInitialStates ? operands[4] : nil, initialCell: hasInitialStates ? operands[5] : nil)
        switch cell {
        case .lstm: return Reference.lstm(shape, operands)
        case .gru: return Reference.gru(shape, operands, linearBeforeReset: true)
        case .resetGRU: return Reference.gru(shape, operands, linearBeforeReset: false)
        }
    }

    /// Σ weights · results of the naive version.
    func sum(_ operands: [[Double]]) -> Double {
        let states = naive(operands)
        var sum = 0.0
        for (result, weights) in zip([states.y, states.lastHidden, states.lastCell], weights) {
            // A GRU's cells are what they were.
            for (value, weight) in zip(result, weights) { sum += value * Double(weight) }
        }
        return sum
    }
}

private final class GuardedMemoryBox {
    let memory: GuardedMemory<Float>
    init(_ memory: consuming GuardedMemory<Float>) { self.memory = memory }
}
