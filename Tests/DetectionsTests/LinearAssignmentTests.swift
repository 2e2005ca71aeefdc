import Detections
import Testing

/// The least total by trying everything: each row takes a free, allowed column or stays alone.
private func bruteForce(_ costs: [Double], rows: Int, columns: Int, alone: Double) -> Double {
    func best(_ row: Int, _ taken: Int) -> Double {
        guard row < rows else { return 0 }
        var least = alone + best(row + 1, taken)
        for column in 0..<columns where taken & (1 << column) == 0 && costs[row * columns + column].isFinite {
            least = min(least, costs[row * columns + column] + best(row + 1, taken | 1 << column))
        }
        return least
    }
    return best(0, 0)
}

private func total(_ solver: LinearAssignment, _ costs: [Double], columns: Int, alone: Double) -> Double {
    solver.columnOfRow.enumerated().reduce(0) { sum, entry in
        sum + (entry.element < 0 ? alone : costs[entry.offset * columns + entry.element])
    }
}

@Suite struct LinearAssignmentTests {
    @Test(arguments: 0..<400) func isAsCheapAsTryingEverything(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var solver = LinearAssignment()
        // The same solver twice: buffers of another shape must not shine through.
        for _ in 0..<2 {
            let rows = Int.random(in: 0...6, using: &random)
            let columns = Int.random(in: 0...6, using: &random)
            let alone: Double = [0.5, 1, 5, 1000].randomElement(using: &random) ?? 1
            let hasTies = Bool.random(using: &random)
            let forbidden = [0.0, 0.3, 0.8, 1.0].randomElement(using: &random) ?? 0.0
            let costs = (0..<rows * columns).map { _ -> Double in
                if Double.random(in: 0..<1, using: &random) < forbidden {
                    return [Double.infinity, .nan, -.infinity].randomElement(using: &random) ?? .nan
                }
                return hasTies
                    ? Double(Int.random(in: -1...3, using: &random)) : Double.random(in: -1...3, using: &random)
            }
            solver.solve(costs: costs, rows: rows, columns: columns, unmatchedCost: alone)
            let expected = bruteForce(costs, rows: rows, columns: columns, alone: alone)
            let found = total(solver, costs, columns: columns, alone: alone)
            #expect(abs(found - expected) < 1e-5, "seed \(seed): \(rows)×\(columns) \(costs) alone \(alone)")
            for (row, column) in solver.columnOfRow.enumerated() where column >= 0 {
                #expect(solver.rowOfColumn[column] == row && costs[row * columns + column].isFinite)
            }
            for (column, row) in solver.rowOfColumn.enumerated() where row >= 0 {
                #expect(solver.columnOfRow[row] == column)
            }
        }
    }

    @Test func nothingAllowedMatchesNothing() {
        var solver = LinearAssignment()
        solver.solve(costs: [.nan, .infinity, .nan, .infinity], rows: 2, columns: 2, unmatchedCost: 1)
        #expect(solver.columnOfRow == [-1, -1] && solver.rowOfColumn == [-1, -1])
    }

    @Test func aRowGivesWayWhenThatIsCheaper() {
        var solver = LinearAssignment()
        // Both rows want column 0; row 1 has nothing else and gains more.
        solver.solve(costs: [0.5, .infinity, 0.1, .infinity], rows: 2, columns: 2, unmatchedCost: 1)
        #expect(solver.columnOfRow == [-1, 0])
    }

    @Test func tiesGoToTheLowerIndexEveryTime() {
        var solver = LinearAssignment()
        solver.solve(costs: [Double](repeating: 0.5, count: 12), rows: 3, columns: 4, unmatchedCost: 1)
        #expect(solver.columnOfRow == [0, 1, 2])
    }

    @Test func athousandByAThousandIsBounded() {
        var random = SplitMix(seed: 5)
        let costs = (0..<1_000_000).map { _ in Double.random(in: 0...1, using: &random) }
        var solver = LinearAssignment()
        let time = ContinuousClock().measure {
            solver.solve(costs: costs, rows: 1000, columns: 1000, unmatchedCost: 100)
        }
        #expect(Set(solver.columnOfRow) == Set(0..<1000))
        // The expected least total of n × n uniform costs tends to π²/6 ≈ 1.645.
        let sum = total(solver, costs, columns: 1000, alone: 100)
        #expect(sum > 1.4 && sum < 1.9, "\(sum)")
        #expect(time < .seconds(20), "took \(time)")
    }
}
