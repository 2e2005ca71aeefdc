import Augmentation
import Execution
import Graphs
import Quantization
import Tensors
import Training

/// A detector that learns with the roundings of its 8-bit form (Jacob et al., "Quantization and training of neural networks
/// for efficient integer-arithmetic-only inference", 2018).
///
/// What a convolution reads is held to its range and rounded to 256 steps; the ranges come from pictures and stay. Weights are
/// rounded to 255 steps for each output channel, by their greatest magnitude in each step. Gradients pass the roundings
/// (Bengio et al. 2013), and are zero where a value was held.
enum QuantizationAwareness {
    /// - Parameter picture: the i-th of `count` canvases of `side`×`side` pixels from which ranges are taken.
    static func applied(
        to model: Graph, side: Int, count: Int, threads: Int, picture: (Int) throws -> RGBImage
    ) throws -> Graph {
        let values = activations(of: model)
        let ranges = try ranges(of: values, in: model, side: side, count: count, threads: threads, picture: picture)
        var rounded: [ValueID: ValueID] = [:]
        var source = model
        source.parameters = model.learnedConstants()
        let nodes = source.nodes
        source.nodes = []
        var net = GraphBuilder(source)
        for node in nodes {
            var node = node
            node.inputs = node.inputs.map { id in id.map { rounded[$0] ?? $0 } }
            if case .convolution = node.op, let weights = node.input(1), model.constants[weights] != nil {
                node.inputs[1] = try roundedWeights(weights, name: model[weights].name, &net)
            }
            net.append(node)
            for id in node.outputs {
                guard let range = ranges[id] else { continue }
                rounded[id] = try roundedActivation(id, range, name: model[id].name, &net)
            }
        }
        return net.graph
    }

    /// What convolutions read, but for pictures, which are bytes.
    private static func activations(of model: Graph) -> [ValueID] {
        var found: [ValueID] = []
        for node in model.nodes {
            guard case .convolution = node.op, let id = node.input(0), !model.inputs.contains(id), !found.contains(id)
            else { continue }
            found.append(id)
        }
        return found
    }

    private static func ranges(
        of values: [ValueID], in model: Graph, side: Int, count: Int, threads: Int, picture: (Int) throws -> RGBImage
    ) throws -> [ValueID: QuantizationParameters] {
        let names = values.map { model[$0].name }
        let plan = try ExecutionPlan(
            model, inputShapes: [model[model.inputs[0]].name: [1, 3, side, side]],
            options: ExecutionOptions(keep: names))
        let session = try Session(plan, threads: threads)
        var histograms = values.map { _ in Histogram() }
        for index in 0..<count {
            let images = try DetectionSamples.images([picture(index)])
            try session.withInput(0) { bytes in
                bytes.copyMemory(from: UnsafeRawBufferPointer(start: images.baseAddress, count: images.byteCount))
            }
            try session.run()
            for (place, name) in names.enumerated() {
                let isFinite = try session.tensor(named: name).withElements(as: Float.self) {
                    histograms[place].add($0)
                }
                guard isFinite else { throw LearningError.invalidModel("\"\(name)\" is not finite") }
            }
        }
        return Dictionary(
            uniqueKeysWithValues: zip(values, histograms).map {
                ($0, RangeSearch([$1], weight: .uniform).parameters(.measured))
            })
    }

    /// x held to the range, plus what rounding changes of it, through which no gradient goes.
    private static func roundedActivation(
        _ x: ValueID, _ range: QuantizationParameters, name: String, _ net: inout GraphBuilder
    ) throws -> ValueID {
        let (scale, zeroPoint) = (range.scales[0], Float(range.zeroPoints[0]))
        let held = try net.atMost(net.atLeast(x, -zeroPoint * scale), (255 - zeroPoint) * scale)
        let steps = try net.unary(.round, net.scale(held, by: 1 / scale))
        return try passing(held, net.scale(steps, by: scale), name: "rounded \(name)", &net)
    }

    private static func roundedWeights(
        _ weights: ValueID, name: String, _ net: inout GraphBuilder
    ) throws -> ValueID {
        let greatest = try net.reduce(.max, net.unary(.abs, weights), axes: [1, 2, 3], keepsDimensions: true)
        let scale = try net.atLeast(net.scale(greatest, by: 1 / 127), 1e-12)
        let steps = try net.unary(.round, net.divide(weights, scale))
        return try passing(weights, net.multiply(steps, scale), name: "rounded \(name)", &net)
    }

    /// The rounded values, with the gradient of the exact ones.
    private static func passing(
        _ exact: ValueID, _ rounded: ValueID, name: String, _ net: inout GraphBuilder
    ) throws -> ValueID {
        let change = try net.node(.stopGradient, [net.subtract(rounded, exact)])
        return try net.node(.binary(.add), [exact, change], name: name)
    }
}
