import Execution
import Foundation
import Graphs
import ONNX
import Quantization
import Tensors
import Testing

/// A small network from calibration to a file and back.
@Suite struct QuantizerTests {
    private static let shape = [1, 3, 24, 32]

    private func network() throws -> Graph {
        var builder = GraphBuilder(name: "network")
        let x = builder.input("images", Self.shape)
        let a = try builder.silu(try builder.convolution(x, 3, 8, stride: 2, name: "a"), name: "a.act")
        let b = try builder.silu(try builder.convolution(a, 8, 8, groups: 8, name: "b"), name: "b.act")
        let c = try builder.silu(try builder.convolution(b, 8, 8, side: 1, name: "c"), name: "c.act")
        let sum = try builder.node(.binary(.add), [a, c], name: "sum")
        let all = try builder.node(.concat(axis: 1), [sum, b], name: "all")
        builder.output(try builder.convolution(all, 16, 6, stride: 2, name: "out"))
        return builder.graph
    }

    @Test func theQuantizedGraphIsNearTheFloatOneAlsoFromAFile() throws {
        let graph = try network()
        let source = pixels(Self.shape)
        let quantizer = try Quantizer(graph)
        let statistics = try quantizer.statistics(on: source)
        var recipe = quantizer.recipe(from: statistics)
        try quantizer.correctBiases(&recipe, on: source)
        let quantized = try graph.quantized(by: recipe)
        let read = try importONNX(try exportONNX(quantized), name: "network")
        let input = try pixels(Self.shape, seed: 99).input(0)
        let exact = try outputs(graph, input)[0]
        let result = try outputs(quantized, input)[0]
        #expect(decibels(exact, result) > 30)
        #expect(try outputs(read, input)[0] == result)
        #expect(Set(result).count <= 256)

        // All again gives the same recipe, and noise finds the layers' order.
        var again = quantizer.recipe(from: try quantizer.statistics(on: source))
        try quantizer.correctBiases(&again, on: source)
        #expect(again == recipe)
        let noise = try quantizer.noise(of: recipe, in: graph, on: source)
        #expect(Set(noise.map(\.value)) == ["images", "a.act", "b.act", "sum", "out"])
        #expect(noise.map(\.decibels) == noise.map(\.decibels).sorted())
        #expect(noise.allSatisfy { $0.decibels > 25 })
        // Pixels are kept exactly, but for the last bit.
        #expect(noise.last?.value == "images" && (noise.last?.decibels ?? 0) > 120)
        #expect(noise.first { $0.value == "out" }.map { $0.decibels < $0.roundingDecibels } ?? false)
        #expect(recipe.description.split(separator: "\n").count == recipe.values.count + recipe.weightScales.count)
    }

    /// Coarse weights move the mean of each channel; the corrected bias takes it back.
    @Test func biasCorrectionRemovesTheShiftOfTheMean() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 24, 24])
        builder.output(try builder.convolution(x, 3, 6, side: 3, stride: 2, name: "a"))
        let graph = builder.graph
        let source = pixels([1, 3, 24, 24], count: 8)
        let quantizer = try Quantizer(graph)
        var recipe = quantizer.recipe(from: try quantizer.statistics(on: source))
        // Steps so coarse that weights lose most of their bits.
        recipe.weightScales["a"] = recipe.weightScales["a"]?.map { $0 * 20 }
        // The result is kept finely enough to see a mean.
        recipe.values["a"] = nil
        func shifts() throws -> [Double] {
            let quantized = try graph.quantized(by: recipe)
            var sums = Array(repeating: 0.0, count: 6)
            for index in 0..<source.count {
                let input = try source.input(index)
                let pairs = zip(try outputs(graph, input)[0], try outputs(quantized, input)[0])
                for (place, pair) in pairs.enumerated() { sums[place / 144] += Double(pair.0 - pair.1) / 144 }
            }
            return sums.map { abs($0) / Double(source.count) }
        }
        let before = try shifts()
        try quantizer.correctBiases(&recipe, on: source)
        let after = try shifts()
        #expect((before.max() ?? 0) > 0.02)
        #expect((after.max() ?? 1) < 0.05 * (before.max() ?? 0))
    }

    @Test func inputsOfBytes() throws {
        let graph = try network()
        let quantizer = try Quantizer(graph)
        let bytes = CalibrationSource(count: 2) { index in
            let pixel = try pixels(Self.shape).input(index)
            return try Tensor(pixel.elements(as: Float.self).map { $0 * 255 }, shape: Self.shape)
        }
        let recipe = quantizer.recipe(from: try quantizer.statistics(on: bytes))
        #expect(recipe.values["images"] == QuantizationParameters(scale: 1, zeroPoint: 0))
        let centred = CalibrationSource(count: 2) { index in
            let pixel = try pixels(Self.shape).input(index)
            return try Tensor(pixel.elements(as: Float.self).map { $0 * 2 - 1 }, shape: Self.shape)
        }
        let other = quantizer.recipe(from: try quantizer.statistics(on: centred))
        #expect(abs((other.values["images"]?.scales[0] ?? 0) - 2 / 255) < 1e-6)
    }

    /// An input of open size is bound for calibration and stays open in the result.
    @Test func openSizesStayOpen() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [.symbolic("batch"), .fixed(3), .symbolic("h"), .symbolic("w")])
        let a = try builder.silu(try builder.convolution(x, 3, 4, name: "a"), name: "a.act")
        let b = try builder.silu(try builder.convolution(a, 4, 4, name: "b"), name: "b.act")
        builder.output(try builder.node(.binary(.add), [a, b], name: "sum"))
        let options = QuantizationOptions(inputShapes: ["images": [1, 3, 8, 12]])
        let quantizer = try Quantizer(builder.graph, options: options)
        let recipe = quantizer.recipe(from: try quantizer.statistics(on: pixels([1, 3, 8, 12])))
        #expect(Set(recipe.values.keys) == ["images", "a.act", "sum"])
        let quantized = try builder.graph.quantized(by: recipe)
        #expect(
            quantized[quantized.inputs[0]].declared == [.symbolic("batch"), .fixed(3), .symbolic("h"), .symbolic("w")])
        let session = try Session(ExecutionPlan(quantized, inputShapes: ["images": [2, 3, 6, 5]]))
        #expect(try session.run([try pixels([2, 3, 6, 5]).input(0)])[0].shape.dimensions == [2, 4, 6, 5])
    }

    @Test func faultsOfTheSource() throws {
        struct Unreadable: Error {}
        let quantizer = try Quantizer(try network())
        func expectError(_ source: CalibrationSource, _ matches: (QuantizationError) -> Bool) {
            do throws(QuantizationError) {
                _ = try quantizer.statistics(on: source)
                Issue.record("no error was thrown")
            } catch { #expect(matches(error), "\(error)") }
        }
        expectError(CalibrationSource(count: 0) { _ in throw Unreadable() }) {
            if case .noCalibration = $0 { true } else { false }
        }
        expectError(CalibrationSource(count: 1) { _ in throw Unreadable() }) {
            if case .caller(let error) = $0 { error is Unreadable } else { false }
        }
        expectError(pixels([1, 4, 8, 8])) { if case .unsupportedInput = $0 { true } else { false } }
        expectError(CalibrationSource(count: 1) { _ in try Tensor([Int32(1)], shape: [1]) }) {
            if case .unsupportedInput = $0 { true } else { false }
        }
        var damaged = try pixels(Self.shape).input(0).elements(as: Float.self)
        damaged[9] = .nan
        let elements = damaged
        expectError(CalibrationSource(count: 1) { _ in try Tensor(elements, shape: Self.shape) }) {
            if case .notFinite = $0 { true } else { false }
        }
        var builder = GraphBuilder(name: "two")
        let a = builder.input("a", [1, 3, 8, 8])
        let b = builder.input("b", [1, 3, 8, 8])
        builder.output(try builder.convolution(try builder.node(.binary(.add), [a, b]), 3, 2, name: "c"))
        let two = try Quantizer(builder.graph)
        #expect(throws: QuantizationError.self) { try two.statistics(on: pixels([1, 3, 8, 8])) }
    }
}

/// The search keeps what the caller's score rewards, within its number of trials.
@Suite struct QuantizationSearchTests {
    @Test func whatPaysIsKept() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 8, 8])
        let a = try builder.silu(try builder.convolution(x, 3, 32, name: "a"), name: "a.act")
        let b = try builder.silu(try builder.convolution(a, 32, 32, name: "b"), name: "b.act")
        builder.output(try builder.convolution(b, 32, 2, name: "c"))
        let graph = builder.graph
        let source = pixels([1, 3, 8, 8])
        let quantizer = try Quantizer(graph)
        let statistics = try quantizer.statistics(on: source)
        let recipe = quantizer.recipe(from: statistics)
        func isFloat(_ quantized: Graph, _ name: String) -> Bool {
            quantized.value(named: "\(name)_QuantizeLinear_Output") == nil
        }
        /// What the whole costs: b pays for its time in float, a does not.
        func loss(_ quantized: Graph) -> Double {
            0.1 + (isFloat(quantized, "b.act") ? 0 : 0.2) + (isFloat(quantized, "a.act") ? 0 : 0.001)
        }
        var search = QuantizationSearch()
        search.floatTime = 100
        var calls = 0
        let found = try quantizer.searched(recipe, in: graph, statistics, by: search) { quantized in
            calls += 1
            return loss(quantized)
        }
        #expect(found.recipe.values["b.act"] == nil && found.recipe.weightScales["c"] == nil)
        #expect(found.recipe.values["a.act"] != nil && found.recipe.weightScales["b"] != nil)
        #expect(abs(found.loss - 0.101) < 1e-9)
        #expect(found.trials.filter(\.isKept).map(\.value) == ["b.act"])
        let floats = found.trials.filter { $0.change == .float }
        // Each before the ranges, what is left after them, and b a second time when it is kept.
        #expect(floats.count == 2 * Set(floats.map(\.value)).count)
        #expect(floats.first { $0.value == "b.act" }.map { abs($0.loss - 0.101) < 1e-9 } == true)
        #expect(floats.first { $0.value == "a.act" }.map { abs($0.loss - 0.3) < 1e-9 } == true)
        #expect(calls == found.trials.count + 1)
        // The input is bytes in any case.
        #expect(!found.trials.contains { $0.value == "images" })
        let input = try source.input(0)
        #expect(decibels(try outputs(graph, input)[0], try outputs(graph.quantized(by: found.recipe), input)[0]) > 25)

        // A loss that is good enough buys no float.
        search.goodLoss = 0.5
        #expect(try quantizer.searched(recipe, in: graph, statistics, by: search, loss: loss).recipe == recipe)

        search = QuantizationSearch()
        search.trials = 2
        calls = 0
        let bounded = try quantizer.searched(recipe, in: graph, statistics, by: search) { _ in
            calls += 1
            return 0.1
        }
        #expect(calls == 3 && bounded.recipe == recipe)
        struct Failure: Error {}
        #expect(throws: QuantizationError.self) {
            try quantizer.searched(recipe, in: graph, statistics) { _ in throw Failure() }
        }
    }

    /// The range that the loss is least for is found from either side, and no other moves.
    @Test(arguments: [0.5, 0.9]) func rangesMoveWhereTheLossIsLeast(share: Double) throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("images", [1, 3, 8, 8])
        let a = try builder.silu(try builder.convolution(x, 3, 4, name: "a"), name: "a.act")
        builder.output(try builder.convolution(a, 4, 2, name: "c"))
        let graph = builder.graph
        let source = pixels([1, 3, 8, 8])
        let quantizer = try Quantizer(graph, options: QuantizationOptions(observer: .minMax))
        let statistics = try quantizer.statistics(on: source)
        let recipe = quantizer.recipe(from: statistics)
        let whole = try #require(recipe.values["a.act"]?.scale)
        let aim = Float(share) * whole
        let found = try quantizer.searched(recipe, in: graph, statistics) { quantized in
            guard let id = quantized.value(named: "a.act_scale"), let scale = quantized.scalar(id) else { return 9 }
            return 1 + Double(abs(scale - aim) / whole)
        }
        let scale = try #require(found.recipe.values["a.act"]?.scale)
        #expect(abs(scale / aim - 1) < 0.1)
        #expect(Set(found.recipe.values.keys) == Set(recipe.values.keys))
        // Never wider than what was seen.
        #expect(scale <= whole * 1.0001)
    }
}
