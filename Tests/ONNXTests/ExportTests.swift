import Foundation
import Graphs
import ONNX
import Tensors
import Testing

/// A graph that is written and read again is the same graph.
@Suite struct ExportTests {
    /// Where the files of these tests are left for Tests/Oracles/check_exports.py, which runs them with ONNX Runtime.
    private static let folder = ProcessInfo.processInfo.environment["SACCADE_EXPORTS"].map {
        URL(fileURLWithPath: $0)
    }

    private static let models = ["end-to-end", "yolov5-raw-4d", "yolov5-raw-5d", "unfused-batch-norm", "movements"]

    private func leave(_ data: Data, _ name: String) throws {
        guard let folder = Self.folder else { return }
        try data.write(to: folder.appendingPathComponent("\(name).onnx"))
    }

    /// What the graph says, by names: two graphs with equal texts and constants are the same.
    private func text(_ graph: Graph, nodeNames isNamed: Bool) -> [String] {
        func names(_ ids: [ValueID?]) -> [String] { ids.map { $0.map { graph[$0].name } ?? "-" } }
        let inputs = graph.inputs.map {
            "\(graph[$0].name) \(graph[$0].dtype) \(graph[$0].declared ?? graph.shape(of: $0)?.dimensions.map { .fixed($0) } ?? [])"
        }
        let nodes = graph.nodes.map {
            "\(isNamed ? $0.name : ""): \($0.op) \(names($0.inputs)) -> \(names($0.outputs))"
        }
        return inputs + nodes + names(graph.outputs) + graph.metadata.map { "\($0): \($1)" }.sorted()
    }

    private func constants(_ graph: Graph) -> [String: Data] {
        var result = [String: Data]()
        for (id, tensor) in graph.constants {
            var data = Data("\(tensor.type) ".utf8)
            data.append(Data(bytes: tensor.baseAddress, count: tensor.byteCount))
            result[graph[id].name] = data
        }
        return result
    }

    private func expectSame(_ a: Graph, _ b: Graph, _ name: String) {
        // Repeated names of nodes are told apart in a file.
        let isNamed = Set(a.nodes.map(\.name)).count == a.nodes.count
        let (left, right) = (text(a, nodeNames: isNamed), text(b, nodeNames: isNamed))
        #expect(left.count == right.count, "\(name)")
        for (x, y) in zip(left, right) where x != y { Issue.record("\(name): \(x) became \(y)") }
        #expect(constants(a) == constants(b), "\(name)")
    }

    private func roundTrip(_ graph: Graph) throws -> Graph {
        try importONNX(try exportONNX(graph), name: graph.name)
    }

    @Test func everyOperator() throws {
        let url = ONNXTests.models.appendingPathComponent("operators.json")
        let cases = try JSONDecoder().decode([GoldenCase].self, from: Data(contentsOf: url))
        #expect(cases.count > 200)
        for golden in cases {
            let name = golden.name ?? ""
            do {
                let graph = try importONNX(golden.model ?? Data(), name: name)
                let data = try exportONNX(graph)
                expectSame(graph, try importONNX(data, name: name), name)
                try leave(data, "operator-\(name)")
                // With all that is known of a fixed input. Two shapes of one node's parts have one name.
                var specialized = try graph.specialized()
                specialized.eliminateDeadNodes()
                let names = specialized.constants.keys.map { specialized[$0].name }
                if Set(names).count < names.count { continue }
                expectSame(specialized, try roundTrip(specialized), "\(name), specialized")
            } catch { Issue.record("\(name): \(error)") }
        }
    }

    @Test(arguments: models + ["half-precision", "quantized"]) func wholeModels(_ name: String) throws {
        let graph = try importONNX(contentsOf: ONNXTests.models.appendingPathComponent("\(name).onnx").path)
        let data = try exportONNX(graph)
        expectSame(graph, try importONNX(data, name: name), name)
        try leave(data, "small-\(name)")
        // The same file again.
        #expect(try exportONNX(graph) == data)
    }

    @Test(
        .enabled(if: dataFolder != nil, "needs SACCADE_DATA"),
        arguments: ["yolov5n", "yolov8n", "yolo11n", "yolo26n", "yolox_nano"]) func realModels(_ name: String) throws
    {
        guard let dataFolder else { return }
        let graph = try importONNX(contentsOf: dataFolder.appendingPathComponent("models/\(name).onnx").path)
        let data = try exportONNX(graph)
        expectSame(graph, try importONNX(data, name: name), name)
        try leave(data, name)
        var folded = try graph.specialized()
        try folded.eliminateIdentities()
        folded.eliminateDeadNodes()
        try folded.fuseConvBatchNorm()
        folded.eliminateDeadNodes()
        expectSame(folded, try roundTrip(folded), "\(name), folded")
        try leave(try exportONNX(folded), "\(name)-folded")
    }

    @Test func whatTheFileSays() throws {
        var builder = GraphBuilder(name: "small")
        let x = builder.input("images", [.symbolic("batch"), .fixed(3), .symbolic(""), .fixed(8)])
        let y = builder.input("bytes", dtype: .uint8, [2, 3])
        builder.output(try builder.node(.unary(.relu), [x], name: "half"))
        builder.output(try builder.node(.cast(to: .int32), [y], name: "wide"))
        var graph = builder.graph
        graph.metadata = ["names": "{0: 'détecter'}", "stride": "32"]
        let again = try roundTrip(graph)
        expectSame(graph, again, "small")
        #expect(again[again.inputs[0]].declared == [.symbolic("batch"), .fixed(3), .symbolic(""), .fixed(8)])
        #expect(again.metadata == graph.metadata)
        #expect(again.outputs.map { again[$0].name } == ["half", "wide"])
    }

    /// Passes may leave two values of one name; a file may not have them.
    @Test func repeatedNamesAreToldApart() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [4])
        let a = try builder.node(.unary(.relu), [x], name: "y")
        let b = try builder.node(.binary(.add), [a, try builder.constant([Float(1)], [1], name: "y")], name: "y")
        builder.output(try builder.node(.unary(.neg), [b], name: "y"))
        let graph = try roundTrip(builder.graph)
        #expect(graph.operators == ["relu", "add", "neg"])
        #expect(graph[graph.outputs[0]].name == "y")
        #expect(Set(graph.values.map(\.name)).count == graph.values.count)
    }

    /// Operator set 18 only where 17 has no form for it.
    @Test func splitsIntoUnequalParts() throws {
        func roundTrip(_ extent: Int) throws -> (Graph, Data) {
            var builder = GraphBuilder(name: "test")
            let x = builder.input("x", [extent, 2])
            for part in try builder.nodes(.split(axis: 0), [x], outputCount: 2) { builder.output(part) }
            let reduced = try builder.node(.reduce(Reduce(.mean, axes: [1], keepsDimensions: false)), [x])
            builder.output(reduced)
            let data = try exportONNX(builder.graph)
            return (try importONNX(data, name: "test"), data)
        }
        for extent in [4, 5] {
            let (graph, data) = try roundTrip(extent)
            #expect(try graph.specialized().outputShapes == [[(extent + 1) / 2, 2], [extent / 2, 2], [extent]])
            try leave(data, "split-\(extent)")
        }
    }

    @Test func whatONNXLacksIsAnError() throws {
        func expectRefusal(_ node: String, _ op: String, _ body: (inout GraphBuilder, ValueID) throws -> ValueID) throws
        {
            var builder = GraphBuilder(name: "test")
            let x = builder.input("x", [1, 3, 4, 4])
            builder.output(try body(&builder, x))
            let graph = builder.graph
            do {
                _ = try exportONNX(graph)
                Issue.record("\(op) was written")
            } catch ONNXError.notExportable(let name, let operation, _) {
                #expect((name, operation) == (node, op))
            }
        }
        let ones = Array(repeating: Float(1), count: 9)
        try expectRefusal("gate", "gradient of silu") {
            try $0.node(.gradient(.unary(.silu)), [$1, $1], name: "gate")
        }
        try expectRefusal("conv", "convolution") { builder, x in
            try builder.node(
                .convolution(Convolution(activation: .relu)), [x, builder.constant(ones, [3, 3, 1, 1])], name: "conv")
        }
        try expectRefusal("conv", "convolution") { builder, x in
            try builder.node(
                .convolution(Convolution(dataFormat: .channelsLast)), [x, builder.constant(ones, [3, 3, 1, 1])],
                name: "conv")
        }
        try expectRefusal("pool", "maxPool") {
            try $0.node(.maxPool(Pool(kernel: Size2D(2), dataFormat: .channelsLast)), [$1], name: "pool")
        }
        var broken = Graph(name: "empty")
        broken.nodes = []
        #expect(throws: ONNXError.self) { try exportONNX(broken) }
    }

    @Test func filesAreReplacedAsAWhole() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("export-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("model.onnx").path
        try Data("before".utf8).write(to: URL(fileURLWithPath: path))
        var builder = GraphBuilder(name: "model")
        let x = builder.input("x", [2])
        builder.output(try builder.node(.unary(.neg), [x]))
        let graph = builder.graph
        try exportONNX(graph, to: path)
        expectSame(graph, try importONNX(contentsOf: path), "model")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.onnx"])
        let missing = folder.appendingPathComponent("none/model.onnx").path
        do {
            try exportONNX(graph, to: missing)
            Issue.record("written into a folder that is not there")
        } catch ONNXError.unwritable(let at, _) { #expect(at == missing) }
    }
}
