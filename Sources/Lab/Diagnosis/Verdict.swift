import Glibc

/// What the measured errors say, in words, with the one thing to do next.
///
/// The procedure asks three questions of the baseline and answers each with yes, no or unknown, by whether an interval
/// lies wholly on one side of its limit:
/// 1. Does it overfit? The gap of validation over training error, against the tolerance.
/// 2. Does it underfit? The training error, against the target.
/// 3. Are labels wrong? The share of suspect labels, against its tolerance. Suspects must also make up half of the
///    validation error, for else the model is just not sure; and no remedy may take away a fifth of that error with
///    certainty, for a wrong label cannot be trained away: what can, is variance or bias, and comes first.
///
/// Wrong labels come first, since a model that learns them by heart shows a gap too. Of overfitting and underfitting
/// both, the larger error holds. Two times no is fine; what remains unknown is not decidable with so few samples.
///
/// The next action is the remedy with the lowest validation error among those whose change is certain (its interval lies
/// below 0). Where none is, the words say so.
package struct Verdict: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable {
        case overfitting, underfitting, noisyLabels, fine, notDecidable
    }

    /// A question's answer.
    enum Answer: Hashable { case yes, no, unknown }

    package var kind: Kind
    /// What was found, with its numbers.
    package var finding: String
    /// The one thing to do next.
    package var nextAction: String
    /// What doing it did when it was tried; nil where there is nothing to measure.
    package var measuredEffect: String?

    /// Whether an estimate lies above a limit.
    static func isAbove(_ limit: Double, _ estimate: Estimate) -> Answer {
        estimate.lower > limit ? .yes : estimate.upper <= limit ? .no : .unknown
    }

    /// What the verdict is made of.
    struct Evidence {
        var training: Estimate
        var validation: Estimate
        var gap: Estimate
        /// The error of always naming the most frequent class.
        var chance: Double
        var noise: LabelNoise
        var validationCount: Int
        /// Training samples that the training error was measured on.
        var trainingCount: Int
        var remedies: [RemedyOutcome]
        var changePerDoubling: Double
        var options: DiagnosisOptions
    }

    static func kind(_ evidence: Evidence) -> Kind {
        let options = evidence.options
        let overfits = isAbove(options.tolerance, evidence.gap)
        let underfits = isAbove(options.targetError, evidence.training)
        let noise = evidence.noise.share
        let mended =
            evidence.remedies.filter { $0.remedy.trainsOnTheSame && $0.validationChange.upper < 0 }
            .map { -$0.validationChange.value }.max() ?? 0
        let isNoisy =
            isAbove(options.noiseTolerance, noise) == .yes && noise.value >= evidence.validation.value / 2
            && mended < evidence.validation.value / 5
        if isNoisy { return .noisyLabels }
        switch (overfits, underfits) {
        case (.yes, .yes): return evidence.gap.value >= evidence.training.value ? .overfitting : .underfitting
        case (.yes, _): return .overfitting
        case (_, .yes): return .underfitting
        case (.no, .no): return .fine
        default: return .notDecidable
        }
    }

    init(_ evidence: Evidence) {
        let kind = Self.kind(evidence)
        self.kind = kind
        let (training, validation) = (percent(evidence.training), percent(evidence.validation))
        let gap = points(evidence.gap)
        let errors = "training error \(training), validation error \(validation), gap \(gap)"
        switch kind {
        case .overfitting: finding = "High variance: \(errors)."
        case .underfitting:
            finding =
                "High bias: \(errors). The model does not fit what it learns from "
                + "(always naming the most frequent class: \(percent(evidence.chance)))."
        case .noisyLabels:
            finding =
                "Noisy labels: \(evidence.noise.suspects.count) labels are contradicted with confidence, "
                + "\(percent(evidence.noise.share)) of the samples; \(errors)."
        case .fine: finding = "Fine: \(errors)."
        case .notDecidable: finding = "Not decidable with \(evidence.validationCount) validation samples: \(errors)."
        }
        let best = Self.best(evidence.remedies, for: kind)
        switch kind {
        case .overfitting, .underfitting:
            if let best {
                nextAction = Self.sentence(best.remedy, evidence)
                measuredEffect = Self.effect(best)
            } else {
                let least = evidence.remedies.filter { Self.isMeant($0.remedy, for: kind) }
                    .min { $0.validationChange.value < $1.validationChange.value }
                nextAction =
                    "No remedy changed the validation error with certainty; measure with more validation samples or "
                    + "seeds."
                measuredEffect = least.map { "the best was " + Self.effect($0) }
            }
        case .noisyLabels:
            let cleaned = evidence.remedies.first { $0.remedy == .cleanedLabels }
            nextAction = "Review the \(evidence.noise.suspects.count) labels listed as suspect."
            measuredEffect = cleaned.map { "on the other samples, training without them: " + Self.effect($0) }
        case .fine:
            nextAction =
                "Nothing against variance is needed; a doubling of the data would change the validation error by "
                + "about \(signedPoints(evidence.changePerDoubling))."
            measuredEffect = best.map { "what still helped most: " + Self.effect($0) }
        case .notDecidable:
            nextAction = Self.measurement(evidence)
            measuredEffect = best.map { "what helped most: " + Self.effect($0) }
        }
    }

    /// Whether a remedy is meant for what was found.
    private static func isMeant(_ remedy: Remedy, for kind: Kind) -> Bool {
        switch remedy {
        case .largerModel, .longerTraining: kind == .underfitting
        case .cleanedLabels: false
        default: true
        }
    }

    /// The remedy with the largest certain change for the better.
    private static func best(_ remedies: [RemedyOutcome], for kind: Kind) -> RemedyOutcome? {
        remedies.filter { isMeant($0.remedy, for: kind) && $0.validationChange.upper < 0 }
            .min { $0.validationChange.value < $1.validationChange.value }
    }

    /// The action. The last samples brought what is measured; that the next ones will is a guess, and is said to be one.
    private static func sentence(_ remedy: Remedy, _ evidence: Evidence) -> String {
        let action = remedy.action.prefix(1).uppercased() + remedy.action.dropFirst()
        guard remedy == .moreData else { return action + "." }
        return action + " (the curve falls by about \(formatted(-100 * evidence.changePerDoubling, 1)) points with "
            + "each doubling)."
    }

    private static func effect(_ outcome: RemedyOutcome) -> String {
        let detail = outcome.detail.isEmpty ? "" : " (\(outcome.detail))"
        return "\(outcome.remedy.title)\(detail): validation error \(points(outcome.validationChange)), "
            + "gap \(points(outcome.gapChange))"
    }

    /// What would make the gap certain: more seeds where trainings differ by more than their samples explain, else more
    /// validation samples, with whose root an interval narrows.
    private static func measurement(_ evidence: Evidence) -> String {
        let half = (evidence.gap.upper - evidence.gap.lower) / 2
        let bySamples =
            Estimate.share(evidence.validation.value, of: evidence.validationCount)
            - Estimate.share(evidence.training.value, of: evidence.trainingCount)
        if half > 0.75 * (bySamples.upper - bySamples.lower) {
            return
                "Measure with more seeds, or train longer: trainings with other seeds differ by more than the samples "
                + "explain."
        }
        let factor = max(half / max(evidence.options.tolerance / 2, 1e-6), 1)
        let count = (Double(evidence.validationCount) * factor * factor / 10).rounded(.up) * 10
        return "Measure on more validation samples: about \(Int(min(count, 1e12))) would bring the interval of the gap "
            + "down to ±\(formatted(100 * evidence.options.tolerance / 2, 1)) points."
    }
}

// MARK: Numbers in words

/// A number with some decimals, alike in every locale.
func formatted(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "-" : value < 0 ? "-∞" : "∞" }
    let scale = pow(10, Double(decimals))
    let units = Int((abs(value) * scale).rounded())
    let sign = value < 0 && units > 0 ? "-" : ""
    guard decimals > 0 else { return sign + String(units) }
    let fraction = String(units % Int(scale))
    return sign + "\(units / Int(scale))." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

/// A share as "12.3 %".
func percent(_ value: Double) -> String { formatted(100 * value, 1) + " %" }

/// A share as "12.3 % [10.1, 14.2]".
func percent(_ estimate: Estimate) -> String { percent(estimate.value) + " " + bracket(estimate, signed: false) }

/// A difference of shares as "+1.2 points".
func signedPoints(_ value: Double) -> String { signed(value) + " points" }

/// A difference of shares as "+1.2 points [-0.3, +2.7]".
func points(_ estimate: Estimate) -> String { signedPoints(estimate.value) + " " + bracket(estimate, signed: true) }

func signed(_ value: Double) -> String {
    let text = formatted(100 * value, 1)
    return text.hasPrefix("-") ? text : "+" + text
}

func bracket(_ estimate: Estimate, signed isSigned: Bool) -> String {
    func text(_ value: Double) -> String { isSigned ? signed(value) : formatted(100 * value, 1) }
    return "[\(text(estimate.lower)), \(text(estimate.upper))]"
}
