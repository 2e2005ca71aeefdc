/// When a measured value has stopped improving, the rate is multiplied by a factor: the rules of PyTorch's
/// `ReduceLROnPlateau`.
package struct PlateauRule: Hashable, Sendable {
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        /// Less is better (a loss).
        case minimum = "min"
        /// More is better (a precision).
        case maximum = "max"
    }

    /// How much better than the best so far counts as better.
    package enum Threshold: Hashable, Sendable {
        /// A share of the best value.
        case relative(Double)
        case absolute(Double)
    }

    package var mode: Mode
    package var factor: Double
    /// So many values without improvement are borne; at the next one the rate falls.
    package var patience: Int
    package var threshold: Threshold
    /// So many values after a fall are not counted against it.
    package var cooldown: Int
    /// The rate falls no further.
    package var minimum: Double

    package init(
        mode: Mode = .minimum, factor: Double = 0.1, patience: Int = 10, threshold: Threshold = .relative(1e-4),
        cooldown: Int = 0, minimum: Double = 0
    ) {
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.cooldown = cooldown
        self.minimum = minimum
    }

    /// Whether a value is an improvement. NaN never is.
    package func isBetter(_ value: Double, than best: Double) -> Bool {
        switch (mode, threshold) {
        case (.minimum, .relative(let share)): value < best * (1 - share)
        case (.minimum, .absolute(let margin)): value < best - margin
        case (.maximum, .relative(let share)): value > best * (1 + share)
        case (.maximum, .absolute(let margin)): value > best + margin
        }
    }
}

/// A plateau rule at work. `state` is all that it remembers; it can be saved and given back.
///
///     var plateau = PlateauController(rule)
///     if plateau.observe(validationLoss) { print("the rate falls") }
///     let rate = plateau.rate(schedule.rate(step: step))
package struct PlateauController: Hashable, Sendable {
    package struct State: Hashable, Sendable, Codable {
        /// Nil before the first value.
        package var best: Double?
        package var badCount = 0
        package var cooldownLeft = 0
        /// What the schedule's rate is multiplied by.
        package var scale = 1.0

        package init() {}
    }

    package let rule: PlateauRule
    package var state: State

    package init(_ rule: PlateauRule, state: State = State()) {
        self.rule = rule
        self.state = state
    }

    /// Takes in a value, one for each validation; true when the rate falls.
    package mutating func observe(_ value: Double) -> Bool {
        let best = state.best ?? (rule.mode == .minimum ? .infinity : -.infinity)
        if rule.isBetter(value, than: best) {
            (state.best, state.badCount) = (value, 0)
        } else {
            state.badCount += 1
        }
        if state.cooldownLeft > 0 {
            state.cooldownLeft -= 1
            state.badCount = 0
        }
        guard state.badCount > rule.patience else { return false }
        state.scale *= rule.factor
        (state.cooldownLeft, state.badCount) = (rule.cooldown, 0)
        return true
    }

    /// The schedule's rate as the rule leaves it: never below the rule's minimum, unless the schedule's own is.
    package func rate(_ base: Double) -> Double { max(base * state.scale, min(base, rule.minimum)) }
}
