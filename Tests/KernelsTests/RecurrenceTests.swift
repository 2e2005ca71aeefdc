import Kernels
import Testing

@Suite struct RecurrenceTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)

    /// Extents around vectors and around the blocks of 64 units, in every direction.
    static let shapes: [RecurrentShape] = [
        RecurrentShape(steps: 1, batch: 1, input: 1, hidden: 1),
        RecurrentShape(steps: 3, batch: 2, input: 5, hidden: 3, direction: .reverse),
        RecurrentShape(steps: 4, batch: 3, input: 2, hidden: 8, direction: .bidirectional),
        RecurrentShape(steps: 2, batch: 5, input: 9, hidden: 17, direction: .bidirectional),
        RecurrentShape(steps: 5, batch: 1, input: 33, hidden: 16),
        RecurrentShape(steps: 3, batch: 4, input: 7, hidden: 65, direction: .bidirectional),
        RecurrentShape(steps: 6, batch: 33, input: 20, hidden: 130, direction: .reverse),
    ]

    private func lengths(_ shape: RecurrentShape, _ numbers: inout Numbers) -> [Int32] {
        (0..<shape.batch).map { _ in Int32(numbers.integer(0...shape.steps)) }
    }

    private func isClose(_ values: [Float], _ exact: [Double], within tolerance: Double) -> Bool {
        values.count == exact.count
            && zip(values, exact).allSatisfy { abs(Double($0) - $1) <= tolerance * max(1, abs($1)) }
    }

    @Test(arguments: supported, RecurrentCase.Cell.allCases)
    func forwardEqualsNaive(_ instructionSet: InstructionSet, _ cell: RecurrentCase.Cell) {
        var numbers = Numbers(seed: 60)
        for shape in Self.shapes {
            for variant in 0..<4 {
                var layer = RecurrentCase(
                    cell, shape, lengths: variant % 2 == 0 ? nil : lengths(shape, &numbers), &numbers)
                layer.hasBias = variant < 2
                layer.hasInitialStates = variant != 2
                let exact = layer.naive(layer.exactOperands)
                let first = layer.run(instructionSet, threads: 1)
                #expect(isClose(first.y, exact.y, within: 1e-5), "\(shape)")
                #expect(isClose(first.lastHidden, exact.lastHidden, within: 1e-5), "\(shape)")
                if cell == .lstm { #expect(isClose(first.lastCell, exact.lastCell, within: 1e-5), "\(shape)") }
                for (threads, keeps) in [(2, true), (3, true), (1, false), (2, false)] {
                    let again = layer.run(instructionSet, threads: threads, keeps: keeps)
                    #expect(bitsAreEqual(again.y, first.y))
                    #expect(bitsAreEqual(again.lastHidden, first.lastHidden))
                    #expect(bitsAreEqual(again.lastCell, first.lastCell))
                    if keeps {
                        #expect(zip(again.reserve, first.reserve).allSatisfy { $0.bitPattern == $1.bitPattern })
                    }
                }
            }
        }
    }

    /// Every single derivative of small layers.
    @Test(arguments: supported, RecurrentCase.Cell.allCases)
    func gradientsAreThoseOfTheNaiveForward(_ instructionSet: InstructionSet, _ cell: RecurrentCase.Cell) {
        var numbers = Numbers(seed: 61)
        for (shape, lengths) in [
            (RecurrentShape(steps: 1, batch: 1, input: 1, hidden: 1), nil),
            (RecurrentShape(steps: 4, batch: 3, input: 3, hidden: 5, direction: .bidirectional), [4, 2, 3]),
            (RecurrentShape(steps: 3, batch: 2, input: 2, hidden: 4, direction: .reverse), [0, 2] as [Int32]?),
        ] {
            let layer = RecurrentCase(cell, shape, lengths: lengths, &numbers)
            let reserve = layer.run(instructionSet, threads: 1).reserve
            let gradients = layer.runGradient(instructionSet, reserve: reserve, threads: 1)
            for operand in RecurrentCase.Operand.allCases where cell == .lstm || operand != .initialCell {
                for index in layer.operands[operand.rawValue].indices {
                    var changed = layer.exactOperands
                    let step = 1e-5
                    changed[operand.rawValue][index] += step
                    let above = layer.sum(changed)
                    changed[operand.rawValue][index] -= 2 * step
                    let slope = (above - layer.sum(changed)) / (2 * step)
                    let gradient = Double(gradients[operand.rawValue][index])
                    if abs(gradient - slope) > 5e-6 * max(1, abs(slope)) {
                        Issue.record("\(cell) \(shape): d\(operand)[\(index)] is \(gradient), not \(slope)")
                    }
                }
            }
        }
    }

    /// Larger layers along random directions of each operand; equal bits on one thread and several.
    @Test(arguments: supported, RecurrentCase.Cell.allCases)
    func gradientsAlongRandomDirections(_ instructionSet: InstructionSet, _ cell: RecurrentCase.Cell) {
        var numbers = Numbers(seed: 62)
        for (number, shape) in Self.shapes.enumerated() {
            var layer = RecurrentCase(cell, shape, lengths: number % 2 == 0 ? nil : lengths(shape, &numbers), &numbers)
            layer.hasBias = number % 3 != 1
            layer.hasInitialStates = number % 3 != 2
            let reserve = layer.run(instructionSet, threads: 2).reserve
            let gradients = layer.runGradient(instructionSet, reserve: reserve, threads: 1)
            for threads in [2, 3] {
                let again = layer.runGradient(instructionSet, reserve: reserve, threads: threads)
                #expect(zip(again, gradients).allSatisfy { bitsAreEqual($0, $1) })
            }
            for operand in RecurrentCase.Operand.allCases {
                if operand == .bias, !layer.hasBias { continue }
                if operand.rawValue >= 4, !layer.hasInitialStates { continue }
                if operand == .initialCell, cell != .lstm { continue }
                let direction = numbers.floats(layer.operands[operand.rawValue].count).map(Double.init)
                func moved(_ step: Double) -> Double {
                    var operands = layer.exactOperands
                    operands[operand.rawValue] = zip(operands[operand.rawValue], direction).map { $0 + step * $1 }
                    return layer.sum(operands)
                }
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
                let terms = zip(gradients[operand.rawValue], direction).map { Double($0) * $1 }
                let size = terms.reduce(0) { $0 + abs($1) }
                let sum = terms.reduce(0, +)
                #expect(abs(sum - slope) <= 3e-6 * max(1, size), "\(cell) \(shape): d\(operand) \(sum), not \(slope)")
            }
        }
    }

    /// Extents of 0: states pass through, gradients of what nothing reads are 0.
    @Test(arguments: RecurrentCase.Cell.allCases) func emptyExtents(_ cell: RecurrentCase.Cell) {
        var numbers = Numbers(seed: 65)
        for shape in [
            RecurrentShape(steps: 0, batch: 2, input: 3, hidden: 4, direction: .bidirectional),
            RecurrentShape(steps: 2, batch: 0, input: 3, hidden: 4),
            RecurrentShape(steps: 2, batch: 2, input: 0, hidden: 4),
            RecurrentShape(steps: 2, batch: 2, input: 3, hidden: 0),
        ] {
            let layer = RecurrentCase(cell, shape, &numbers)
            let results = layer.run(.best, threads: 2)
            let exact = layer.naive(layer.exactOperands)
            #expect(isClose(results.y, exact.y, within: 1e-5))
            #expect(isClose(results.lastHidden, exact.lastHidden, within: 1e-5))
            let gradients = layer.runGradient(.best, reserve: results.reserve, threads: 2)
            if shape.steps == 0 {
                #expect(gradients[1...3].allSatisfy { $0.allSatisfy { $0 == 0 } })
                #expect(gradients[4] == layer.weights[1])
            }
        }
    }

    /// A longer sequence in a batch changes nothing for a shorter one, whatever stands past its end.
    @Test(arguments: RecurrentCase.Cell.allCases) func sequencesAreIndependent(_ cell: RecurrentCase.Cell) {
        var numbers = Numbers(seed: 63)
        let shape = RecurrentShape(steps: 5, batch: 2, input: 3, hidden: 18, direction: .bidirectional)
        var layer = RecurrentCase(cell, shape, lengths: [3, 5], &numbers)
        let first = layer.run(.best, threads: 1)
        for step in 3..<5 {
            for index in 0..<3 { layer.operands[0][step * 6 + index] = .nan }
        }
        let second = layer.run(.best, threads: 1)
        #expect(bitsAreEqual(first.y, second.y))
        #expect(bitsAreEqual(first.lastHidden, second.lastHidden))
        // Y is 0 past the end of a sequence.
        for step in 3..<5 {
            for direction in 0..<2 {
                let row = ((step * 2 + direction) * 2) * 18
                #expect(first.y[row..<row + 18].allSatisfy { $0 == 0 })
            }
        }
    }

    /// What PyTorch 2.15 gives in double precision for packed sequences of 3 and 2 steps in both directions, with its gates
    /// in ONNX's order: operand k of n is ((step · k) mod 11 - 5) ÷ 8.
    @Test(arguments: supported) func equalsPyTorch(_ instructionSet: InstructionSet) {
        let shape = RecurrentShape(steps: 3, batch: 2, input: 2, hidden: 2, direction: .bidirectional)
        let expected: [RecurrentCase.Cell: [[Double]]] = [
            .lstm: [
                [
                    -0.4503103, -0.01205024, -0.3126968, 0.01136857, -0.0543625, -0.06250689, 0.1164985, -0.03097698,
                    -0.3893747, 0.01509115, -0.2860742, 0.04319186, -0.1155587, -0.05517831, -0.03118078, 0.03181211,
                    -0.4147436, -0.01084801, 0, 0, -0.07690128, 0.1201981, 0, 0,
                ],
                [
                    -0.4147436, -0.01084801, -0.2860742, 0.04319186, -0.0543625, -0.06250689, 0.1164985, -0.03097698,
                ],
                [-0.7509354, -0.04573784, -0.5717156, 0.1776151, -0.0961724, -0.07625241, 0.1988311, -0.04086237],
            ],
            .gru: [
                [
                    -0.03152622, -0.1779925, 0.1101137, -0.04398909, 0.2830255, 0.05068375, 0.2363984, -0.3476649,
                    0.1314537, 0.2216433, 0.03824313, 0.1829854, 0.2520977, 0.1680793, -0.01214687, -0.3107646,
                    0.256773, 0.04230456, 0, 0, 0.3626622, 0.3411072, 0, 0,
                ],
                [0.256773, 0.04230456, 0.03824313, 0.1829854, 0.2830255, 0.05068375, 0.2363984, -0.3476649],
            ],
        ]
        for (cell, expected) in expected {
            var numbers = Numbers(seed: 64)
            var layer = RecurrentCase(cell, shape, lengths: [3, 2], &numbers)
            for (operand, step) in zip(0..., [7, 3, 5, 4, 2, 6]) {
                layer.operands[operand] = layer.operands[operand].indices.map { Float((step * $0) % 11 - 5) / 8 }
            }
            let results = layer.run(instructionSet, threads: 1)
            for (result, expected) in zip([results.y, results.lastHidden, results.lastCell], expected) {
                #expect(isClose(result, expected, within: 1e-6), "\(cell)")
            }
        }
    }
}
