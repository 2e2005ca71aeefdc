import Graphs
import Models
import ONNX
import Tensors
import Testing

@Suite struct ModelTests {
    /// The numbers that the papers' models have in torchvision, in PyTorch and in the first version of YOLOv8.
    @Test func parameterCountsAreKnownOnes() throws {
        #expect(try ResNet(classes: 1000).graph().parameterCount == 11_689_512)
        #expect(try MobileNet(classes: 1000).graph().parameterCount == 3_504_872)
        #expect(try DenseNet(classes: 1000).graph().parameterCount == 7_978_856)
        #expect(try UNet(classes: 1, width: 16).graph().parameterCount == Self.unetParameters(width: 16))
        let names = (0..<80).map { "class \($0)" }
        // Without the 16 fixed weights of its last convolution.
        #expect(try YOLO(names: names).graph().parameterCount == 3_157_200 - 16)
    }

    @Test func parameterCountsOfBottlenecksAreKnownOnes() throws {
        let model = ResNet(classes: 1000, stages: [3, 4, 6, 3], block: .bottleneck)
        #expect(try model.graph().parameterCount == 25_557_032)
    }

    /// Two 3×3 convolutions without biases and their normalizations at each level, a transposed convolution upwards.
    private static func unetParameters(width: Int) -> Int {
        func double(_ inputs: Int, _ outputs: Int) -> Int { 9 * outputs * (inputs + outputs) + 4 * outputs }
        var count = double(3, width) + width + 1
        for level in 0..<4 {
            let narrow = width << level
            count += double(narrow, 2 * narrow) + (2 * narrow * narrow * 4 + narrow) + double(2 * narrow, narrow)
        }
        return count
    }

    @Test func parameterCountsOfLayersAreThoseOfPyTorch() throws {
        func count(_ body: (inout ModelBuilder, ValueID) throws -> Void) throws -> Int {
            var net = ModelBuilder(name: "layer")
            let x = net.input("x", [.symbolic("batch"), .symbolic("length"), .fixed(12)])
            try body(&net, x)
            return net.parameterCount
        }
        #expect(try count { _ = try $0.selfAttention($1, width: 12, heads: 3) } == 4 * (12 * 12 + 12))
        #expect(try count { _ = try $0.crossAttention($1, to: $1, width: 12, heads: 3) } == 4 * (12 * 12 + 12))
        let lstm = 2 * (4 * 5 * (12 + 5) + 8 * 5) + 2 * (4 * 5 * (10 + 5) + 8 * 5)
        #expect(try count { _ = try $0.lstm($1, from: 12, hidden: 5, layers: 2, bidirectional: true) } == lstm)
        #expect(try count { _ = try $0.gru($1, from: 12, hidden: 5) } == 3 * 5 * (12 + 5) + 6 * 5)
        // nn.TransformerEncoderLayer(12, 3, 20), and nn.LayerNorm behind it.
        let encoder = 4 * (144 + 12) + 12 * 20 + 20 + 20 * 12 + 12 + 2 * 24 + 24
        let transformer = Transformer(width: 12, heads: 3, feedForward: 20)
        #expect(try count { _ = try $0.transformerEncoder($1, transformer, layers: 1) } == encoder)
    }

    @Test(arguments: ModelCase.all) func modelsSpecialize(_ model: ModelCase) throws {
        let graph = try model.specialized()
        try GraphSpec.check(graph, pass: model.name)
        #expect(graph.shape(of: graph.outputs[0])?.dimensions == model.output)
        let optimized = try model.make().optimized(inputShapes: model.inputs.mapValues { try Shape($0) })
        #expect(optimized.outputs.count == graph.outputs.count)
    }

    /// No shape of an activation is fixed when a model is built: a second batch size fits too.
    @Test(arguments: ModelCase.all) func batchesVary(_ model: ModelCase) throws {
        let shapes = try model.inputs.mapValues { try Shape([5] + $0.dropFirst()) }
        let graph = try model.make().specialized(inputShapes: shapes)
        #expect(graph.shape(of: graph.outputs[0])?.dimensions == [5] + model.output.dropFirst())
    }

    @Test(arguments: ModelCase.all) func allParametersLearn(_ model: ModelCase) throws {
        let original = try model.make()
        // Nothing else is taken for one: no mask, no table of sines, no statistic.
        #expect(original.learnedConstants() == original.parameters)
        let names = original.parameters.map { original[$0].name }
        #expect(Set(names).count == names.count)

        var builder = GraphBuilder(original)
        let seed = builder.input("seed", dtype: .int64, [1])
        let loss = try builder.mean(builder.square(original.outputs[0]))
        builder.output(loss, name: "loss")
        var shapes = try model.inputs.mapValues { try Shape($0) }
        shapes["seed"] = try Shape([1])
        var graph = try builder.graph.withInputs(for: original.parameters).specialized(inputShapes: shapes)
        let updates = try graph.takeTrainingForm(seed: seed)
        #expect(updates.count == original.runningStatistics.count)
        let gradients = try graph.gradients(of: loss, withRespectTo: original.parameters)
        for (id, gradient) in zip(original.parameters, gradients) {
            let gradient = try #require(gradient, "\(original[id].name) has no gradient")
            #expect(graph.shape(of: gradient) == graph.shape(of: id))
            graph.addOutput(copying: gradient, name: "gradient of \(original[id].name)")
        }
        try GraphSpec.check(graph, pass: "gradients")
    }

    @Test(arguments: ModelCase.all) func filesKeepModels(_ model: ModelCase) throws {
        let original = try model.make()
        let imported = try importONNX(try exportONNX(original), name: original.name)
        #expect(imported.metadata == original.metadata)
        #expect(imported.inputs.map { imported[$0].name } == original.inputs.map { original[$0].name })
        let graph = try imported.specialized(inputShapes: model.inputs.mapValues { try Shape($0) })
        #expect(graph.shape(of: graph.outputs[0])?.dimensions == model.output)
        let count = imported.learnedConstants().reduce(0) { $0 + (imported.constants[$1]?.shape.count ?? 0) }
        #expect(count == original.parameterCount)
    }

    @Test func wordsOfDetectorsAreWritten() throws {
        let names = ["it's", "a \"b\""]
        let model = YOLO(names: names, width: 0.0625, imageSize: Size2D(height: 64, width: 96))
        let graph = try model.graph()
        #expect(graph.metadata["names"] == "{0: 'it\\'s', 1: 'a \"b\"'}")
        #expect(graph.metadata["imgsz"] == "[64, 96]")
        let specialized = try graph.specialized(inputShapes: ["images": try Shape([1, 3, 64, 96])])
        for stride in YOLO.strides {
            let boxes = try #require(specialized.value(named: YOLO.boxesName(stride: stride)))
            let classes = try #require(specialized.value(named: YOLO.classesName(stride: stride)))
            #expect(specialized.shape(of: boxes)?.dimensions == [1, 64, 64 / stride, 96 / stride])
            #expect(specialized.shape(of: classes)?.dimensions == [1, 2, 64 / stride, 96 / stride])
        }
    }

    @Test func wrongLayersAreRefused() throws {
        var net = ModelBuilder(name: "wrong")
        let x = net.input("x", [.fixed(1), .fixed(6), .fixed(4), .fixed(4)])
        #expect(throws: GraphError.self) { try net.convolution(x, from: 6, to: 8, kernel: 3, groups: 4) }
        #expect(throws: GraphError.self) { try net.linear(x, from: 0, to: 8) }
        #expect(throws: GraphError.self) { try net.selfAttention(x, width: 6, heads: 4) }
        #expect(throws: GraphError.self) { try net.lstm(x, from: 6, hidden: 4, layers: 0) }
        #expect(throws: GraphError.self) { try YOLO(names: []).graph() }
    }
}
