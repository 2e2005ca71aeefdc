package import Graphs
import Tensors

/// One change to a recipe that was tried, and what it did to the loss.
package struct QuantizationTrial: Hashable, Sendable, CustomStringConvertible {
    package enum Change: String, Hashable, Sendable {
        /// The values stay float, and with them the convolutions that read them.
        case float
        /// Another range.
        case range
        /// Other ranges for all values, by one factor; or no shifts of biases.
        case all
    }

    package let value: String
    package let change: Change
    package let loss: Double
    package let isKept: Bool

    package var description: String { "\(value) \(change.rawValue): \(loss)\(isKept ? ", kept" : "")" }
}

/// How a recipe is searched.
package struct QuantizationSearch: Hashable, Sendable {
    /// The most losses that are measured.
    package var trials = 360
    /// Staying float must take away this part of the whole loss at least, and a greater part than it adds to the time.
    package var floatGain = 0.02
    /// All that stays float may add this part to the time.
    package var floatTime = 0.25
    /// Before ranges are searched, only what takes away this part becomes float: with it nothing else would be seen.
    package var blindingGain = 0.15
    /// Below this loss nothing becomes float.
    package var goodLoss = 0.0
    /// By these factors all ranges are changed together.
    package var factors = [0.85, 1.15, 1.3, 1.5]
    /// By these the ranges are changed one by one, wider or narrower, the coarsest first.
    package var steps = [1.3, 1.12]
    /// Another range must take away this part of the loss: what is less is chance.
    package var rangeGain = 0.002

    package init() {}
}

extension Quantizer {
    /// Improves a recipe by a loss that the caller measures: 0 where a graph does what the float graph does.
    ///
    /// Every change is judged with everything else quantized: what many ranges leave out adds up on one side, so that each
    /// alone looks smaller than it is. First, each set of values that share a scale is tried as float, and what hides all
    /// else stays so. Then all ranges are stretched together, and after that one by one, by coordinate descent, those first
    /// that cost most. In the end all are tried as float again: those that take away more of the loss than they add to the
    /// time stay so.
    ///
    /// - Parameters:
    ///   - original: the float graph as imported.
    ///   - loss: of a quantized graph, such as how far its detections are from the float ones.
    package func searched(
        _ recipe: QuantizationRecipe, in original: Graph, _ statistics: Statistics,
        by search: QuantizationSearch = QuantizationSearch(), loss: @escaping (Graph) throws -> Double
    ) throws(QuantizationError) -> (recipe: QuantizationRecipe, loss: Double, trials: [QuantizationTrial]) {
        var run = try SearchRun(self, recipe, original, statistics, search, loss)
        try run.searchFloats(gain: search.blindingGain)
        try run.searchFactors()
        try run.searchRanges()
        try run.searchFloats(gain: search.floatGain)
        try run.searchShifts()
        return (run.recipe, run.best, run.log)
    }

    /// Changes the range of a set of values, at most to what was seen of it. The lesser end stays where it is small, like
    /// that of SiLU.
    ///
    /// Class scores keep theirs: a loss that looks at what is seen well would give up the low ones for a finer step, and
    /// then all that is not there has the same score, above many a faint object's.
    fileprivate func stretch(
        _ recipe: inout QuantizationRecipe, _ index: Int, by factor: Double, within statistics: Statistics
    ) {
        let members = placement.components[index].members
        guard let member = members.first, let known = recipe.values[graph[member].name],
            !members.contains(where: { options.maps[graph[$0].name] == .scores })
        else { return }
        func ends(_ parameters: QuantizationParameters) -> (low: Double, high: Double) {
            let (scale, zero) = (Double(parameters.scales[0]), Double(parameters.zeroPoints[0]))
            return (-zero * scale, (255 - zero) * scale)
        }
        let (old, all) = (ends(known), ends(parameters(index, statistics, .minMax)))
        var (low, high) = old
        if high > -low / 4 { high = min(high * factor, max(all.high, high)) }
        if -low > old.high / 4 { low = max(low * factor, min(all.low, low)) }
        if (low, high) != old { setRange(&recipe, index, RangeSearch.parameters(low...high)) }
    }

    /// What values add to the time when they stay float, as a part of the whole: an estimate from the multiply-adds of the
    /// convolutions that read them, which take four times as long, and the traffic of floats.
    fileprivate func floatTime(_ index: Int) -> Double {
        let members = Set(placement.components[index].members)
        var (all, float) = (0.0, 0.0)
        for group in placement.groups {
            guard let weights = graph.nodes[group.nodes[0]].input(1).flatMap({ graph.constants[$0] }),
                let shape = graph.shape(of: group.sums), weights.shape[0] > 0
            else { continue }
            let products = Double(shape.count) * Double(weights.shape.count / weights.shape[0])
            all += products
            if members.contains(group.input) { float += 3 * products }
        }
        let elements = placement.components[index].sources.reduce(0) { $0 + (graph.shape(of: $1)?.count ?? 0) }
        // An element that is written and read as a float takes as long as about a hundred products of bytes.
        return all > 0 ? (float + 100 * Double(elements)) / all : 0
    }

    fileprivate func keepingFloat(_ recipe: QuantizationRecipe, _ index: Int) -> QuantizationRecipe {
        let names = names(index)
        var candidate = recipe
        keepFloat(&candidate) { names.contains($0) }
        return candidate
    }

    /// Takes values out of a recipe, so that they stay float, and with them the weights of the convolutions that read
    /// them.
    package func keepFloat(_ recipe: inout QuantizationRecipe, where isFloat: (String) -> Bool) {
        recipe.values = recipe.values.filter { !isFloat($0.key) }
        for group in placement.groups where recipe.values[graph[group.input].name] == nil {
            recipe.weightScales[graph[group.sums].name] = nil
            recipe.biasShifts[graph[group.sums].name] = nil
        }
    }

    private func names(_ index: Int) -> Set<String> {
        Set(placement.components[index].members.map { graph[$0].name })
    }

    fileprivate func name(_ index: Int) -> String {
        let component = placement.components[index]
        return (component.sources.first ?? component.members.first).map { graph[$0].name } ?? ""
    }

    /// Whether the recipe quantizes a set of values that are not the graph's input, whose bytes are what they are.
    fileprivate func isFree(_ index: Int, _ recipe: QuantizationRecipe) -> Bool {
        let members = placement.components[index].members
        return !members.contains { graph.inputs.contains($0) }
            && members.contains { recipe.values[graph[$0].name] != nil }
    }
}

/// A recipe on its way to a better one.
private struct SearchRun {
    private let quantizer: Quantizer
    private let original: Graph
    private let statistics: Quantizer.Statistics
    private let search: QuantizationSearch
    private let loss: (Graph) throws -> Double

    private(set) var recipe: QuantizationRecipe
    /// Its loss.
    private(set) var best = 0.0
    private(set) var log: [QuantizationTrial] = []
    /// What each set costs, the most costly first: the loss that goes when it stays float.
    private var costs: [(index: Int, gain: Double)] = []
    /// The part of the time that more floats may add.
    private var time: Double

    init(
        _ quantizer: Quantizer, _ recipe: QuantizationRecipe, _ original: Graph, _ statistics: Quantizer.Statistics,
        _ search: QuantizationSearch, _ loss: @escaping (Graph) throws -> Double
    ) throws(QuantizationError) {
        self.quantizer = quantizer
        self.recipe = recipe
        self.original = original
        self.statistics = statistics
        self.search = search
        self.loss = loss
        time = search.floatTime
        best = try measured(recipe)
    }

    private var isSpent: Bool { log.count >= search.trials }

    private func measured(_ recipe: QuantizationRecipe) throws(QuantizationError) -> Double {
        let quantized = try original.quantized(by: recipe)
        do {
            return try loss(quantized)
        } catch { throw .caller(error) }
    }

    /// Measures a candidate and takes it where it is better by `gain`; nil when no trial is left.
    private mutating func attempt(
        _ candidate: QuantizationRecipe, _ name: String, _ change: QuantizationTrial.Change, gain: Double
    ) throws(QuantizationError) -> (loss: Double, isKept: Bool)? {
        guard !isSpent, candidate != recipe else { return nil }
        let loss = try measured(candidate)
        let isKept = loss < best - gain
        if isKept { (recipe, best) = (candidate, loss) }
        log.append(QuantizationTrial(value: name, change: change, loss: loss, isKept: isKept))
        return (loss, isKept)
    }

    /// Tries each set as float, and keeps those float that take away more of the loss than `least` and than they add to
    /// the time.
    mutating func searchFloats(gain least: Double) throws(QuantizationError) {
        let whole = best
        costs = []
        for index in quantizer.placement.components.indices where quantizer.isFree(index, recipe) {
            let candidate = quantizer.keepingFloat(recipe, index)
            guard let trial = try attempt(candidate, quantizer.name(index), .float, gain: .infinity) else { break }
            costs.append((index, whole - trial.loss))
        }
        costs.sort { ($1.gain, $0.index) < ($0.gain, $1.index) }
        for (index, gain) in costs where best > search.goodLoss {
            let more = quantizer.floatTime(index)
            let part = max(least, more)
            guard gain > whole * part, more <= time else { continue }
            let candidate = quantizer.keepingFloat(recipe, index)
            let trial = try attempt(candidate, quantizer.name(index), .float, gain: best * part)
            if trial?.isKept ?? false { time -= more }
        }
    }

    /// Stretches all ranges together.
    mutating func searchFactors() throws(QuantizationError) {
        for factor in search.factors {
            var candidate = recipe
            for (index, _) in costs { quantizer.stretch(&candidate, index, by: factor, within: statistics) }
            _ = try attempt(candidate, "all ranges × \(factor)", .all, gain: 0)
        }
    }

    /// Stretches the ranges one by one. As many trials as there are sets are left for the end.
    mutating func searchRanges() throws(QuantizationError) {
        let rest = min(costs.count + 16, search.trials / 3)
        for step in search.steps {
            for (index, _) in costs where quantizer.isFree(index, recipe) && log.count < search.trials - rest {
                let isWider = try stretch(index, by: step)
                if !isWider { _ = try stretch(index, by: 1 / step) }
            }
        }
    }

    /// Stretches a range twice at most: what is seen in a few pictures must not run away. Returns whether the last trial
    /// was kept.
    private mutating func stretch(_ index: Int, by factor: Double) throws(QuantizationError) -> Bool {
        var isKept = false
        for _ in 0..<2 {
            var candidate = recipe
            quantizer.stretch(&candidate, index, by: factor, within: statistics)
            let gain = best * search.rangeGain
            guard let trial = try attempt(candidate, quantizer.name(index), .range, gain: gain) else { break }
            isKept = trial.isKept
            guard isKept else { break }
        }
        return isKept
    }

    /// Tries without the shifts of biases.
    mutating func searchShifts() throws(QuantizationError) {
        guard !recipe.biasShifts.isEmpty else { return }
        var candidate = recipe
        candidate.biasShifts = [:]
        _ = try attempt(candidate, "no shifts of biases", .all, gain: 0)
    }
}
