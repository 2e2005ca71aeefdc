package import Graphs
import Tensors

/// What a value in front of a detection head's tail holds.
package enum MapKind: Hashable, Sendable {
    /// Boxes in any code, or features: all errors count alike.
    case values
    /// Raw class scores: what is far below any threshold does not count.
    case scores
    /// Both. They stay float: what one scale does to scores, it does to boxes too.
    case mixed
}

package struct QuantizationOptions: Hashable, Sendable {
    /// By input name, for inputs whose size the model file leaves open.
    package var inputShapes: [String: [Int]]
    /// The values behind which everything stays float, by name: the maps that a head's tail decodes. Each has a scale of
    /// its own.
    package var maps: [String: MapKind]
    package var observer: Observer
    /// Raw scores below this are as good as none.
    package var scoreFloor: Double
    /// Raw scores may be so much higher than the highest that was seen.
    package var scoreHeadroom: Double
    package var threads: Int

    package init(
        inputShapes: [String: [Int]] = [:], maps: [String: MapKind] = [:], observer: Observer = .measured,
        scoreFloor: Double = -8, scoreHeadroom: Double = 1, threads: Int = 2
    ) {
        self.inputShapes = inputShapes
        self.maps = maps
        self.observer = observer
        self.scoreFloor = scoreFloor
        self.scoreHeadroom = scoreHeadroom
        self.threads = threads
    }
}

/// Finds how to quantize a float graph, as imported, by what it computes on calibration inputs.
///
///     let quantizer = try Quantizer(graph, options: QuantizationOptions(maps: maps))
///     let statistics = try quantizer.statistics(on: source)
///     var recipe = quantizer.recipe(from: statistics)
///     try quantizer.correctBiases(&recipe, on: source)
///     try exportONNX(graph.quantized(by: recipe), to: path)
///
/// It knows neither images nor average precision: inputs and scores come from the caller.
package struct Quantizer {
    /// Specialized, with batch normalizations taken into convolutions; its values have the names of recipes.
    let graph: Graph
    let placement: Placement
    package let options: QuantizationOptions

    package init(_ graph: Graph, options: QuantizationOptions = QuantizationOptions()) throws(QuantizationError) {
        let prepared = try graph.preparedForQuantization()
        do {
            var shapes: [String: Shape] = [:]
            for (name, dimensions) in options.inputShapes {
                guard let shape = try? Shape(dimensions) else {
                    throw QuantizationError.unsupportedInput("no tensor has the shape \(dimensions)")
                }
                shapes[name] = shape
            }
            self.graph = try prepared.specialized(inputShapes: shapes)
        } catch let error as GraphError {
            throw .invalidGraph(error)
        } catch let error as QuantizationError {
            throw error
        } catch { throw .caller(error) }
        var maps = Set<ValueID>()
        for name in options.maps.keys {
            guard let id = self.graph.value(named: name), self.graph.constants[id] == nil else {
                throw .unknownValue(name)
            }
            maps.insert(id)
        }
        placement = Placement(self.graph, maps: maps)
        self.options = options
    }

    /// What was seen of each set of values that share a scale.
    package struct Statistics {
        /// By place among the components: one for each source.
        var histograms: [[Histogram]]
    }

    /// One pass over the inputs.
    package func statistics(on source: CalibrationSource) throws(QuantizationError) -> Statistics {
        guard source.count > 0 else { throw .noCalibration }
        var places = [(component: Int, source: Int)]()
        var values = [ValueID]()
        for (index, component) in placement.components.enumerated() {
            for (place, id) in component.sources.enumerated() {
                places.append((index, place))
                values.append(id)
            }
        }
        var statistics = Statistics(
            histograms: placement.components.map { $0.sources.map { _ in Histogram() } })
        let probe = try ValueProbe(
            graph, values: values, inputShapes: options.inputShapes, threads: options.threads)
        for index in 0..<source.count {
            try probe.run(try source(index)) { place, _, elements throws(QuantizationError) in
                let (component, source) = places[place]
                guard statistics.histograms[component][source].add(elements) else {
                    throw .notFinite(value: graph[values[place]].name)
                }
            }
        }
        return statistics
    }

    /// Ranges, and scales of weights; biases are not corrected.
    package func recipe(from statistics: Statistics) -> QuantizationRecipe {
        var recipe = QuantizationRecipe()
        for index in placement.components.indices where !has(.mixed, placement.components[index]) {
            setRange(&recipe, index, parameters(index, statistics, options.observer))
        }
        for group in placement.groups { setWeights(&recipe, group) }
        return recipe
    }

    /// The parameters of a set of values by an observer. The graph's input is bytes: pixels, or pixels ÷ 255.
    func parameters(_ index: Int, _ statistics: Statistics, _ observer: Observer) -> QuantizationParameters {
        let component = placement.components[index]
        let histograms = statistics.histograms[index]
        if component.members.contains(where: { graph.inputs.contains($0) }) {
            let least = histograms.map(\.minimum).min() ?? 0
            let greatest = histograms.map(\.maximum).max() ?? 0
            if least >= 0, greatest <= 1 { return QuantizationParameters(scale: 1 / 255, zeroPoint: 0) }
            if least >= 0, greatest <= 255 { return QuantizationParameters(scale: 1, zeroPoint: 0) }
            return RangeSearch(histograms, weight: .uniform).parameters(.minMax)
        }
        if has(.scores, component) {
            // The strongest must keep their order, also those that are stronger than what was seen.
            let least = histograms.map { Double($0.minimum) }.min() ?? 0
            let greatest = histograms.map { Double($0.maximum) }.max() ?? 0
            let low = min(max(least, options.scoreFloor), 0)
            return RangeSearch.parameters(low...max(greatest + options.scoreHeadroom, 0))
        }
        return RangeSearch(histograms, weight: .uniform).parameters(observer)
    }

    private func has(_ kind: MapKind, _ component: Placement.Component) -> Bool {
        component.members.contains { options.maps[graph[$0].name] == kind }
    }

    /// Sets the parameters of all values of a component, and of those that are a multiple of one.
    func setRange(_ recipe: inout QuantizationRecipe, _ index: Int, _ parameters: QuantizationParameters) {
        for id in placement.components[index].members { recipe.values[graph[id].name] = parameters }
        for (value, origin, factor) in placement.scaled {
            guard let known = recipe.values[graph[origin].name],
                let place = placement.components.firstIndex(where: { $0.members.contains(value) }),
                placement.components[place].sources == [value]
            else { continue }
            let scale = known.scales[0] * factor
            guard scale.isFinite, scale > 0 else { continue }
            let multiple = QuantizationParameters(scale: scale, zeroPoint: known.zeroPoints[0])
            for id in placement.components[place].members { recipe.values[graph[id].name] = multiple }
        }
    }

    /// Sets the scales of the weights of a convolution whose input is quantized.
    func setWeights(_ recipe: inout QuantizationRecipe, _ group: FusedGroup) {
        let node = graph.nodes[group.nodes[0]]
        guard let input = recipe.values[graph[group.input].name]?.scale,
            let weights = node.input(1).flatMap({ graph.constants[$0] })
        else { return }
        let bias = node.input(2).flatMap { graph.constants[$0] }?.elements(as: Float.self)
        recipe.weightScales[graph[group.sums].name] = WeightScales.leastSquares(
            weights, inputScale: input, bias: bias)
    }

    /// Sets the recipe's bias shifts so that rounding moves no channel's mean; one pass over at most `limit` inputs.
    package func correctBiases(
        _ recipe: inout QuantizationRecipe, on source: CalibrationSource, limit: Int = 32
    ) throws(QuantizationError) {
        guard source.count > 0 else { throw .noCalibration }
        let source = source.prefix(limit)
        let groups = placement.groups.filter { recipe.weightScales[graph[$0.sums].name] != nil }
        // Several convolutions may read one value.
        let values = Set(groups.map(\.input)).sorted()
        let parameters = values.map { recipe.values[graph[$0].name] }
        var means = values.map { ChannelMeans(channels: graph.shape(of: $0)?.dimensions.dropFirst().first ?? 0) }
        let probe = try ValueProbe(
            graph, values: values, inputShapes: options.inputShapes, threads: options.threads)
        for index in 0..<source.count {
            try probe.run(try source(index)) { place, shape, elements throws(QuantizationError) in
                guard let parameters = parameters[place] else { return }
                means[place].add(elements, shape: shape, parameters)
            }
        }
        for group in groups {
            let node = graph.nodes[group.nodes[0]]
            guard case .convolution(let convolution) = node.op, let place = values.firstIndex(of: group.input),
                let weights = node.input(1).flatMap({ graph.constants[$0] }),
                let scales = recipe.weightScales[graph[group.sums].name], let input = graph.shape(of: group.input),
                let output = graph.shape(of: group.sums)
            else { continue }
            recipe.biasShifts[graph[group.sums].name] = BiasCorrection.shifts(
                convolution, weights: weights, scales: scales, means: means[place], input: input, output: output)
        }
    }
}
