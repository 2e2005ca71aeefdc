import Foundation
import Graphs
import Models
import Tensors
import Testing
import Training

/// Three small trainings of models that are built of layers, against PyTorch's: losses, and the first gradient of each
/// parameter. Tests/Oracles/make_training_goldens.py writes them, and says how weights and data come from a seed.
@Suite struct ModelCurveTests {
    struct Curve: Decodable {
        struct Parameter: Decodable {
            var name: String
            var shape: [Int]
            var seed: UInt64
            var center: Float
            var bound: Float
            var gradientNorm64: Double
        }

        struct Recipe: Decodable {
            var rate: Double
            var weightDecay: Double
            var momentum: Double?
            var clipNorm: Double?
            var warmupSteps: Int?
        }

        struct Source: Decodable {
            var shape: [Int]
            var seed: UInt64
            var bound: Float?
            var count: UInt64?
        }

        struct Batches: Decodable {
            var batches: Int
            var images: Source?
            var tokens: Source?
            var labels: Source
            var lengths: [[Int64]]?
        }

        var name: String
        var optimizer: Recipe
        var data: Batches
        var parameters: [Parameter]
        var losses64: [Double]
    }

    /// A parameter of ours, those of PyTorch that it is made of, and how.
    private struct Mapping {
        var name: String
        var sources: [String]
        var arrange: ([[Float]]) -> [Float] = { $0.flatMap { $0 } }
    }

    @Test(arguments: ["cnn", "lstm", "transformer"]) func lossesAreThoseOfPyTorch(_ name: String) throws {
        let curve = try #require(goldens("curves.json", as: [Curve].self).first { $0.name == name })
        let (model, logits, mappings) = try Self.model(name)
        var builder = GraphBuilder(try Self.filled(model, mappings, curve))
        let labels = builder.input("labels", dtype: .int64, [.symbolic("batch")])
        builder.output(try builder.crossEntropy(logits: logits, labels: labels), name: "loss")

        let recipe = curve.optimizer
        var options = Learner.Options()
        options.threads = 2
        if let norm = recipe.clipNorm { options.clipping = .globalNorm(norm) }
        let method: OptimizerMethod =
            switch name {
            case "cnn": .sgd(momentum: recipe.momentum ?? 0, nesterov: true, weightDecay: recipe.weightDecay)
            case "lstm": .adam()
            default: .adamW(weightDecay: recipe.weightDecay)
            }
        var graph = builder.graph
        graph.outputs = graph.outputs.filter { graph[$0].name == "loss" }
        let learner = try Learner(graph, loss: "loss", method: method, options: options)
        let batches = try (0..<curve.data.batches).map { try Self.batch($0, of: curve) }

        _ = try learner.differentiate(batches[0])
        for entry in learner.parameters.entries {
            let sources = try #require(mappings.first { $0.name == entry.name }).sources
            let wanted = curve.parameters.filter { sources.contains($0.name) }
                .reduce(0) { $0 + $1.gradientNorm64 * $1.gradientNorm64 }.squareRoot()
            let actual = entry.range.reduce(0.0) { $0 + pow(Double(learner.gradients[$1]), 2) }.squareRoot()
            #expect(abs(actual - wanted) < 1e-4 * max(wanted, 0.01), "\(entry.name): \(actual), not \(wanted)")
        }
        #expect(curve.losses64.count == 50)
        for (step, wanted) in curve.losses64.enumerated() {
            let warmup = recipe.warmupSteps.map { min(1, Double(step + 1) / Double($0)) } ?? 1
            let loss = try learner.step(batches[step % batches.count], rate: recipe.rate * warmup).loss
            #expect(abs(Double(loss) - wanted) < 1e-4, "step \(step): \(loss), not \(wanted)")
        }
    }

    // MARK: Models

    private static func model(_ name: String) throws -> (Graph, ValueID, [Mapping]) {
        var net = ModelBuilder(name: name)
        var mappings = [Mapping]()
        func same(_ name: String, _ source: String) { mappings.append(Mapping(name: name, sources: [source])) }
        func linear(_ name: String, _ source: String, _ inputs: Int, _ outputs: Int) {
            mappings.append(
                Mapping(name: "\(name).weight", sources: ["\(source).weight"]) { rows in
                    (0..<inputs).flatMap { input in (0..<outputs).map { rows[0][$0 * inputs + input] } }
                })
            same("\(name).bias", "\(source).bias")
        }
        func norm(_ name: String, _ source: String) {
            same("\(name).scale", "\(source).weight")
            same("\(name).bias", "\(source).bias")
        }
        func tokens() -> (ValueID, ValueID) {
            let tokens = net.input("tokens", dtype: .int64, [.symbolic("batch"), .symbolic("length")])
            return (tokens, net.input("lengths", dtype: .int64, [.symbolic("batch")]))
        }
        var h: ValueID
        switch name {
        case "cnn":
            let x = net.input("images", [.symbolic("batch"), .fixed(3), .symbolic("height"), .symbolic("width")])
            h = try net.convolutionBlock(x, from: 3, to: 8, kernel: 3, name: "a")
            h = try net.convolutionBlock(h, from: 8, to: 16, kernel: 3, stride: 2, name: "b")
            h = try net.convolution(h, from: 16, to: 16, kernel: 3, groups: 16, bias: false, name: "c")
            h = try net.convolutionBlock(h, from: 16, to: 32, kernel: 1, name: "d")
            for (name, index, normIndex) in [("a", 1, 1), ("b", 2, 2), ("d", 4, 3)] {
                same("\(name).convolution.weight", "conv\(index).weight")
                norm("\(name).norm", "bn\(normIndex)")
            }
            same("c.weight", "conv3.weight")
            h = try net.linear(net.globalAverage(h), from: 32, to: 5)
            linear("linear", "linear", 32, 5)
        case "lstm":
            let (tokens, lengths) = tokens()
            h = try net.embedding(tokens, count: 20, width: 10)
            same("embedding.weight", "embedding.weight")
            h = try net.lstm(h, from: 10, hidden: 12, layers: 2, bidirectional: true, lengths: lengths).state
            for layer in 0..<2 {
                let ends = ["l\(layer)", "l\(layer)_reverse"]
                for (name, kinds) in [
                    ("weight", ["weight_ih"]), ("recurrentWeight", ["weight_hh"]), ("bias", ["bias_ih", "bias_hh"]),
                ] {
                    let sources = ends.flatMap { end in kinds.map { "lstm.\($0)_\(end)" } }
                    mappings.append(
                        Mapping(name: "lstm.layer\(layer).\(name)", sources: sources) { $0.flatMap(Self.onnxGates) })
                }
            }
            h = try net.linear(h, from: 24, to: 4)
            linear("linear", "linear", 24, 4)
        default:
            let (tokens, lengths) = tokens()
            let padding = try net.paddingMask(lengths, of: tokens)
            h = try net.embedding(tokens, count: 30, width: 16)
            h = try net.learnedPositions(h, width: 16, longest: 10)
            same("embedding.weight", "embedding.weight")
            same("positions.weight", "position.weight")
            let transformer = Transformer(width: 16, heads: 2, feedForward: 32, dropout: 0)
            h = try net.transformerEncoder(h, transformer, layers: 2, padding: padding, normalizesResult: false)
            for layer in 0..<2 {
                let (ours, theirs) = ("encoder.layer\(layer)", "layer\(layer)")
                norm("\(ours).attentionNorm", "\(theirs).norm1")
                linear("\(ours).attention.input", "\(theirs).in_proj", 16, 48)
                linear("\(ours).attention.output", "\(theirs).out_proj", 16, 16)
                norm("\(ours).feedForwardNorm", "\(theirs).norm2")
                linear("\(ours).feedForward.expand", "\(theirs).linear1", 16, 32)
                linear("\(ours).feedForward.contract", "\(theirs).linear2", 32, 16)
            }
            h = try net.linear(net.maskedMean(h, padding: padding), from: 16, to: 3)
            linear("linear", "linear", 16, 3)
        }
        return (net.graph, h, mappings)
    }

    /// Gates input, forget, cell, output in ONNX's order: input, output, forget, cell.
    private static func onnxGates(_ rows: [Float]) -> [Float] {
        let size = rows.count / 4
        return [0, 3, 1, 2].flatMap { rows[$0 * size..<($0 + 1) * size] }
    }

    // MARK: Numbers

    private static func filled(_ model: Graph, _ mappings: [Mapping], _ curve: Curve) throws -> Graph {
        var model = model
        #expect(mappings.count == model.parameters.count)
        #expect(Set(mappings.flatMap(\.sources)) == Set(curve.parameters.map(\.name)))
        for mapping in mappings {
            let id = try #require(model.parameters.first { model[$0].name == mapping.name }, "no \(mapping.name)")
            let sources = try mapping.sources.map { name in
                let parameter = try #require(curve.parameters.first { $0.name == name })
                return reals(parameter.seed, parameter.shape, parameter.bound, center: parameter.center)
            }
            let shape = try #require(model.shape(of: id)).dimensions
            model.setConstant(try Tensor(mapping.arrange(sources), shape: shape), for: id)
        }
        return model
    }

    private static func batch(_ index: Int, of curve: Curve) throws -> [String: Tensor] {
        let data = curve.data
        func seeded(_ source: Curve.Source) -> Curve.Source {
            var source = source
            source.seed += UInt64(index)
            return source
        }
        var batch = ["labels": try Tensor(wholes(seeded(data.labels)), shape: data.labels.shape)]
        if let images = data.images.map(seeded) {
            batch["images"] = try Tensor(
                reals(images.seed, images.shape, images.bound ?? 1, center: 0), shape: images.shape)
        }
        if let tokens = data.tokens.map(seeded), let lengths = data.lengths?[index] {
            var values = wholes(tokens)
            var shape = tokens.shape
            if curve.name == "lstm" {
                // There steps come first.
                let (steps, count) = (shape[0], shape[1])
                values = (0..<count).flatMap { row in (0..<steps).map { values[$0 * count + row] } }
                shape = [count, steps]
            }
            batch["tokens"] = try Tensor(values, shape: shape)
            batch["lengths"] = try Tensor(lengths, shape: [lengths.count])
        }
        return batch
    }

    private static func reals(_ seed: UInt64, _ shape: [Int], _ bound: Float, center: Float) -> [Float] {
        var numbers = Numbers(seed: seed)
        return (0..<shape.reduce(1, *)).map { _ in
            center + (2 * (Float(numbers.next() >> 40) / 0x1p24) - 1) * bound
        }
    }

    private static func wholes(_ source: Curve.Source) -> [Int64] {
        var numbers = Numbers(seed: source.seed)
        return (0..<source.shape.reduce(1, *)).map { _ in Int64((numbers.next() >> 40) % (source.count ?? 1)) }
    }
}
