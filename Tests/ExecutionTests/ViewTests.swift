import Execution
import Graphs
import Kernels
import Tensors
import Testing

/// Tensors that lie in one another hold what they would hold apart: plans against the same operators one by one, each
/// on dense tensors of its own.
@Suite struct ViewTests {
    private func numbers(_ shape: [Int], seed: Int) throws -> Tensor {
        let count = shape.reduce(1, *)
        return try Tensor((0..<count).map { Float(($0 * 7919 + seed) % 1013) / 256 - 2 }, shape: shape)
    }

    /// Runs the graph as a plan, and folds it with its inputs as constants.
    private func check(_ graph: Graph) throws {
        var inputs: [Tensor] = []
        for (index, id) in graph.inputs.enumerated() {
            inputs.append(try numbers(graph[id].declared?.compactMap(extent) ?? [], seed: index))
        }
        var constant = graph
        for (id, tensor) in zip(graph.inputs, inputs) { constant.setConstant(tensor, for: id) }
        constant.inputs = []
        let folded = try constant.specialized(evaluate: evaluateConstants)
        let session = try Session(try ExecutionPlan(graph))
        let results = try session.run(inputs)
        #expect(results.count == folded.outputs.count)
        for (id, result) in zip(folded.outputs, results) {
            let expected = try #require(folded.constants[id])
            #expect(difference(result, expected).map { $0 <= 1e-6 } ?? false, "\(folded[id].name)")
        }
    }

    private func extent(_ dimension: Dimension) -> Int? {
        if case .fixed(let extent) = dimension { return extent }
        return nil
    }

    private func slice(
        _ builder: inout GraphBuilder, _ x: ValueID, axis: Int, _ range: Range<Int>
    ) throws -> ValueID {
        let starts = try builder.integers([range.lowerBound])
        let ends = try builder.integers([range.upperBound])
        let axes = try builder.integers([axis])
        return try builder.node(.slice, [x, starts, ends, axes])
    }

    /// A range of rows of a tensor that is later given gaps by a concatenation along the last axis.
    @Test(arguments: [([1, 8, 16, 32], 1), ([1, 1, 16, 32], 2)], [0, 4])
    func rowsOfAPartOfAConcatenation(_ place: ([Int], Int), begin: Int) throws {
        let (shape, axis) = place
        var builder = GraphBuilder(name: "rows")
        let a = builder.input("a", shape)
        let b = builder.input("b", Array(shape.dropLast()) + [16])
        let x = try builder.node(.unary(.silu), [a])
        let z = try builder.node(.unary(.silu), [b])
        let s = try slice(&builder, x, axis: axis, begin..<begin + 4)
        let t = try builder.node(.unary(.sigmoid), [s], name: "t")
        let y = try builder.node(.concat(axis: 3), [x, z], name: "y")
        builder.output(t)
        builder.output(y)
        try check(builder.graph)
    }

    /// The same with all the parts of a split, of both the inner and the outer one of two concatenations.
    @Test(arguments: [([1, 8, 6, 12], 1), ([1, 1, 8, 12], 2)])
    func rowsOfNestedConcatenations(_ place: ([Int], Int)) throws {
        let (shape, axis) = place
        var builder = GraphBuilder(name: "nested")
        let a = builder.input("a", shape)
        let x = try builder.node(.unary(.silu), [a])
        let z = try builder.node(.unary(.sigmoid), [a])
        let inner = try builder.node(.concat(axis: 3), [x, z], name: "inner")
        let w = try builder.node(.unary(.tanh), [a])
        let outer = try builder.node(.concat(axis: 3), [w, inner, z], name: "outer")
        for (index, whole) in [x, inner, outer, z].enumerated() {
            let sizes = try builder.integers([3, 5])
            let parts = try builder.nodes(.split(axis: axis), [whole, sizes], outputCount: 2)
            for (part, id) in parts.enumerated() {
                builder.output(try builder.node(.unary(.sigmoid), [id], name: "part\(index).\(part)"))
            }
        }
        builder.output(try builder.node(.unary(.silu), [outer], name: "y"))
        try check(builder.graph)
    }

    /// Rows joined by a concatenation that is itself a part of one along the last axis.
    @Test func joinedRowsInAConcatenation() throws {
        var builder = GraphBuilder(name: "joined")
        let a = builder.input("a", [1, 4, 6, 8])
        let x = try builder.node(.unary(.silu), [a])
        let z = try builder.node(.unary(.sigmoid), [a])
        let rows = try builder.node(.concat(axis: 1), [x, z])
        let w = try builder.node(.unary(.tanh), [rows])
        let y = try builder.node(.concat(axis: 3), [rows, w])
        for (index, id) in [x, z, try slice(&builder, rows, axis: 1, 3..<7)].enumerated() {
            builder.output(try builder.node(.unary(.sigmoid), [id], name: "part\(index)"))
        }
        builder.output(try builder.node(.unary(.silu), [y], name: "y"))
        try check(builder.graph)
    }

    /// Views of views end at a depth, and a copy begins the next chain.
    @Test(arguments: [200, 30_000]) func longChainsOfViews(count: Int) throws {
        var builder = GraphBuilder(name: "chain")
        var x = builder.input("x", [count + 2, 2])
        let starts = try builder.integers([1])
        let ends = try builder.integers([.max])
        for _ in 0..<count { x = try builder.node(.slice, [x, starts, ends]) }
        builder.output(try builder.node(.unary(.relu), [x]))
        if count > 1000 {
            // The passes before are not what is looked at.
            let graph = try builder.graph.specialized()
            let plan = try ExecutionPlan(optimized: graph)
            #expect(plan.operations.filter { $0.op == "slice" }.count == count / 65)
        } else {
            let session = try Session(try ExecutionPlan(builder.graph))
            #expect(session.plan.operations.filter { $0.op == "slice" }.count == count / 65)
            let elements = (0..<2 * (count + 2)).map { Float($0) }
            let result = try session.run([try Tensor(elements, shape: [count + 2, 2])])[0]
            #expect(result.elements(as: Float.self) == Array(elements.suffix(4)))
        }
    }

    /// The step of a slice of one element may be any number.
    @Test func aStepPastTheEnd() throws {
        var builder = GraphBuilder(name: "step")
        let x = builder.input("x", [4, 3])
        let starts = try builder.integers([1, 1])
        let ends = try builder.integers([4, 3])
        let axes = try builder.integers([0, 1])
        let steps = try builder.integers([.max, 1])
        builder.output(try builder.node(.slice, [x, starts, ends, axes, steps], name: "y"))
        try check(builder.graph)
    }
}
