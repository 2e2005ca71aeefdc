import Foundation

/// The learning rate as a function of the step, counted from 0: a curve, with a linear warm-up in front and a plateau
/// rule on top if wanted.
///
///     let schedule = try Schedule("cosine(rate=0.01,steps=1000,floor=1e-5)+warmup(100)")
///     let rate = schedule.rate(step: 250)
///
/// `rate(step:)` knows no state. The plateau rule depends on what was measured; `PlateauController` keeps its state and
/// multiplies this rate.
package struct Schedule: Hashable, Sendable {
    package var curve: ScheduleCurve
    package var warmup: Warmup?
    package var plateau: PlateauRule?

    /// The rate rises linearly from `start` times the curve's first rate to it over `steps` steps; then the curve begins
    /// (PyTorch: `SequentialLR` of `LinearLR` and the curve). The usual way into large rates (Goyal et al., "Accurate,
    /// large minibatch SGD", 2017).
    package struct Warmup: Hashable, Sendable {
        package var steps: Int
        package var start: Double

        package init(steps: Int, start: Double = 0.001) {
            self.steps = steps
            self.start = start
        }
    }

    package init(_ curve: ScheduleCurve, warmup: Warmup? = nil, plateau: PlateauRule? = nil) {
        self.curve = curve
        self.warmup = warmup
        self.plateau = plateau
    }

    /// The rate of a step, before the plateau rule.
    package func rate(step: Int) -> Double {
        guard let warmup else { return curve.rate(step: step) }
        guard step < warmup.steps else { return curve.rate(step: step - warmup.steps) }
        return curve.rate(step: 0) * (warmup.start + (1 - warmup.start) * Double(step) / Double(warmup.steps))
    }

    /// The momentum of a step, if the curve cycles it.
    package func momentum(step: Int) -> Double? { curve.momentum(step: max(0, step - (warmup?.steps ?? 0))) }
}

/// A learning rate as a function of the step. Formulas and defaults are those of torch.optim.lr_scheduler, in closed
/// form; a curve with an end stays where it ends.
package enum ScheduleCurve: Hashable, Sendable {
    case constant(rate: Double)
    /// rate · factor^⌊step / every⌋
    case step(rate: Double, every: Int, factor: Double = 0.1)
    /// The rate is multiplied by the factor at each of the steps, which rise.
    case multiStep(rate: Double, at: [Int], factor: Double = 0.1)
    /// rate · factor^step
    case exponential(rate: Double, factor: Double)
    /// Half a cosine from the rate down to the floor (Loshchilov & Hutter, "SGDR", 2017).
    case cosine(rate: Double, steps: Int, floor: Double = 0)
    /// floor + (rate - floor) · (1 - step / steps)^power; linear for a power of 1.
    case polynomial(rate: Double, steps: Int, power: Double = 1, floor: Double = 0)
    /// Up and down between two rates (Smith, "Cyclical learning rates for training neural networks", 2017).
    case cyclical(minimum: Double, maximum: Double, up: Int, down: Int, mode: CyclicalMode = .triangular)
    /// One cycle (Smith & Topin, "Super-convergence", 2018), annealed by cosines: from maximum / divisor to the maximum
    /// over the first `share` of the steps, then down to maximum / divisor / end. The momentum, where given, goes from
    /// its upper to its lower value and back meanwhile.
    case oneCycle(
        maximum: Double, steps: Int, share: Double = 0.3, divisor: Double = 25, end: Double = 1e4,
        momentum: ClosedRange<Double>? = nil)

    package enum CyclicalMode: Hashable, Sendable {
        /// The same in every cycle.
        case triangular
        /// Half as high in each cycle as in the one before.
        case triangular2
        /// The height is multiplied by factor^step.
        case exponential(factor: Double)
    }

    package func rate(step: Int) -> Double {
        let step = max(step, 0)
        switch self {
        case .constant(let rate): return rate
        case .step(let rate, let every, let factor): return rate * power(factor, step / max(every, 1))
        case .multiStep(let rate, let at, let factor): return rate * power(factor, at.count { $0 <= step })
        case .exponential(let rate, let factor): return rate * power(factor, step)
        case .cosine(let rate, let steps, let floor):
            return floor + (rate - floor) * (1 + cos(.pi * Self.share(step, of: steps))) / 2
        case .polynomial(let rate, let steps, let exponent, let floor):
            return floor + (rate - floor) * pow(1 - Self.share(step, of: steps), exponent)
        case .cyclical(let minimum, let maximum, let up, let down, let mode):
            let (up, down) = (max(up, 1), max(down, 1))
            let cycle = step / (up + down)
            let within = Double(step - cycle * (up + down))
            let height = within <= Double(up) ? within / Double(up) : (Double(up + down) - within) / Double(down)
            let scale: Double =
                switch mode {
                case .triangular: 1
                case .triangular2: power(0.5, cycle)
                case .exponential(let factor): power(factor, step)
                }
            return minimum + (maximum - minimum) * height * scale
        case .oneCycle(let maximum, _, _, let divisor, let end, _):
            let first = maximum / divisor
            return oneCycle(step, from: first, over: maximum, to: first / end)
        }
    }

    package func momentum(step: Int) -> Double? {
        guard case .oneCycle(_, _, _, _, _, let momentum?) = self else { return nil }
        return oneCycle(max(step, 0), from: momentum.upperBound, over: momentum.lowerBound, to: momentum.upperBound)
    }

    /// The steps after which the rate does not change any more, where there is such a number.
    package var length: Int? {
        switch self {
        case .constant: 0
        case .multiStep(_, let at, _): at.last ?? 0
        case .cosine(_, let steps, _), .polynomial(_, let steps, _, _), .oneCycle(_, let steps, _, _, _, _): steps
        case .step, .exponential, .cyclical: nil
        }
    }

    private static func share(_ step: Int, of steps: Int) -> Double {
        steps > 0 ? min(Double(step) / Double(steps), 1) : 1
    }

    /// The last step of the rise is share · steps - 1, that of the fall steps - 1.
    private func oneCycle(_ step: Int, from first: Double, over middle: Double, to last: Double) -> Double {
        guard case .oneCycle(_, let steps, let share, _, _, _) = self else { return first }
        let (turn, end) = (share * Double(steps) - 1, Double(steps - 1))
        let place = min(Double(step), end)
        func anneal(_ a: Double, _ b: Double, _ part: Double) -> Double { b + (a - b) / 2 * (1 + cos(.pi * part)) }
        if place <= turn { return anneal(first, middle, turn > 0 ? place / turn : 1) }
        return anneal(middle, last, end > turn ? (place - turn) / (end - turn) : 1)
    }
}
