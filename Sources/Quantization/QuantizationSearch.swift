package import Graphs
import Tensors

/// One change to a recipe that was tried, and what it did to the loss.
package struct QuantizationTrial: Hashable, Sendable, CustomStringConvertible {
    package enum Change: String, Hashable, Sendable {
        /// Nothing else is quantized: what the values cost by themselves.
        case alone
        /// Another range, nothing else being quantized.
        case range
        /// The values stay float, and with them the convolutions that read them.
        case float
    }

    package let value: String
    package let change: Change
    package let loss: Double
    package let isKept: Bool

    package var description: String { "\(value) \(change.rawValue): \(loss)\(isKept ? ", kept" : "")" }
}

/// How a recipe is searched.
package struct QuantizationSearch: Hashable, Sendable {
    /// The most losses that are measured beyond that of each set of values alone.
    package var trials = 72
    /// Of these so many are kept for trying what stays float.
    package var floatTrials = 8
    /// Of so many of the costliest sets other ranges are tried.
    package var rangeSets = 12
    /// Another range must take away this part of what the values cost alone.
    package var rangeGain = 0.04
    /// Staying float must take away this part of the whole loss, for it costs time.
    package var floatGain = 0.1
    /// Below this loss nothing more becomes float.
    package var goodLoss = 0.0

    package init() {}
}

extension Quantizer {
    /// Improves a recipe by a loss that the caller measures: 0 where a graph does what the float graph does.
    ///
    /// Each set of values that share a scale is quantized alone first, so that the noise of all others does not hide what
    /// it costs. For the costliest other ranges are tried in the same way. Then, with everything quantized, those that
    /// alone cost a good part of the whole are tried as float.
    ///
    /// - Parameters:
    ///   - original: the float graph as imported.
    ///   - loss: of a quantized graph, such as how far its detections are from the float ones.
    package func searched(
        _ recipe: QuantizationRecipe, in original: Graph, _ statistics: Statistics,
        by search: QuantizationSearch = QuantizationSearch(), loss: (Graph) throws -> Double
    ) throws(QuantizationError) -> (recipe: QuantizationRecipe, loss: Double, trials: [QuantizationTrial]) {
        func measured(_ recipe: QuantizationRecipe) throws(QuantizationError) -> Double {
            let quantized = try original.quantized(by: recipe)
            do {
                return try loss(quantized)
            } catch { throw .caller(error) }
        }
        var log = [QuantizationTrial]()
        func note(_ index: Int, _ change: QuantizationTrial.Change, _ loss: Double, _ isKept: Bool) {
            log.append(QuantizationTrial(value: name(index), change: change, loss: loss, isKept: isKept))
        }
        var recipe = recipe
        var costs = [(index: Int, loss: Double)]()
        for index in placement.components.indices where isFree(index, recipe) {
            let loss = try measured(alone(recipe, index))
            note(index, .alone, loss, false)
            costs.append((index, loss))
        }
        costs.sort { ($1.loss, $0.index) < ($0.loss, $1.index) }

        var rest = search.trials
        for place in costs.indices.prefix(search.rangeSets) where costs[place].loss > 0 {
            let index = costs[place].index
            for observer in Self.observers where rest > min(search.floatTrials, search.trials / 2) {
                var candidate = recipe
                setRange(&candidate, index, parameters(index, statistics, observer))
                guard candidate != recipe else { continue }
                let loss = try measured(alone(candidate, index))
                rest -= 1
                let isKept = loss < costs[place].loss * (1 - search.rangeGain)
                note(index, .range, loss, isKept)
                if isKept { (recipe, costs[place].loss) = (candidate, loss) }
            }
        }
        var best = try measured(recipe)
        let whole = best
        for (index, alone) in costs where rest > 0 && best > search.goodLoss {
            // Losses of independent causes add up by their squares.
            let expected = (max(best * best - alone * alone, 0)).squareRoot()
            guard expected < best - whole * search.floatGain / 2 else { continue }
            var candidate = recipe
            let names = names(index)
            keepFloat(&candidate) { names.contains($0) }
            let loss = try measured(candidate)
            rest -= 1
            let isKept = loss < best - whole * search.floatGain
            note(index, .float, loss, isKept)
            if isKept { (recipe, best) = (candidate, loss) }
        }
        return (recipe, best, log)
    }

    /// The ranges that are tried: what is left out may cost less than what all others gain, and more than its square.
    private static var observers: [Observer] { [.minMax] + [1e-5, 1e-4, 3e-4, 1e-3].map { .percentile($0) } }

    /// Takes values out of a recipe, so that they stay float, and with them the weights of the convolutions that read
    /// them.
    package func keepFloat(_ recipe: inout QuantizationRecipe, where isFloat: (String) -> Bool) {
        recipe.values = recipe.values.filter { !isFloat($0.key) }
        for group in placement.groups where recipe.values[graph[group.input].name] == nil {
            recipe.weightScales[graph[group.sums].name] = nil
            recipe.biasShifts[graph[group.sums].name] = nil
        }
    }

    /// The number of sets of values that a search quantizes alone.
    package func freeCount(_ recipe: QuantizationRecipe) -> Int {
        placement.components.indices.count { isFree($0, recipe) }
    }

    private func names(_ index: Int) -> Set<String> {
        Set(placement.components[index].members.map { graph[$0].name })
    }

    private func name(_ index: Int) -> String {
        let component = placement.components[index]
        return (component.sources.first ?? component.members.first).map { graph[$0].name } ?? ""
    }

    /// Whether the recipe quantizes a set of values that are not the graph's input, whose bytes are what they are.
    private func isFree(_ index: Int, _ recipe: QuantizationRecipe) -> Bool {
        let members = placement.components[index].members
        return !members.contains { graph.inputs.contains($0) }
            && members.contains { recipe.values[graph[$0].name] != nil }
    }

    /// The part of a recipe that quantizes one set of values, and the weights that are used on them.
    private func alone(_ recipe: QuantizationRecipe, _ index: Int) -> QuantizationRecipe {
        let names = names(index)
        var part = recipe
        keepFloat(&part) { !names.contains($0) }
        return part
    }
}
