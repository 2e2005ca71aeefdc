import Foundation
import Graphs
import ONNX
import Testing

/// Models that no exporter would write: each is refused with its error, and none is a trap.
@Suite struct MalformedModelTests {
    private func refuse(
        _ bytes: [UInt8], limits: ONNXLimits = ONNXLimits(), sourceLocation: SourceLocation = #_sourceLocation,
        _ matches: (ONNXError) -> Bool
    ) {
        do {
            _ = try imported(bytes, limits: limits)
            Issue.record("the model was accepted", sourceLocation: sourceLocation)
        } catch {
            #expect(matches(error), "\(error)", sourceLocation: sourceLocation)
            #expect(!error.description.isEmpty)
        }
    }

    /// Imported, but refused when it is given shapes.
    private func refuseSpecialized(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let graph = try imported(bytes)
        #expect(throws: GraphError.self, sourceLocation: sourceLocation) { try graph.optimized() }
    }

    private let relu = Encode.node("Relu", ["x"], ["y"])

    private func isMalformed(_ error: ONNXError) -> Bool {
        if case .malformed = error { return true }
        return false
    }

    private func isInvalidTensor(_ error: ONNXError) -> Bool {
        if case .invalidTensor = error { return true }
        return false
    }

    private func isInvalidNode(_ error: ONNXError) -> Bool {
        if case .invalidNode = error { return true }
        return false
    }

    // MARK: The bytes

    @Test func bytesThatAreNoMessage() {
        refuse([], isMalformed)
        refuse(Array("This is text, and no model at all.".utf8), isMalformed)
        refuse([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], isMalformed)
        // A length past the end, and one past the range of Int.
        refuse([0x3a, 0x7f, 0x00], isMalformed)
        refuse([0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], isMalformed)
        // A group that does not end.
        refuse([0x0b], isMalformed)
        refuse([UInt8](repeating: 0x0b, count: 100_000), isMalformed)
    }

    @Test func everyTruncationOfAModel() {
        let bytes = model("Conv", initializers: [("w", Encode.tensor("w", [1, 3, 1, 1], floats: [1, 2, 3]))])
        // Any result but a trap; the last field ends where the model ends, so a shorter one can be whole.
        var refused = 0
        for count in bytes.indices {
            do { _ = try imported(Array(bytes[..<count])) } catch { refused += 1 }
        }
        #expect(refused > bytes.count * 9 / 10)
    }

    @Test func everyByteChanged() throws {
        let bytes = model(
            "Conv",
            [Encode.attribute("pads", integers: [1, 1, 1, 1]), Encode.attribute("strides", integers: [2, 2])],
            initializers: [("w", Encode.tensor("w", [1, 3, 1, 1], floats: [1, 2, 3]))])
        var accepted = 0
        for index in bytes.indices {
            for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff, bytes[index] ^ 1, bytes[index] ^ 0x40] {
                var changed = bytes
                changed[index] = value
                if let graph = try? imported(changed), (try? graph.optimized()) != nil { accepted += 1 }
            }
        }
        // Names and weights may change.
        #expect(accepted > 0 && accepted < bytes.count * 7 / 2)
    }

    @Test func unknownFieldsAreSkippedUpToTheDepthLimit() throws {
        func nested(_ depth: Int) -> [UInt8] {
            let groups = [UInt8](repeating: 0xa3, count: 0) + Array(repeating: [0xa3, 0x06], count: depth).joined()
            return groups + Array(repeating: [0xa4, 0x06], count: depth).joined()
        }
        let bytes = Encode.model(Encode.graph([relu]))
        #expect(try imported(bytes + nested(4)).operators == ["relu"])
        refuse(bytes + nested(100_000), isMalformed)
    }

    // MARK: The graph

    @Test func noGraph() { refuse(Encode.model(nil), isMalformed) }

    @Test func noOutputs() { refuse(Encode.model(Encode.graph([relu], outputs: [])), isMalformed) }

    @Test func opsets() {
        for opset in [nil, 0, 6, 22, -1, Int.max] {
            refuse(Encode.model(Encode.graph([relu]), opset: opset)) { $0 == .unsupportedOpset(opset) }
        }
    }

    @Test func allUnsupportedOperatorsAreNamed() {
        let nodes = [
            Encode.node("Relu", ["x"], ["a"]), Encode.node("Einsum", ["a"], ["b"], name: "first"),
            Encode.node("NonMaxSuppression", ["b"], ["c"], name: "second"),
            Encode.node("Relu", ["c"], ["d"], domain: "com.example"),
            Encode.node("Einsum", ["d"], ["y"], name: "third"),
        ]
        refuse(Encode.model(Encode.graph(nodes))) { error in
            error
                == .unsupported(
                    [
                        .init(op: "Einsum", node: "first", count: 2),
                        .init(op: "NonMaxSuppression", node: "second", count: 1),
                        .init(op: "com.example.Relu", node: "node", count: 1),
                    ], model: "test")
                && error.description.contains("Einsum (node \"first\", 2 in all), NonMaxSuppression (node \"second\")")
        }
    }

    @Test func subgraphs() {
        let body = Message {
            $0.string(1, "body")
            $0.message(6, Encode.graph([relu]))
            $0.integer(20, 5)
        }
        refuse(Encode.model(Encode.graph([Encode.node("Relu", ["x"], ["y"], [body])])), isInvalidNode)
        for op in ["If", "Loop", "Scan"] {
            refuse(Encode.model(Encode.graph([Encode.node(op, ["x"], ["y"], [body])]))) {
                $0 == .unsupported([.init(op: op, node: "node", count: 1)], model: "test")
            }
        }
    }

    @Test func cycles() {
        let nodes = [
            Encode.node("Add", ["x", "b"], ["a"], name: "one"), Encode.node("Relu", ["a"], ["b"], name: "two"),
            Encode.node("Relu", ["b"], ["y"], name: "three"),
        ]
        refuse(Encode.model(Encode.graph(nodes))) { $0 == .notMade(value: "b", node: "one") }
        refuse(Encode.model(Encode.graph([Encode.node("Add", ["x", "y"], ["y"])]))) {
            $0 == .notMade(value: "y", node: "node")
        }
    }

    @Test func valuesThatNothingMakes() {
        refuse(Encode.model(Encode.graph([Encode.node("Relu", ["z"], ["y"])]))) {
            $0 == .notMade(value: "z", node: "node")
        }
        refuse(Encode.model(Encode.graph([relu], outputs: ["z"]))) {
            $0 == .notMade(value: "z", node: "(graph output)")
        }
    }

    @Test func valuesThatAreMadeTwice() {
        refuse(Encode.model(Encode.graph([relu, relu]))) { $0 == .madeTwice(value: "y") }
        refuse(Encode.model(Encode.graph([Encode.node("Relu", ["x"], ["x"])], outputs: ["x"]))) {
            $0 == .madeTwice(value: "x")
        }
        let tensor = Encode.tensor("w", [1], floats: [1])
        refuse(Encode.model(Encode.graph([relu], initializers: [tensor, tensor]))) { $0 == .madeTwice(value: "w") }
        let x = Encode.value("x", [1])
        refuse(Encode.model(Encode.graph([relu], inputs: [x, x]))) { $0 == .madeTwice(value: "x") }
    }

    @Test func nodesInAnyOrder() throws {
        let nodes = [
            Encode.node("Neg", ["a"], ["b"]), Encode.node("Exp", ["b"], ["y"]), Encode.node("Relu", ["x"], ["a"]),
        ]
        #expect(try imported(Encode.model(Encode.graph(nodes))).operators == ["relu", "neg", "exp"])
    }

    @Test func inputsThatAreNoTensors() {
        func isInvalidInput(_ error: ONNXError) -> Bool {
            if case .invalidInput = error { return true }
            return false
        }
        refuse(Encode.model(Encode.graph([relu], inputs: [Message { $0.string(1, "x") }])), isInvalidInput)
        refuse(
            Encode.model(Encode.graph([relu], inputs: [Encode.value("x", [1], type: Encode.string)])), isInvalidInput)
        refuse(Encode.model(Encode.graph([relu], inputs: [Encode.value("", [1])])), isMalformed)
    }

    @Test func outputsOfOneName() {
        refuse(Encode.model(Encode.graph([relu], outputs: ["y", "y"]))) {
            $0 == .invalidGraph(GraphError(.repeatedName, pass: "import", value: "y"))
        }
    }

    @Test func inputsOfHostileSizes() throws {
        for extents in [[1 << 31, 2], [Int.max, Int.max], [Int.max, 1]] {
            try refuseSpecialized(Encode.model(Encode.graph([relu], inputs: [Encode.value("x", extents)])))
        }
        // Extents that are no sizes are taken as unknown.
        for extent in [-1, 0, Int.min] {
            let graph = try imported(Encode.model(Encode.graph([relu], inputs: [Encode.value("x", [extent])])))
            #expect(graph[graph.inputs[0]].declared == [.symbolic("")])
        }
    }

    // MARK: Tensors

    private func tensorModel(_ tensor: Message) -> [UInt8] {
        Encode.model(Encode.graph([Encode.node("Add", ["x", "w"], ["y"])], initializers: [tensor]))
    }

    @Test func dataOfTheWrongLength() {
        for count in [0, 1, 7, 9, 12] {
            refuse(
                tensorModel(Encode.tensor("w", Encode.float, [2], raw: Array(repeating: 0, count: count))),
                isInvalidTensor)
        }
        refuse(tensorModel(Encode.tensor("w", Encode.float, [2])), isInvalidTensor)
        refuse(tensorModel(Encode.tensor("w", Encode.float, [], raw: [])), isInvalidTensor)
        refuse(tensorModel(Encode.tensor("w", Encode.float, [0], raw: [1])), isInvalidTensor)
    }

    @Test func shapesThatLie() {
        for extents in [[-1], [1 << 31, 1 << 31], [Int.max], [Int.min], [Int.max, Int.max, 0], [1 << 30]] {
            refuse(tensorModel(Encode.tensor("w", Encode.float, extents, raw: [0, 0, 0, 0])), isInvalidTensor)
        }
    }

    @Test func dataInTwoPlaces() {
        var tensor = Encode.tensor("w", Encode.float, [1], raw: [0, 0, 0, 0])
        tensor.data(4, [0, 0, 0, 0])
        refuse(tensorModel(tensor), isInvalidTensor)
    }

    @Test func elementTypes() {
        for type in [0, Encode.string, 4, 5, 12, 13, 14, 17, 99, -1] {
            refuse(tensorModel(Encode.tensor("w", type, [1], raw: [0, 0, 0, 0])), isInvalidTensor)
        }
        // A number that does not fit the type.
        var tensor = Encode.tensor("w", Encode.uint8, [1])
        tensor.integer(5, 256)
        refuse(tensorModel(tensor), isInvalidTensor)
    }

    @Test func externalData() {
        for location in ["../../etc/passwd", "weights.bin", ""] {
            var tensor = Encode.tensor("w", Encode.float, [1])
            tensor.message(
                13,
                Message {
                    $0.string(1, "location")
                    $0.string(2, location)
                })
            refuse(tensorModel(tensor)) { $0 == .externalData(tensor: "w") }
            tensor.integer(14, 1)
            refuse(tensorModel(tensor)) { $0 == .externalData(tensor: "w") }
        }
    }

    @Test func namelessTensors() {
        refuse(tensorModel(Encode.tensor("", Encode.float, [1], raw: [0, 0, 0, 0])), isMalformed)
    }

    // MARK: Nodes

    @Test func attributesOfTheWrongType() {
        refuse(model("Softmax", [Encode.attribute("axis", float: 1)]), isInvalidNode)
        refuse(model("Transpose", [Encode.attribute("perm", integer: 1)]), isInvalidNode)
        refuse(
            model("Softmax", [Encode.attribute("axis", integer: 1), Encode.attribute("axis", integer: 2)]),
            isInvalidNode)
        refuse(model("Cast", [Encode.attribute("to", integer: 99)]), isInvalidNode)
        refuse(model("Resize", [Encode.attribute("mode", string: "cubic")]), isInvalidNode)
    }

    @Test func missingInputs() {
        refuse(Encode.model(Encode.graph([Encode.node("Add", ["x"], ["y"])])), isInvalidNode)
        refuse(Encode.model(Encode.graph([Encode.node("Add", ["x", ""], ["y"])])), isInvalidNode)
        refuse(
            Encode.model(Encode.graph([Encode.node("Concat", [], ["y"], [Encode.attribute("axis", integer: 0)])])),
            isInvalidNode)
        refuse(Encode.model(Encode.graph([Encode.node("Relu", [], ["y"])])), isInvalidNode)
        refuse(Encode.model(Encode.graph([Encode.node("Split", ["x"], [])])), isInvalidNode)
    }

    @Test func typesThatDoNotFit() {
        refuse(model("Relu", type: Encode.bool), isInvalidNode)
        refuse(model("Add", initializers: [("w", Encode.tensor("w", integers: [1]))]), isInvalidNode)
        refuse(model("MatMul", type: Encode.int64), isInvalidNode)
    }

    @Test func windowsOfOtherRanks() {
        for strides in [[1], [1, 1, 1], []] {
            refuse(
                model(
                    "MaxPool",
                    [
                        Encode.attribute("kernel_shape", integers: [2, 2]),
                        Encode.attribute("strides", integers: strides),
                    ]
                )
            ) { error in strides.isEmpty ? self.isInvalidNode(error) : self.isInvalidNode(error) }
        }
        refuse(model("MaxPool", [Encode.attribute("kernel_shape", integers: [2, 2, 2])]), isInvalidNode)
        refuse(model("MaxPool"), isInvalidNode)
    }

    @Test(arguments: [0, -1, Int.max, Int.min, 1 << 31]) func hostileWindows(_ number: Int) throws {
        let weights = [("w", Encode.tensor("w", [1, 3, 1, 1], floats: [1, 2, 3]))]
        try refuseSpecialized(
            model("Conv", [Encode.attribute("strides", integers: [number, 1])], initializers: weights))
        try refuseSpecialized(
            model("Conv", [Encode.attribute("dilations", integers: [1, number])], initializers: weights))
        try refuseSpecialized(model("Conv", [Encode.attribute("group", integer: number)], initializers: weights))
        try refuseSpecialized(model("MaxPool", [Encode.attribute("kernel_shape", integers: [number, 2])]))
        if number != 0 {
            try refuseSpecialized(
                model("Conv", [Encode.attribute("pads", integers: [0, 0, number, number])], initializers: weights))
        }
    }

    @Test(arguments: [4, -5, Int.max, Int.min]) func hostileAxes(_ axis: Int) throws {
        for op in ["Softmax", "ReduceMean", "ArgMax", "Concat"] {
            let attribute =
                op == "ReduceMean"
                ? Encode.attribute("axes", integers: [axis]) : Encode.attribute("axis", integer: axis)
            try refuseSpecialized(model(op, [attribute]))
        }
        try refuseSpecialized(
            model(
                "Unsqueeze",
                initializers: [("a", Encode.tensor("a", integers: [axis == 4 ? 5 : axis == -5 ? -6 : axis]))]))
    }

    @Test func hostileParameters() throws {
        func parameters(_ op: String, _ lists: [[Int]]) -> [UInt8] {
            model(op, initializers: lists.enumerated().map { ("p\($0)", Encode.tensor("p\($0)", integers: $1)) })
        }
        try refuseSpecialized(parameters("Reshape", [[-1, -1]]))
        try refuseSpecialized(parameters("Reshape", [[Int.max, Int.max]]))
        try refuseSpecialized(parameters("Expand", [[1 << 40, 1, 1, 1]]))
        try refuseSpecialized(parameters("Tile", [[1 << 40, 1, 1, 1]]))
        try refuseSpecialized(parameters("Slice", [[0], [1], [9]]))
        try refuseSpecialized(parameters("Slice", [[0], [1], [0], [0]]))
        try refuseSpecialized(parameters("Gather", [[5]]))
        try refuseSpecialized(parameters("Pad", [[Int.max, 0, 0, 0, Int.max, 0, 0, 0]]))
        let scales = [("roi", Encode.tensor("roi", [0], floats: []))]
        for scale in [Float.nan, .infinity, -2, 0, 1e9] {
            try refuseSpecialized(
                model("Resize", initializers: scales + [("s", Encode.tensor("s", [4], floats: [1, 1, scale, 2]))]))
        }
        let large = Encode.node("ConstantOfShape", ["s"], ["y"])
        try refuseSpecialized(
            Encode.model(Encode.graph([large], initializers: [Encode.tensor("s", integers: [Int.max, Int.max])])))
    }

    @Test func topKOfTooMany() throws {
        for k in [0, -1, 5, Int.max] {
            try refuseSpecialized(
                model("TopK", initializers: [("k", Encode.tensor("k", integers: [k]))], outputs: ["y", "z"]))
        }
    }

    // MARK: Limits

    @Test func limits() {
        func isTooMuch(_ what: String) -> (ONNXError) -> Bool {
            { error in if case .tooMuch(what, _, _) = error { true } else { false } }
        }
        var limits = ONNXLimits()
        limits.nodes = 2
        let three = [
            Encode.node("Relu", ["x"], ["a"]), Encode.node("Relu", ["a"], ["b"]), Encode.node("Relu", ["b"], ["y"]),
        ]
        refuse(Encode.model(Encode.graph(three)), limits: limits, isTooMuch("nodes"))
        limits = ONNXLimits()
        limits.tensors = 0
        refuse(tensorModel(Encode.tensor("w", [1], floats: [1])), limits: limits, isTooMuch("tensors"))
        limits = ONNXLimits()
        limits.fileBytes = 10
        refuse(Encode.model(Encode.graph([relu])), limits: limits, isTooMuch("bytes"))
        let many = (0...64).map { Encode.attribute("a\($0)", integer: 0) }
        refuse(model("Relu", many), isTooMuch("attributes of a node"))
        refuse(
            tensorModel(Encode.tensor("w", Encode.float, Array(repeating: 1, count: 17), raw: [0, 0, 0, 0])),
            isTooMuch("axes of a tensor"))
        let name = String(repeating: "n", count: 1 << 17)
        refuse(
            Encode.model(Encode.graph([Encode.node("Relu", ["x"], ["y"], name: name)])), isTooMuch("bytes in a name"))
        refuse(
            Encode.model(Encode.graph([relu]), metadata: [("names", String(repeating: "n", count: 1 << 21))]),
            isTooMuch("bytes of metadata"))
    }

    // MARK: Files

    @Test func filesThatAreNoModels() throws {
        func isUnreadable(_ path: String) -> Bool {
            do {
                _ = try importONNX(contentsOf: path)
                return false
            } catch {
                if case .unreadable(path, _) = error { return true }
                return false
            }
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("saccade-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(isUnreadable(folder.path))
        #expect(isUnreadable(folder.appendingPathComponent("missing.onnx").path))
        #expect(isUnreadable("/dev/zero"))
        let fifo = folder.appendingPathComponent("fifo").path
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(isUnreadable(fifo))
        #expect(isUnreadable(""))
    }
}
