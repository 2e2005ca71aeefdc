import Graphs
import ONNX
import Quantization
import Tensors
import Testing

/// Where a quantized graph rounds, and which values share their scale.
@Suite struct PlacementTests {
    private func recipe(
        _ graph: Graph, maps: [String: MapKind] = [:], shape: [Int] = [1, 3, 16, 16]
    ) throws -> QuantizationRecipe {
        let quantizer = try Quantizer(graph, options: QuantizationOptions(maps: maps))
        return quantizer.recipe(from: try quantizer.statistics(on: pixels(shape)))
    }

    @Test func oneRoundingForAConvolutionItsActivationAndAResidual() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 16, 16])
        let a = try builder.silu(try builder.convolution(x, 3, 8, name: "a"), name: "a.act")
        let b = try builder.silu(try builder.convolution(a, 8, 8, name: "b"), name: "b.act")
        let sum = try builder.node(.binary(.add), [a, b], name: "sum")
        builder.output(try builder.node(.unary(.relu), [try builder.convolution(sum, 8, 4, name: "c")], name: "c.act"))
        let graph = builder.graph
        let recipe = try recipe(graph)
        #expect(Set(recipe.values.keys) == ["images", "a.act", "sum", "c.act"])
        #expect(Set(recipe.weightScales.keys) == ["a", "b", "c"])
        #expect(recipe.values["images"] == QuantizationParameters(scale: 1 / 255, zeroPoint: 0))
        // ReLU and pixels have no negative side; SiLU has a short one.
        #expect(recipe.values["c.act"]?.zeroPoint == 0)
        #expect((recipe.values["a.act"]?.zeroPoint ?? 0) > 0)

        let quantized = try graph.quantized(by: recipe)
        #expect(quantized.count("quantizeLinear") == 4)
        // Of each value, weights and bias.
        #expect(quantized.count("dequantizeLinear") == 4 + 6)
        #expect(quantized.outputs.map { quantized[$0].name } == ["c.act"])
        let last = quantized.nodes.last
        #expect(last?.op == .dequantizeLinear(axis: 0))
        #expect(quantized.constants.values.filter { $0.dtype == .int8 && $0.shape.rank == 4 }.count == 3)
        #expect(quantized.constants.values.filter { $0.dtype == .int32 }.count == 6)
    }

    @Test func valuesThatAreOnlyMovedHaveOneScale() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 16, 16])
        let a = try builder.silu(try builder.convolution(x, 3, 8, name: "a"), name: "a.act")
        let parts = try builder.nodes(
            .split(axis: 1), [a, try builder.integers([4, 4])], outputCount: 2, name: "part")
        let b = try builder.silu(try builder.convolution(parts[1], 4, 4, name: "b"), name: "b.act")
        let window = Window(padding: Padding2D(1))
        let pooled = try builder.node(.maxPool(Pool(kernel: Size2D(3), window: window)), [b], name: "pooled")
        let all = try builder.node(.concat(axis: 1), [parts[0], b, pooled], name: "all")
        let resize = Resize(mode: .nearest, coordinates: .asymmetric)
        let scales = try builder.constant([Float(1), 1, 2, 2], [4])
        let large = try builder.node(.resize(resize), [all, scales], name: "large")
        let flat = try builder.node(
            .reshape(allowsZero: false), [large, try builder.integers([1, 12, 1, 1024])], name: "flat")
        let turned = try builder.node(.transpose(permutation: [0, 1, 3, 2]), [flat], name: "turned")
        builder.output(try builder.convolution(turned, 12, 2, side: 1, name: "c"))
        let recipe = try recipe(builder.graph)
        let moved = ["a.act", "part", "part.1", "b.act", "pooled", "all", "large", "flat", "turned"]
        for name in moved { #expect(recipe.values[name] != nil && recipe.values[name] == recipe.values["a.act"]) }
        #expect(recipe.values["c"] != recipe.values["a.act"])
        #expect(Set(recipe.values.keys) == Set(moved + ["images", "c"]))
        // Scale and zero point stand in the file once.
        let quantized = try builder.graph.quantized(by: recipe)
        let inputs = Set(
            quantized.nodes.filter { $0.op.name == "quantizeLinear" }.compactMap { $0.input(1) })
        #expect(inputs.count == 3)
    }

    @Test func everythingBehindAMapStaysFloat() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 16, 16])
        let a = try builder.silu(try builder.convolution(x, 3, 8, name: "a"), name: "a.act")
        let boxes = try builder.convolution(a, 8, 4, side: 1, name: "boxes")
        let scores = try builder.convolution(a, 8, 2, side: 1, name: "scores")
        let both = try builder.node(.concat(axis: 1), [boxes, scores], name: "both")
        let gate = try builder.node(.unary(.sigmoid), [both], name: "gate")
        builder.output(try builder.convolution(gate, 6, 2, name: "late"), name: "late")
        let recipe = try recipe(builder.graph, maps: ["boxes": .values, "scores": .scores])
        #expect(Set(recipe.values.keys) == ["images", "a.act", "boxes", "scores"])
        #expect(recipe.values["boxes"] != recipe.values["scores"])
        #expect(Set(recipe.weightScales.keys) == ["a", "boxes", "scores"])
        let quantized = try builder.graph.quantized(by: recipe)
        #expect(quantized.nodes.last?.op.name == "convolution")
        #expect(throws: QuantizationError.self) {
            try Quantizer(builder.graph, options: QuantizationOptions(maps: ["none": .values]))
        }
    }

    @Test func attention() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 4, 4])
        let qkv = try builder.convolution(x, 3, 12, side: 1, name: "qkv")
        let rows = try builder.node(
            .reshape(allowsZero: false), [qkv, try builder.integers([1, 12, 16])], name: "rows")
        let parts = try builder.nodes(
            .split(axis: 1), [rows, try builder.integers([4, 4, 4])], outputCount: 3, name: "part")
        let q = try builder.node(.transpose(permutation: [0, 2, 1]), [parts[0]], name: "q")
        let products = try builder.node(.matMul, [q, parts[1]], name: "products")
        let scaled = try builder.node(
            .binary(.mul), [products, try builder.constant([Float(0.5)], [])], name: "scaled")
        let weights = try builder.node(.softmax(axis: -1), [scaled], name: "weights")
        let turned = try builder.node(.transpose(permutation: [0, 2, 1]), [weights], name: "turned")
        let mixed = try builder.node(.matMul, [parts[2], turned], name: "mixed")
        let image = try builder.node(
            .reshape(allowsZero: false), [mixed, try builder.integers([1, 4, 4, 4])], name: "image")
        builder.output(try builder.convolution(image, 4, 4, side: 1, name: "out"))
        let recipe = try recipe(builder.graph, shape: [1, 3, 4, 4])
        for name in ["rows", "part", "part.1", "part.2", "q"] { #expect(recipe.values[name] == recipe.values["qkv"]) }
        // Logits stay float.
        #expect(recipe.values["products"] == nil && recipe.values["scaled"] == nil)
        #expect(recipe.values["weights"]?.zeroPoint == 0)
        #expect(recipe.values["turned"] == recipe.values["weights"])
        #expect(recipe.values["image"] == recipe.values["mixed"])
    }

    /// The later of two convolutions takes the other one's result in, also where it stands first in the file.
    @Test func aGroupStandsBehindItsResidual() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 8, 8])
        let a = try builder.convolution(x, 3, 4, name: "a")
        let b = try builder.node(.unary(.relu), [try builder.convolution(x, 3, 4, name: "b")], name: "b.act")
        let pool = Pool(kernel: Size2D(1))
        let c = try builder.node(.maxPool(pool), [b], name: "c")
        builder.output(try builder.node(.binary(.add), [a, c], name: "sum"))
        let graph = builder.graph
        let recipe = try recipe(graph, shape: [1, 3, 8, 8])
        #expect(Set(recipe.values.keys) == ["images", "b.act", "c", "sum"])
        let operators = try graph.quantized(by: recipe).nodes.filter { !$0.op.name.hasSuffix("Linear") }.map(\.name)
        #expect(operators == ["b", "b.act", "c", "a", "sum"])
    }

    @Test func batchNormalizationsAreTakenIn() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 8, 8])
        let a = try builder.convolution(x, 3, 4, name: "a")
        var parameters = [ValueID]()
        for value: Float in [1.5, 0.1, 0.2, 0.8] {
            parameters.append(try builder.constant(Array(repeating: value, count: 4), [4]))
        }
        let y = try builder.node(.batchNormalization(BatchNormalization()), [a] + parameters, name: "norm")
        builder.output(try builder.node(.unary(.relu), [y], name: "act"))
        let recipe = try recipe(builder.graph, shape: [1, 3, 8, 8])
        #expect(Set(recipe.values.keys) == ["images", "act"])
        #expect(Set(recipe.weightScales.keys) == ["norm"])
        let quantized = try builder.graph.quantized(by: recipe)
        #expect(quantized.count("batchNormalization") == 0)
        let input = try pixels([1, 3, 8, 8]).input(0)
        #expect(decibels(try outputs(builder.graph, input)[0], try outputs(quantized, input)[0]) > 35)
    }

    @Test func recipesThatDoNotFit() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 8, 8])
        builder.output(try builder.convolution(x, 3, 4, name: "a"))
        let graph = builder.graph
        let good = try recipe(graph, shape: [1, 3, 8, 8])
        _ = try graph.quantized(by: good)
        // Nothing to do is fine.
        #expect(try graph.quantized(by: QuantizationRecipe()).operators == ["convolution"])
        let changes: [(inout QuantizationRecipe) -> Void] = [
            { $0.values["none"] = QuantizationParameters(scale: 1, zeroPoint: 0) },
            { $0.values["a"] = QuantizationParameters(scale: .infinity, zeroPoint: 0) },
            { $0.values["a"] = QuantizationParameters(scale: -1, zeroPoint: 0) },
            { $0.values["a"] = QuantizationParameters(scale: 1, zeroPoint: 256) },
            { $0.values["images"] = nil }, { $0.weightScales["a"] = [1, 1] }, { $0.weightScales["a"]?[0] = 0 },
            { $0.weightScales["b"] = [1] }, { $0.biasShifts["a"] = [1] }, { $0.biasShifts["b"] = [1] },
            {
                $0.weightScales["a"] = nil
                $0.biasShifts["a"] = [1, 1, 1, 1]
            },
        ]
        for (index, change) in changes.enumerated() {
            var bad = good
            change(&bad)
            #expect(throws: QuantizationError.self, "change \(index)") { try graph.quantized(by: bad) }
        }
        // A shift past every int32 is held.
        var far = good
        far.biasShifts["a"] = [1e30, -1e30, .nan, 0]
        let quantized = try graph.quantized(by: far)
        let biases = quantized.constants.values.first {
            $0.dtype == .int32 && $0.elements(as: Int32.self).contains(.max)
        }
        #expect(biases?.elements(as: Int32.self)[1] == .min)
    }
}
