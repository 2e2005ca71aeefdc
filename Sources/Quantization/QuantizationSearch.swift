package import Graphs

/// One change to a recipe that was tried, and what it did to the score.
package struct QuantizationTrial: Hashable, Sendable, CustomStringConvertible {
    package enum Change: String, Hashable, Sendable {
        /// The range is all that was seen.
        case wider
        /// The range leaves out the outermost elements.
        case narrower
        /// The values stay float, and with them the convolutions that read them.
        case float
    }

    package let value: String
    package let change: Change
    package let score: Double
    package let isKept: Bool

    package var description: String { "\(value) \(change.rawValue): \(score)\(isKept ? ", kept" : "")" }
}

extension Quantizer {
    /// Improves a recipe by a score that the caller measures: greedily, one set of values that share a scale after the
    /// other, the noisiest first, with at most `trials` scores.
    ///
    /// - Parameters:
    ///   - original: the float graph as imported.
    ///   - noise: of the recipe.
    ///   - minimumGain: a wider or narrower range must gain this; a range that stays float ten times as much, for it
    ///     costs time.
    ///   - score: of a quantized graph; more is better. Such as the agreement of its detections with the float ones.
    package func searched(
        _ recipe: QuantizationRecipe, in original: Graph, _ statistics: Statistics, noise: [LayerNoise], trials: Int,
        minimumGain: Double = 1e-3, score: (Graph) throws -> Double
    ) throws(QuantizationError) -> (recipe: QuantizationRecipe, score: Double, trials: [QuantizationTrial]) {
        func scored(_ recipe: QuantizationRecipe) throws(QuantizationError) -> Double {
            let quantized = try original.quantized(by: recipe)
            do {
                return try score(quantized)
            } catch { throw .caller(error) }
        }
        var best = recipe
        var bestScore = try scored(recipe)
        var log = [QuantizationTrial]()
        for layer in noise where log.count < trials {
            guard
                let index = placement.components.firstIndex(where: { component in
                    component.members.contains { graph[$0].name == layer.value }
                }), !placement.components[index].members.contains(where: { graph.inputs.contains($0) })
            else { continue }
            for change in [QuantizationTrial.Change.wider, .narrower, .float] where log.count < trials {
                guard let candidate = changed(best, index, change, statistics), candidate != best else { continue }
                let result = try scored(candidate)
                let isKept = result - bestScore >= minimumGain * (change == .float ? 10 : 1)
                log.append(
                    QuantizationTrial(value: layer.value, change: change, score: result, isKept: isKept))
                if isKept { (best, bestScore) = (candidate, result) }
            }
        }
        return (best, bestScore, log)
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

    private func changed(
        _ recipe: QuantizationRecipe, _ index: Int, _ change: QuantizationTrial.Change, _ statistics: Statistics
    ) -> QuantizationRecipe? {
        var recipe = recipe
        let names = Set(placement.components[index].members.map { graph[$0].name })
        guard names.contains(where: { recipe.values[$0] != nil }) else { return nil }
        switch change {
        case .wider: setRange(&recipe, index, parameters(index, statistics, .minMax))
        case .narrower: setRange(&recipe, index, parameters(index, statistics, .percentile(1e-4)))
        case .float:
            for name in names { recipe.values[name] = nil }
            for group in placement.groups where names.contains(graph[group.input].name) {
                recipe.weightScales[graph[group.sums].name] = nil
                recipe.biasShifts[graph[group.sums].name] = nil
            }
        }
        return recipe
    }
}
