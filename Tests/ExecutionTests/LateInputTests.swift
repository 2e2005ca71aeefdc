import Execution
import Graphs
import Tensors
import Testing

/// z = (x + x) · t + t, where t is made of x + x.
@Suite struct LateInputTests {
    private func plan(rows: Int = 2, late: [String] = ["t"]) throws -> ExecutionPlan {
        var builder = GraphBuilder(name: "late")
        let x = builder.input("x", [.symbolic("rows"), .fixed(4)])
        let t = builder.input("t", [.symbolic("rows"), .fixed(4)])
        // What depends on t stands before what does not.
        let negative = try builder.node(.unary(.neg), [t])
        let doubled = try builder.node(.binary(.add), [x, x])
        let product = try builder.node(.binary(.mul), [doubled, t])
        builder.output(doubled, name: "doubled")
        builder.output(try builder.node(.binary(.sub), [product, negative]), name: "z")
        return try ExecutionPlan(
            builder.graph, inputShapes: ["x": [rows, 4], "t": [rows, 4]], options: ExecutionOptions(late: late))
    }

    private func write(_ values: [Float], _ input: Int, _ session: Session) throws {
        try session.withInput(input) { bytes in values.withUnsafeBytes { bytes.copyMemory(from: $0) } }
    }

    @Test func targetsAreMadeOfWhatWasComputed() throws {
        let session = try Session(plan())
        for round in 1...3 {
            let x = (0..<8).map { Float($0 * round) }
            try write(x, 0, session)
            try session.runEarly()
            let doubled = try session.output(0).elements(as: Float.self)
            #expect(doubled == x.map { 2 * $0 })
            try write(doubled.map { $0 - 1 }, 1, session)
            try session.runLate()
            #expect(try session.output(1).elements(as: Float.self) == doubled.map { $0 * ($0 - 1) + $0 - 1 })
            // All at once gives the same for the inputs that are there.
            let result = try session.output(1).elements(as: Float.self)
            try session.run()
            #expect(try session.output(1).elements(as: Float.self) == result)
        }
    }

    @Test func withoutLateInputsAllIsEarlyOrLate() throws {
        let session = try Session(plan(late: []))
        try write([Float](repeating: 1, count: 8), 0, session)
        try write([Float](repeating: 3, count: 8), 1, session)
        try session.runEarly()
        try session.runLate()
        #expect(try session.output(1).elements(as: Float.self) == [Float](repeating: 9, count: 8))
    }

    @Test func lateValuesMustBeInputs() {
        #expect(throws: ExecutionError.self) { try plan(late: ["z"]) }
        #expect(throws: ExecutionError.self) { try plan(late: ["nobody"]) }
    }

    @Test func sessionsOfOneArenaRunInTurns() throws {
        let arena = try SessionArena()
        let sessions = try [3, 1, 40].map { try Session(plan(rows: $0), arena: arena) }
        for session in sessions + sessions.reversed() {
            let count = session.plan.inputs[0].shape.count
            let x = (0..<count).map { Float($0) }
            try write(x, 0, session)
            try write(x, 1, session)
            try session.run()
            #expect(try session.output(1).elements(as: Float.self) == x.map { 2 * $0 * $0 + $0 })
        }
    }
}
