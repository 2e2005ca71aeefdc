import Glibc

/// How the parameters whose names match a pattern are trained. The last rule that matches a name holds.
///
///     let rules = [
///         ParameterRule("model.0*", isFrozen: true),
///         ParameterRule("model.*", rateFactor: 0.1),
///         ParameterRule("*.bias", weightDecay: 0),
///     ]
package struct ParameterRule: Hashable, Sendable {
    /// As the shell's: `*` any text, `?` one character, `[…]` one of several.
    package var pattern: String
    /// Frozen parameters stay what they are, and so do the statistics of frozen batch normalizations.
    package var isFrozen: Bool
    /// What the learning rate is multiplied by.
    package var rateFactor: Double
    /// Instead of the optimizer's own.
    package var weightDecay: Double?
    /// L1 regularization.
    package var l1: Double

    package init(
        _ pattern: String, isFrozen: Bool = false, rateFactor: Double = 1, weightDecay: Double? = nil, l1: Double = 0
    ) {
        self.pattern = pattern
        self.isFrozen = isFrozen
        self.rateFactor = rateFactor
        self.weightDecay = weightDecay
        self.l1 = l1
    }

    package func matches(_ name: String) -> Bool { fnmatch(pattern, name, 0) == 0 }
}

extension [ParameterRule] {
    /// The rule that holds for a parameter.
    package func rule(for name: String) -> ParameterRule { last { $0.matches(name) } ?? ParameterRule("*") }

    /// The groups of an optimizer, one for each rule that holds for something.
    func groups(of layout: ParameterLayout) -> [ParameterGroup] {
        var groups: [ParameterGroup] = []
        var places: [ParameterRule: Int] = [:]
        for entry in layout.entries {
            let rule = rule(for: entry.name)
            if let place = places[rule] {
                groups[place].ranges.append(entry.range)
            } else {
                places[rule] = groups.count
                groups.append(
                    ParameterGroup(
                        rule.pattern, ranges: [entry.range], rateFactor: rule.rateFactor,
                        weightDecay: rule.weightDecay, l1: rule.l1))
            }
        }
        return groups
    }
}
