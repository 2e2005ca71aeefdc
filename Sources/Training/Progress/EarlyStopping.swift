/// Ends a training that has stopped getting better (Prechelt, "Early stopping — but when?", 1998).
///
///     var stopping = EarlyStopping(patience: 10)
///     switch stopping.observe(validationLoss) {
///     case .improved: save as best
///     case .waiting: break
///     case .stop: return
///     }
package struct EarlyStopping: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        case improved
        /// So many values in a row were no improvement.
        case waiting(Int)
        /// More than `patience` of them were.
        case stop
    }

    /// All that it remembers; it can be saved and given back.
    package struct State: Hashable, Sendable, Codable {
        /// Nil before the first value.
        package var best: Double?
        package var badCount = 0

        package init() {}
    }

    package let mode: PlateauRule.Mode
    package let patience: Int
    /// A value must be better than the best one by more than this.
    package let minimumChange: Double
    package var state: State

    package init(
        mode: PlateauRule.Mode = .minimum, patience: Int, minimumChange: Double = 0, state: State = State()
    ) {
        self.mode = mode
        self.patience = patience
        self.minimumChange = minimumChange
        self.state = state
    }

    /// Takes in a value, one for each validation. NaN is no improvement.
    package mutating func observe(_ value: Double) -> Verdict {
        let rule = PlateauRule(mode: mode, threshold: .absolute(minimumChange))
        if rule.isBetter(value, than: state.best ?? (mode == .minimum ? .infinity : -.infinity)) {
            state = State()
            state.best = value
            return .improved
        }
        state.badCount += 1
        return state.badCount > patience ? .stop : .waiting(state.badCount)
    }
}
