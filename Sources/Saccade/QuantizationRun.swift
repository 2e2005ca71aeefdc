import Detections
import Detectors
import Foundation
import Graphs
import ONNX
import Quantization

/// One quantization: from the float model's file to the bytes of the quantized one, with all that is measured of them.
struct QuantizationRun {
    typealias Tick = (ModelQuantizer.Progress.Stage, _ done: Int, _ total: Int) throws(SaccadeError) -> Void

    struct Result {
        let bytes: Data
        let summary: QuantizationSummary
    }

    /// The pictures that the deviation of each trial and of the result is measured on.
    private static let searchLimit = 32
    /// With this deviation no more tensors become float.
    private static let goodDeviation = 0.02

    private let configuration: QuantizationConfiguration
    private let threads: Int
    private let tick: Tick
    private let graph: Graph
    private let detector: YOLODetector
    /// The detector of `CandidateDeviation`.
    private let everyPlace: YOLODetector
    private let options: YOLODetector.Options
    private let labelled: LabelledSet?

    /// Reads the model and the labels; what is wrong with them is known before the work begins.
    init(_ configuration: QuantizationConfiguration, tick: @escaping Tick) throws {
        self.configuration = configuration
        self.tick = tick
        threads = configuration.threads > 0 ? configuration.threads : ProcessInfo.processInfo.activeProcessorCount
        options = try DetectionAgreement.options(configuration)
        graph = try YOLODetector.readModel(configuration.model)
        guard !graph.isQuantized else {
            throw SaccadeError(
                reason: "unsupported", message: "\(configuration.model) is quantized already: name the float model",
                exitCode: 65)
        }
        detector = try YOLODetector(graph, options: options)
        guard detector.rawHead != nil else {
            throw SaccadeError(
                reason: "unsupported",
                message: "\(configuration.model) cannot be quantized: its boxes cannot be decoded from raw maps ("
                    + "\(detector.wholeGraphReason ?? "")), so that its tail would lose too much", exitCode: 65)
        }
        everyPlace = try YOLODetector(graph, options: CandidateDeviation.options(configuration))
        labelled = try configuration.evaluation.map { try LabelledSet($0) }
    }

    func execute() throws -> Result {
        let set = try CalibrationSet(
            configuration.calibration, limit: configuration.calibrationLimit, detector: detector, square: everyPlace
        ) { done, total throws(SaccadeError) in try tick(.reading, done, total) }
        let found = try quantize(set)

        let bytes = try exportONNX(found.graph)
        // From here on the model is what a reader of the file gets.
        let written = try importONNX(bytes, name: graph.name)
        let quantized = try YOLODetector(written, options: options)
        let deviation = try found.deviation.measured(
            YOLODetector(written, options: CandidateDeviation.options(configuration)), threads: threads)
        let agreement = try found.agreement.measured(quantized, deviation: deviation, threads: threads)
        let evaluation = try labelled.map { set in try measure(written, on: set) }
        let images = Array(set.mostCommon.prefix(8))
        var latencies: [QuantizationSummary.Latency] = []
        for count in Set([1, threads]).sorted() {
            latencies.append(
                try LatencyComparison.measured(
                    float: detector, quantized: quantized, on: images, threads: count
                ) { done, total throws(SaccadeError) in try tick(.timing, done, total) })
        }
        let layers = try LatencyComparison.layers(
            quantized, width: images[0].width, height: images[0].height, threads: threads)
        let summary = QuantizationSummary(
            model: configuration.model, output: configuration.output, calibrationImages: set.images.count,
            leftOut: set.leftOut, floatBytes: Self.byteCount(of: configuration.model), quantizedBytes: bytes.count,
            agreement: agreement, evaluation: evaluation, latencies: latencies,
            noise: found.noise.map {
                .init(tensor: $0.value, decibels: $0.decibels, roundingDecibels: $0.roundingDecibels)
            },
            layers: layers,
            trials: found.trials.map {
                .init(tensor: $0.value, change: $0.change.rawValue, deviation: $0.loss, isKept: $0.isKept)
            }, floatConvolutions: Self.floatConvolutions(written))
        return Result(bytes: bytes, summary: summary)
    }

    /// The convolutions whose weights are no integers, in order.
    private static func floatConvolutions(_ graph: Graph) -> [String] {
        graph.nodes.filter { node in
            guard case .convolution = node.op, let weights = node.input(1) else { return false }
            return graph.constants[weights] != nil
        }.map(\.name)
    }

    private struct Found {
        let graph: Graph
        let noise: [LayerNoise]
        let trials: [QuantizationTrial]
        let agreement: DetectionAgreement
        let deviation: CandidateDeviation
    }

    /// Finds the recipe by the calibration pictures alone.
    private func quantize(_ set: CalibrationSet) throws -> Found {
        let maps = Dictionary(
            detector.rawMaps.map { map in
                (map.name, map.hasBoxes ? map.hasScores ? MapKind.mixed : .values : .scores)
            }, uniquingKeysWith: { first, _ in first })
        let input = detector.input
        let quantizer = try Quantizer(
            graph,
            options: QuantizationOptions(
                inputShapes: [input.name: [1, 3, input.height, input.width]], maps: maps, threads: threads))
        var done = 0
        let total = 2 * set.images.count + min(set.images.count, 32) + 2 * 4
        func source(_ images: [LetterboxedImage]) -> CalibrationSource {
            CalibrationSource(count: images.count) { index in
                done += 1
                try tick(.calibrating, min(done, total), total)
                return try detector.tensor(of: images[index])
            }
        }
        let pictures = source(set.images)
        let agreement = try DetectionAgreement(set.images, detector: detector, threads: threads) {
            _ throws(SaccadeError) in
            done += 1
            try tick(.calibrating, min(done, total), total)
        }
        let statistics = try quantizer.statistics(on: pictures)
        var recipe = quantizer.recipe(from: statistics)
        func isFloat(_ name: String) -> Bool { configuration.floatTensors.contains { name.hasPrefix($0) } }
        quantizer.keepFloat(&recipe, where: isFloat)
        try quantizer.correctBiases(&recipe, on: pictures)
        var noise = try quantizer.noise(of: recipe, in: graph, on: pictures)

        let deviation = try CandidateDeviation(set.squares(Self.searchLimit), detector: everyPlace, threads: threads)
        var trials: [QuantizationTrial] = []
        if agreement.objectCount > 0, configuration.trials > 0 {
            var search = QuantizationSearch()
            search.trials = configuration.trials
            search.goodLoss = Self.goodDeviation
            var measured = 0
            func loss(_ graph: Graph) throws -> Double {
                try tick(.searching, min(measured, configuration.trials), configuration.trials)
                measured += 1
                return try deviation.measured(
                    YOLODetector(graph, options: CandidateDeviation.options(configuration)), threads: threads)
            }
            let found = try quantizer.searched(recipe, in: graph, statistics, by: search, loss: loss)
            trials = found.trials
            if found.recipe != recipe {
                // Other ranges leave other errors behind.
                recipe = found.recipe
                try quantizer.correctBiases(&recipe, on: pictures)
                if try loss(graph.quantized(by: recipe)) > found.loss { recipe = found.recipe }
                noise = try quantizer.noise(of: recipe, in: graph, on: pictures)
            }
        }
        return Found(
            graph: try graph.quantized(by: recipe), noise: noise, trials: trials, agreement: agreement,
            deviation: deviation)
    }

    private func measure(_ written: Graph, on set: LabelledSet) throws -> QuantizationSummary.Evaluation {
        let options = try LabelledSet.options(configuration)
        return try set.evaluation(
            float: YOLODetector(graph, options: options), quantized: YOLODetector(written, options: options),
            threads: threads
        ) { done, total throws(SaccadeError) in try tick(.measuring, done, total) }
    }

    private static func byteCount(of path: String) -> Int {
        let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }
}
