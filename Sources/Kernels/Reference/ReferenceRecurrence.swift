import Foundation

/// What a recurrent layer reads, in double precision; the layouts are those of `RecurrentShape`.
package struct ReferenceRecurrentOperands {
    package var x: [Double]
    package var w: [Double]
    package var r: [Double]
    package var bias: [Double]?
    package var lengths: [Int32]?
    package var initialHidden: [Double]?
    package var initialCell: [Double]?

    package init(
        x: [Double], w: [Double], r: [Double], bias: [Double]? = nil, lengths: [Int32]? = nil,
        initialHidden: [Double]? = nil, initialCell: [Double]? = nil
    ) {
        self.x = x
        self.w = w
        self.r = r
        self.bias = bias
        self.lengths = lengths
        self.initialHidden = initialHidden
        self.initialCell = initialCell
    }
}

extension Reference {
    package typealias RecurrentStates = (y: [Double], lastHidden: [Double], lastCell: [Double])

    /// ONNX's LSTM (opset 14) as its text has it, one sequence at a time, in double precision.
    package static func lstm(_ shape: RecurrentShape, _ operands: ReferenceRecurrentOperands) -> RecurrentStates {
        recur(shape, operands, gates: 4) { input, recurrent, hidden, cell in
            let gates = zip(input, recurrent(hidden)).map { $0 + $1 }
            let count = shape.hidden
            for unit in 0..<count {
                let i = sigmoid(gates[unit])
                let o = sigmoid(gates[count + unit])
                let f = sigmoid(gates[2 * count + unit])
                cell[unit] = f * cell[unit] + i * tanh(gates[3 * count + unit])
                hidden[unit] = o * tanh(cell[unit])
            }
        }
    }

    /// ONNX's GRU (opset 14) as its text has it, one sequence at a time, in double precision.
    package static func gru(
        _ shape: RecurrentShape, _ operands: ReferenceRecurrentOperands, linearBeforeReset: Bool
    ) -> RecurrentStates {
        recur(shape, operands, gates: 3) { input, recurrent, hidden, _ in
            let product = recurrent(hidden)
            let count = shape.hidden
            let update = (0..<count).map { sigmoid(input[$0] + product[$0]) }
            let reset = (count..<2 * count).map { sigmoid(input[$0] + product[$0]) }
            let touched =
                linearBeforeReset
                ? zip(reset, product[(2 * count)...]).map { $0 * $1 }
                : Array(recurrent(zip(reset, hidden).map { $0 * $1 })[(2 * count)...])
            for unit in 0..<count {
                let content = tanh(input[2 * count + unit] + touched[unit])
                hidden[unit] = (1 - update[unit]) * content + update[unit] * hidden[unit]
            }
        }
    }

    private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    /// Calls `step` for each step of each sequence with W·x + Wb, a function of h that gives R·h + Rb, and the states,
    /// which it replaces.
    private static func recur(
        _ shape: RecurrentShape, _ operands: ReferenceRecurrentOperands, gates: Int,
        step: (
            _ input: [Double], _ recurrent: ([Double]) -> [Double], _ hidden: inout [Double], _ cell: inout [Double]
        ) -> Void
    ) -> RecurrentStates {
        let directions = shape.direction.count
        let rows = gates * shape.hidden
        let zeros = Array(repeating: 0.0, count: directions * shape.batch * shape.hidden)
        var result: RecurrentStates = (
            Array(repeating: 0.0, count: shape.steps * zeros.count), operands.initialHidden ?? zeros,
            operands.initialCell ?? zeros
        )
        func multiply(_ matrix: [Double], _ direction: Int, _ vector: [Double], biasOffset: Int) -> [Double] {
            (0..<rows).map { row in
                let start = (direction * rows + row) * vector.count
                var sum = operands.bias?[direction * 2 * rows + biasOffset + row] ?? 0
                for index in vector.indices { sum += matrix[start + index] * vector[index] }
                return sum
            }
        }
        for direction in 0..<directions {
            for sequence in 0..<shape.batch {
                let place = (direction * shape.batch + sequence) * shape.hidden
                let units = place..<place + shape.hidden
                var hidden = Array(result.lastHidden[units])
                var cell = Array(result.lastCell[units])
                let length = operands.lengths.map { min(max(Int($0[sequence]), 0), shape.steps) } ?? shape.steps
                let steps = Array(0..<length)
                for time in shape.direction.isReversed(direction) ? steps.reversed() : steps {
                    let start = (time * shape.batch + sequence) * shape.input
                    let x = Array(operands.x[start..<start + shape.input])
                    step(
                        multiply(operands.w, direction, x, biasOffset: 0),
                        { multiply(operands.r, direction, $0, biasOffset: rows) }, &hidden, &cell)
                    let to = ((time * directions + direction) * shape.batch + sequence) * shape.hidden
                    result.y.replaceSubrange(to..<to + shape.hidden, with: hidden)
                }
                result.lastHidden.replaceSubrange(units, with: hidden)
                result.lastCell.replaceSubrange(units, with: cell)
            }
        }
        return result
    }
}
