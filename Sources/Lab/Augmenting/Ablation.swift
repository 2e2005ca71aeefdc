import Plots
package import Training

/// What each operation of a recipe is worth: a task trained without the recipe, with all of it, and with all but one
/// operation, each with the same seeds, model and number of steps.
///
///     let ablation = try Ablation.run(task, recipe: task.usualRecipe(), seeds: [0, 1, 2]) { task, seed in
///         TaskTraining(task: task, model: ModelOptions(seed: seed), epochs: 10, threads: 2)
///     }
///     print(ablation.text)
///
/// The weights that are judged are the last ones, so that no variant has more choice than another. A variant is held
/// against the whole recipe seed by seed: first weights and the order of the samples are the same in both, and so are the
/// draws of the operations that both have.
package struct Ablation: Sendable {
    package enum Variant: Hashable, Sendable {
        case none
        case all
        /// All but the operations of a name.
        case without(String)

        package var name: String {
            switch self {
            case .none: "no augmentation"
            case .all: "all operations"
            case .without(let operation): "without \(operation)"
            }
        }
    }

    /// What came of a variant: a figure for each seed, 0 to 1.
    package struct Row: Hashable, Sendable {
        package var variant: Variant
        package var validation: [Double]
        package var test: [Double]

        package init(variant: Variant, validation: [Double], test: [Double]) {
            self.variant = variant
            self.validation = validation
            self.test = test
        }
    }

    /// The whole recipe first, then none, then without each of the operations.
    package let rows: [Row]
    /// What the figures are: "accuracy", or "balanced accuracy" where classes differ in their frequency.
    package let measure: String
    package let title: String

    package init(rows: [Row], measure: String, title: String) {
        self.rows = rows
        self.measure = measure
        self.title = title
    }

    package static func variants(of recipe: AugmentationRecipe) -> [Variant] {
        let names = recipe.operationNames
        // Without the only operation there is none.
        return [.all, .none] + (names.count > 1 ? names.map { .without($0) } : [])
    }

    /// Trains all variants.
    ///
    /// - Parameters:
    ///   - training: how a task is trained with a seed; the same for all variants.
    ///   - progress: called after each step with the number of trainings so far; false ends it with `CancellationError`.
    package static func run(
        _ task: LearningTask, recipe: AugmentationRecipe, seeds: [UInt64],
        training: (LearningTask, UInt64) -> TaskTraining,
        progress: (_ done: Int, Variant, _ seed: UInt64, TrainingProgress) -> Bool = { _, _, _, _ in true }
    ) throws -> Ablation {
        var rows = variants(of: recipe).map { Row(variant: $0, validation: [], test: []) }
        let isUneven = task.classWeights != nil
        var done = 0
        // Seed by seed, so that what is there after a while holds all variants.
        for seed in seeds {
            for index in rows.indices {
                let variant = rows[index].variant
                let changed: AugmentationRecipe? =
                    switch variant {
                    case .none: nil
                    case .all: recipe
                    case .without(let name): recipe.removing(name)
                    }
                let outcome = try training(task.augmented(by: changed), seed).run { progress(done, variant, seed, $0) }
                guard let outcome else { throw CancellationError() }
                func figure(_ matrix: ConfusionMatrix) -> Double {
                    isUneven ? matrix.balancedAccuracy : matrix.accuracy
                }
                rows[index].validation.append(figure(outcome.validation))
                rows[index].test.append(figure(outcome.test))
                done += 1
            }
        }
        return Ablation(rows: rows, measure: isUneven ? "balanced accuracy" : "accuracy", title: task.title)
    }

    /// How much lower or higher a variant's figure is than the whole recipe's, with its interval over seeds by Student's
    /// t; a single seed has none, and its ends are infinite.
    package func difference(_ row: Row, _ figures: KeyPath<Row, [Double]>) -> Estimate {
        let all = rows.first { $0.variant == .all }?[keyPath: figures] ?? []
        return Estimate.mean(of: zip(row[keyPath: figures], all).map { $0 - $1 })
    }

    /// What a variant says of the operation that it lacks: it "helps", it "harms", or nothing that the seeds would show.
    /// Two seeds can agree by chance, and their interval is then narrow for no reason.
    package func verdict(_ row: Row) -> String {
        guard row.variant != .all else { return "" }
        guard row.test.count >= 3 else { return "too few seeds" }
        let difference = difference(row, \.test)
        let what = row.variant == .none ? "the recipe" : "it"
        if difference.upper < 0 { return "\(what) helps" }
        if difference.lower > 0 { return "\(what) harms" }
        return "within the noise"
    }

    /// A table for people.
    package var text: String {
        func left(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(width - text.count, 0))
        }
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        func mean(_ figures: [Double]) -> String {
            Self.points(figures.reduce(0, +) / Double(max(figures.count, 1))) + " %"
        }
        func change(_ row: Row, _ figures: KeyPath<Row, [Double]>) -> String {
            guard row.variant != .all else { return "" }
            let estimate = difference(row, figures)
            let value = Self.points(estimate.value, signed: true)
            guard estimate.lower.isFinite else { return value }
            return "\(value) [\(Self.points(estimate.lower, signed: true)), "
                + "\(Self.points(estimate.upper, signed: true))]"
        }
        let width = (rows.map(\.variant.name.count).max() ?? 0) + 2
        let seeds = rows.first?.test.count ?? 0
        var text = "\(title): \(measure) of the last weights, mean of \(seeds) \(seeds == 1 ? "seed" : "seeds"); "
        text += "change to all operations in points, 95 % interval over seeds\n\n"
        text += left("", width) + right("validation", 10) + right("test", 10) + right("validation change", 25)
        text += right("test change", 25) + "\n"
        for row in rows {
            text += left(row.variant.name, width) + right(mean(row.validation), 10) + right(mean(row.test), 10)
            text += right(change(row, \.validation), 25) + right(change(row, \.test), 25)
            let verdict = verdict(row)
            text += verdict.isEmpty ? "\n" : "  \(verdict)\n"
        }
        return text
    }

    /// The changes as bars.
    package var svg: String {
        let changed = rows.filter { $0.variant != .all }
        let bars = changed.map { row in
            let both = [difference(row, \.validation), difference(row, \.test)]
            return BarChart.Row(
                row.variant.name, values: both.map { $0.value * 100 },
                intervals: both.map { estimate in
                    estimate.lower.isFinite ? estimate.lower * 100...estimate.upper * 100 : nil
                })
        }
        let seeds = rows.first?.test.count ?? 0
        return BarChart(
            title: "\(title.prefix(1).uppercased() + title.dropFirst()): without an operation, against all "
                + "(\(seeds) \(seeds == 1 ? "seed" : "seeds, 95 % intervals"))",
            axis: PlotAxis("change of \(measure) in points; below 0: the operation helps"), rows: bars,
            series: ["validation", "test"]
        ).svg
    }

    /// A share in hundredths, with two decimals.
    package static func points(_ share: Double, signed: Bool = false) -> String {
        guard share.isFinite, abs(share) < 1e6 else { return "\(share)" }
        let value = Int((abs(share) * 10_000).rounded())
        let sign = share < 0 && value > 0 ? "-" : signed && value > 0 ? "+" : ""
        return "\(sign)\(value / 100).\(value % 100 < 10 ? "0" : "")\(value % 100)"
    }
}
