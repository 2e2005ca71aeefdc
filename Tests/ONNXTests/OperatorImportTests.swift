import Graphs
import ONNX
import Tensors
import Testing

/// What changed between operator sets is read in either form.
@Suite struct OperatorImportTests {
    private func list(_ name: String, _ values: [Int]) -> (String, Message) {
        (name, Encode.tensor(name, integers: values))
    }

    private func shapes(_ bytes: [UInt8]) throws -> [[Int]?] {
        let graph = try imported(bytes).optimized(options: GraphOptions(channelsLast: false))
        return graph.outputShapes
    }

    @Test func parametersAsAttributesOrInputs() throws {
        let parts = ["y", "z"]
        #expect(
            try shapes(
                model(
                    "Split", [Encode.attribute("axis", integer: 1), Encode.attribute("split", integers: [1, 2])],
                    opset: 11, outputs: parts))
                == [[1, 1, 4, 4], [1, 2, 4, 4]])
        #expect(
            try shapes(
                model(
                    "Split", [Encode.attribute("axis", integer: 1)], initializers: [list("s", [1, 2])], opset: 13,
                    outputs: parts))
                == [[1, 1, 4, 4], [1, 2, 4, 4]])
        #expect(
            try shapes(
                model(
                    "Split", [Encode.attribute("axis", integer: 2), Encode.attribute("num_outputs", integer: 2)],
                    opset: 18, outputs: parts))
                == [[1, 3, 2, 4], [1, 3, 2, 4]])
        #expect(
            try shapes(
                model(
                    "Slice",
                    [
                        Encode.attribute("starts", integers: [1]), Encode.attribute("ends", integers: [99]),
                        Encode.attribute("axes", integers: [1]),
                    ], opset: 9))
                == [[1, 2, 4, 4]])
        #expect(
            try shapes(model("Slice", initializers: [list("s", [1]), list("e", [99]), list("a", [1])], opset: 10))
                == [[1, 2, 4, 4]])
        #expect(try shapes(model("Squeeze", [Encode.attribute("axes", integers: [0])], opset: 11)) == [[3, 4, 4]])
        #expect(try shapes(model("Squeeze", initializers: [list("a", [0])], opset: 13)) == [[3, 4, 4]])
        #expect(
            try shapes(model("Unsqueeze", [Encode.attribute("axes", integers: [0])], opset: 11)) == [[1, 1, 3, 4, 4]])
        #expect(try shapes(model("Unsqueeze", initializers: [list("a", [-1])], opset: 13)) == [[1, 3, 4, 4, 1]])
        #expect(
            try shapes(model("ReduceMean", [Encode.attribute("axes", integers: [1])], opset: 17)) == [[1, 1, 4, 4]])
        #expect(try shapes(model("ReduceMean", initializers: [list("a", [1])], opset: 18)) == [[1, 1, 4, 4]])
        #expect(
            try shapes(
                model("Pad", [Encode.attribute("pads", integers: [0, 0, 1, 1, 0, 0, 1, 1])], opset: 10))
                == [[1, 3, 6, 6]])
        #expect(
            try shapes(model("TopK", [Encode.attribute("k", integer: 2)], opset: 9, outputs: parts))
                == [[1, 3, 4, 2], [1, 3, 4, 2]])
    }

    @Test func clipsOfEitherForm() throws {
        let old = try imported(
            model("Clip", [Encode.attribute("min", float: 0), Encode.attribute("max", float: 6)], opset: 10))
        #expect(old.nodes[0].inputs.map { old.scalar($0) } == [nil, 0, 6])
        let zero = Encode.tensor("low", [], floats: [0])
        let new = try imported(model("Clip", initializers: [("low", zero)], opset: 11))
        #expect(new.nodes[0].inputs.map { new.scalar($0) } == [nil, 0])
        let none = try imported(model("Clip", opset: 10)).optimized()
        #expect(none.operators == ["identity"])
    }

    @Test func softmaxBeforeItsAxisWasOne() throws {
        let old = try imported(model("Softmax", [Encode.attribute("axis", integer: 1)], opset: 11)).specialized()
        #expect(old.operators == ["reshape", "softmax", "reshape"])
        #expect(old.shape(of: old.nodes[1].outputs[0])?.dimensions == [1, 48])
        let new = try imported(model("Softmax", [Encode.attribute("axis", integer: 1)], opset: 13)).specialized()
        #expect(new.nodes.map(\.op) == [.softmax(axis: 1)])
        let last = try imported(model("Softmax", opset: 13)).specialized()
        #expect(last.nodes.map(\.op) == [.softmax(axis: 3)])
    }

    @Test func resizesOfEveryForm() throws {
        let scales = ("s", Encode.tensor("s", [4], floats: [1, 1, 2, 2]))
        let none = ("none", Encode.tensor("none", [0], floats: []))
        let simple = Operator.resize(Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor))
        for (op, opset) in [("Upsample", 9), ("Resize", 10)] {
            let graph = try imported(model(op, initializers: [scales], opset: opset))
            #expect(graph.nodes.map(\.op) == [simple])
        }
        let upsample = model("Upsample", [Encode.attribute("scales", floats: [1, 1, 2, 2])], opset: 7)
        #expect(try shapes(upsample) == [[1, 3, 8, 8]])
        let defaults = try imported(model("Resize", initializers: [none, scales], opset: 13))
        #expect(
            defaults.nodes.map(\.op) == [
                .resize(Resize(mode: .nearest, coordinates: .halfPixel, rounding: .preferFloor))
            ])
        let sizes = model(
            "Resize",
            initializers: [none, ("empty", Encode.tensor("empty", [0], floats: [])), list("z", [1, 3, 5, 9])])
        #expect(try shapes(sizes) == [[1, 3, 5, 9]])
        let some = ("some", Encode.tensor("some", [2], floats: [3, 2]))
        let axes = model(
            "Resize", [Encode.attribute("axes", integers: [2, 3])], initializers: [none, some], opset: 18)
        #expect(try shapes(axes) == [[1, 3, 12, 8]])
    }

    @Test func nothingIsReducedWhenNothingIsNamed() throws {
        let flag = Encode.attribute("noop_with_empty_axes", integer: 1)
        #expect(try imported(model("ReduceSum", [flag], opset: 13)).operators == ["identity"])
        #expect(try shapes(model("ReduceSum", [Encode.attribute("keepdims", integer: 0)], opset: 13)) == [[]])
    }

    @Test func constantsOfEveryForm() throws {
        let forms: [(Message, [Int])] = [
            (Encode.attribute("value", tensor: Encode.tensor("", [2], floats: [1, 2])), [2]),
            (Encode.attribute("value_float", float: 1), []),
            (Encode.attribute("value_floats", floats: [1, 2, 3]), [3]),
        ]
        for (attribute, shape) in forms {
            let graph = try imported(
                Encode.model(Encode.graph([Encode.node("Constant", [], ["y"], [attribute])], inputs: [])))
            #expect(graph.constants[graph.outputs[0]]?.shape.dimensions == shape)
            #expect(graph.constants[graph.outputs[0]]?.dtype == .float32)
        }
        for attribute in [Encode.attribute("value_int", integer: -3), Encode.attribute("value_ints", integers: [-3])] {
            let graph = try imported(
                Encode.model(Encode.graph([Encode.node("Constant", [], ["y"], [attribute])], inputs: [])))
            #expect(graph.integers(graph.outputs[0]) == [-3])
        }
    }

    @Test func convolutionsAlongOneAxis() throws {
        let weights = Encode.tensor("w", [2, 3, 3], floats: Array(repeating: 1, count: 18))
        let bytes = model(
            "Conv", [Encode.attribute("strides", integers: [2]), Encode.attribute("pads", integers: [1, 0])],
            initializers: [("w", weights)], x: [1, 3, 9])
        #expect(try shapes(bytes) == [[1, 2, 4]])
    }

    @Test func functionsOfManyTensors() throws {
        let nodes = [Encode.node("Max", ["x", "x", "x"], ["a"]), Encode.node("Sum", ["a"], ["y"])]
        #expect(try imported(Encode.model(Encode.graph(nodes))).operators == ["max", "max", "identity"])
    }

    @Test func initializersMayBeListedAsInputs() throws {
        let bytes = Encode.model(
            Encode.graph(
                [Encode.node("Add", ["x", "w"], ["y"])], inputs: [Encode.value("x", [nil]), Encode.value("w", [1])],
                initializers: [Encode.tensor("w", [1], floats: [1])]))
        let graph = try imported(bytes)
        #expect(graph.inputs.map { graph[$0].name } == ["x"])
        #expect(graph[graph.inputs[0]].declared == [.symbolic("n")])
    }

    @Test func metadataIsKept() throws {
        let bytes = Encode.model(
            Encode.graph([Encode.node("Relu", ["x"], ["y"])]),
            metadata: [("names", "{0: 'person'}"), ("stride", "32"), ("task", "détecter")])
        let graph = try imported(bytes)
        #expect(graph.metadata == ["names": "{0: 'person'}", "stride": "32", "task": "détecter"])
        #expect(graph.name == "test")
    }
}

/// Element types are kept, or widened to float32.
@Suite struct TensorImportTests {
    private func tensor(_ message: Message) throws -> Tensor? {
        let node = Encode.node("Constant", [], ["y"], [Encode.attribute("value", tensor: message)])
        let graph = try imported(Encode.model(Encode.graph([node], inputs: [])))
        return graph.constants[graph.outputs[0]]
    }

    @Test func halfPrecision() throws {
        let patterns: [(UInt16, Float)] = [
            (0x3c00, 1), (0xc000, -2), (0x0000, 0), (0x7bff, 65504), (0x0001, 0x1p-24), (0x83ff, -1023 * 0x1p-24),
            (0x0400, 0x1p-14), (0x7c00, .infinity), (0xfc00, -.infinity), (0x3555, 0.333251953125),
        ]
        let raw = Encode.tensor("", Encode.float16, [patterns.count], raw: patterns.flatMap { Encode.bytes($0.0) })
        #expect(try tensor(raw)?.elements(as: Float.self) == patterns.map(\.1))
        var typed = Encode.tensor("", Encode.float16, [2])
        for bits in [0x3c00, 0xc000] { typed.integer(5, bits) }
        #expect(try tensor(typed)?.elements(as: Float.self) == [1, -2])
        let nan = try tensor(Encode.tensor("", Encode.float16, [1], raw: [0x01, 0x7c]))
        #expect(nan?.elements(as: Float.self)[0].isNaN == true)
        #expect(
            try tensor(Encode.tensor("", Encode.bfloat16, [1], raw: [0x80, 0x3f]))?.elements(as: Float.self) == [1])
    }

    @Test func otherTypes() throws {
        let double = Encode.tensor("", Encode.double, [1], raw: Encode.bytes((0.1 as Double).bitPattern))
        #expect(try tensor(double)?.elements(as: Float.self) == [0.1])
        let int32 = Encode.tensor("", Encode.int32, [2], raw: Encode.bytes(Int32(-5)) + Encode.bytes(Int32(7)))
        #expect(try tensor(int32)?.elements(as: Int32.self) == [-5, 7])
        #expect(try tensor(Encode.tensor("", Encode.uint8, [2], raw: [1, 255]))?.elements(as: UInt8.self) == [1, 255])
        #expect(try tensor(Encode.tensor("", Encode.int8, [2], raw: [1, 255]))?.elements(as: Int8.self) == [1, -1])
        // Any byte but 0 is true, and true is stored as 1.
        let bool = try tensor(Encode.tensor("", Encode.bool, [3], raw: [0, 1, 7]))
        #expect(bool?.elements(as: Bool.self) == [false, true, true])
        #expect(bool?.baseAddress.loadUnaligned(fromByteOffset: 2, as: UInt8.self) == 1)
    }

    @Test func typedFields() throws {
        var floats = Encode.tensor("", Encode.float, [2])
        for value: Float in [1.5, -2] { floats.float(4, value) }
        #expect(try tensor(floats)?.elements(as: Float.self) == [1.5, -2])
        var integers = Encode.tensor("", Encode.int64, [2])
        for value in [-1, Int.max] { integers.integer(7, value) }
        #expect(try tensor(integers)?.elements(as: Int64.self) == [-1, .max])
        #expect(try tensor(Encode.tensor("", Encode.float, [0, 3]))?.shape.count == 0)
    }
}
