import Execution
import Graphs
import Tensors
import Testing

/// y = x · w with w in memory that sessions share, and y's copy there too.
@Suite struct SharedMemoryTests {
    private func plan(rows: Int, shared: [String: Int] = ["w": 64, "y": 192]) throws -> ExecutionPlan {
        var builder = GraphBuilder(name: "shared")
        let x = builder.input("x", [.symbolic("rows"), .fixed(4)])
        let w = builder.input("w", [4, 3])
        builder.output(try builder.node(.matMul, [x, w]), name: "y")
        return try ExecutionPlan(
            builder.graph, inputShapes: ["x": [rows, 4]], options: ExecutionOptions(shared: shared))
    }

    @Test func sessionsReadAndWriteIt() throws {
        let memory = try SharedMemory(byteCount: 1024)
        let weights = (memory.baseAddress + 64).assumingMemoryBound(to: Float.self)
        for index in 0..<12 { weights[index] = Float(index) }
        for rows in [1, 2, 5] {
            let plan = try plan(rows: rows)
            #expect(plan.sharedByteCount == 192 + rows * 3 * 4)
            let session = try Session(plan, shared: memory)
            try session.withInput(0) { bytes in
                for index in 0..<rows * 4 { bytes.storeBytes(of: Float(1), toByteOffset: index * 4, as: Float.self) }
            }
            try session.run()
            let y = (memory.baseAddress + 192).assumingMemoryBound(to: Float.self)
            for row in 0..<rows { #expect((0..<3).map { y[row * 3 + $0] } == [18, 22, 26]) }
            #expect(
                try session.output(0).elements(as: Float.self) == (0..<rows).flatMap { _ in [18, 22, 26] as [Float] })
        }
    }

    /// An output that is a view of another value is copied to its place.
    @Test func viewsAreCopied() throws {
        var builder = GraphBuilder(name: "views")
        let x = builder.input("x", [2, 6])
        let doubled = try builder.node(.binary(.add), [x, x])
        let shape = try builder.integers([3, 4])
        builder.output(doubled, name: "whole")
        builder.output(try builder.node(.reshape(allowsZero: false), [doubled, shape]), name: "view")
        let plan = try ExecutionPlan(builder.graph, options: ExecutionOptions(shared: ["view": 0]))
        let memory = try SharedMemory(byteCount: 64)
        let numbers = (0..<12).map { Float($0) }
        _ = try Session(plan, shared: memory).run([try Tensor(numbers, shape: [2, 6])])
        let view = memory.baseAddress.assumingMemoryBound(to: Float.self)
        #expect((0..<12).map { view[$0] } == numbers.map { 2 * $0 })
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let plan = try plan(rows: 2)
        #expect(throws: ExecutionError.self) { try Session(plan) }
        #expect(throws: ExecutionError.self) { try Session(plan, shared: SharedMemory(byteCount: 200)) }
        #expect(throws: ExecutionError.self) { try self.plan(rows: 2, shared: ["w": 4]) }
        #expect(throws: ExecutionError.self) { try self.plan(rows: 2, shared: ["nobody": 0]) }
    }
}

@Suite struct SessionCacheTests {
    private func session(_ rows: Int) throws -> Session {
        var builder = GraphBuilder(name: "rows")
        let x = builder.input("x", [.symbolic("rows")])
        builder.output(try builder.node(.unary(.neg), [x]), name: "y")
        return try Session(ExecutionPlan(builder.graph, inputShapes: ["x": [rows]]))
    }

    @Test func theLeastRecentlyUsedMakesRoom() throws {
        var cache = SessionCache(capacity: 3)
        var made: [Int] = []
        func use(_ rows: Int, variant: Int = 0) throws {
            let key = SessionCache.Key(shapes: ["x": try Shape([rows])], variant: variant)
            let session = try cache.session(for: key) {
                made.append(rows)
                return try self.session(rows)
            }
            #expect(session.plan.inputs[0].shape.dimensions == [rows])
        }
        for rows in [1, 2, 3, 1, 4, 1, 2] { try use(rows) }
        // 2 had gone for 4, and was made again.
        #expect(made == [1, 2, 3, 4, 2])
        #expect(cache.count == 3)
        try use(1, variant: 1)
        #expect(made.last == 1 && cache.count == 3)
    }
}

/// Dropouts in a graph: what is kept is scaled, the gradient keeps the same elements, and a seed says which.
@Suite struct DropoutTests {
    @Test(arguments: [[6, 50], [2, 4, 5, 7]]) func gradientsKeepWhatTheForwardPassKept(_ shape: [Int]) throws {
        var builder = GraphBuilder(name: "dropout")
        let x = builder.input("x", shape)
        let seed = builder.input("seed", dtype: .int64, [1])
        let y = try builder.node(.dropout(Dropout(rate: 0.25, stream: 3)), [x, seed])
        let weights = builder.input("weights", shape)
        let loss = try builder.node(
            .reduce(Reduce(.sum, axes: nil, keepsDimensions: false)), [builder.node(.binary(.mul), [y, weights])])
        builder.output(y, name: "y")
        builder.output(loss, name: "loss")
        var graph = try builder.graph.specialized()
        let gradient = try #require(try graph.gradients(of: loss, withRespectTo: [x])[0])
        graph.addOutput(copying: gradient, name: "gradient")
        let session = try Session(ExecutionPlan(graph), threads: 2)
        let count = shape.reduce(1, *)
        let w = (0..<count).map { Float($0 + 1) }
        func run(_ seed: Int64) throws -> (kept: [Bool], gradient: [Float]) {
            let results = try session.run([
                try Tensor(Array(repeating: Float(3), count: count), shape: shape), try Tensor([seed], shape: [1]),
                try Tensor(w, shape: shape),
            ])
            let y = results[0].elements(as: Float.self)
            #expect(y.allSatisfy { $0 == 0 || $0 == 4 })
            return (y.map { $0 != 0 }, results[2].elements(as: Float.self))
        }
        let (kept, gradients) = try run(7)
        for index in 0..<count { #expect(abs(gradients[index] - (kept[index] ? w[index] / 0.75 : 0)) < 1e-3) }
        #expect(kept.contains(true) && kept.contains(false))
        #expect(try run(7).kept == kept)
        #expect(try run(8).kept != kept)
    }
}
