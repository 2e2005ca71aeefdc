import Augmentation
import Tensors
import Testing
import Training

import Lab

@Suite struct AblationTests {
    private static func digits() throws -> LearningTask {
        let folder = try Made.digits()
        return try LearningTask(SpokenDigits(folder: folder.path))
    }

    @Test func variantsDifferInOneOperation() throws {
        let task = try Self.digits()
        let recipe = try task.usualRecipe()
        let variants = Ablation.variants(of: recipe)
        #expect(variants.prefix(2) == [.all, .none])
        #expect(variants.count == 2 + recipe.operationNames.count)
        #expect(recipe.removing("noise").operationNames == recipe.operationNames.filter { $0 != "noise" })
        let one = try AugmentationRecipe("noise", kind: .sounds)
        #expect(Ablation.variants(of: one) == [.all, .none])
    }

    @Test func recipesOfATaskAreReplaced() throws {
        let task = try Self.digits().limited(to: 4)
        #expect(task.training.count == 4)
        func values(_ task: LearningTask) throws -> [Float] {
            let batch = try task.training.batch([0, 1], draw: BatchDraw(seed: 3, epoch: 0))
            return try #require(batch["features"]).elements(as: Float.self)
        }
        let plain = try values(task)
        let changed = try values(task.augmented(by: task.usualRecipe()))
        #expect(changed != plain)
        #expect(try values(task.augmented(by: task.usualRecipe())) == changed)
        #expect(try values(task.augmented(by: task.usualRecipe()).augmented(by: nil)) == plain)
        #expect(task.training.labels == task.augmented(by: nil).training.labels)
    }

    @Test func trainsEveryVariantWithTheSameSeeds() throws {
        let task = try Self.digits()
        let recipe = try AugmentationRecipe("noise,gain", kind: .sounds)
        var seen: [String] = []
        let ablation = try Ablation.run(task, recipe: recipe, seeds: [5, 6]) { task, seed in
            var training = TaskTraining(
                task: task, model: ModelOptions(width: 0.5, seed: seed), epochs: 3, batchSize: 4)
            training.rate = 0.01
            return training
        } progress: { done, variant, seed, state in
            if state.step == 1 { seen.append("\(done) \(variant.name) \(seed)") }
            return true
        }
        #expect(
            seen == [
                "0 all operations 5", "1 no augmentation 5", "2 without noise 5", "3 without gain 5",
                "4 all operations 6", "5 no augmentation 6", "6 without noise 6", "7 without gain 6",
            ])
        #expect(ablation.rows.allSatisfy { $0.test.count == 2 && $0.validation.count == 2 })
        #expect(ablation.measure == "accuracy")
        #expect(ablation.rows.allSatisfy { $0.test.allSatisfy { (0...1).contains($0) } })
        for row in ablation.rows { #expect(ablation.text.contains(row.variant.name)) }
        #expect(ablation.svg.contains("without noise") && ablation.svg.contains("change of accuracy"))
    }

    @Test func stopsWhenAsked() throws {
        let task = try Self.digits()
        #expect(throws: CancellationError.self) {
            try Ablation.run(task, recipe: task.usualRecipe(), seeds: [0]) { task, seed in
                TaskTraining(task: task, model: ModelOptions(width: 0.5, seed: seed), epochs: 2, batchSize: 8)
            } progress: { _, _, _, _ in
                false
            }
        }
    }

    @Test func changesArePairedBySeed() {
        // Seeds differ much, and the variant is always 2 points below: the interval is narrow.
        let rows = [
            Ablation.Row(variant: .all, validation: [0.5, 0.7, 0.9], test: [0.5, 0.7, 0.9]),
            Ablation.Row(variant: .none, validation: [0.48, 0.68, 0.88], test: [0.4, 0.8, 0.9]),
            Ablation.Row(variant: .without("noise"), validation: [0.5, 0.7, 0.9], test: [0.52, 0.72, 0.92]),
        ]
        let ablation = Ablation(rows: rows, measure: "accuracy", title: "made up")
        let paired = ablation.difference(rows[1], \.validation)
        #expect(abs(paired.value + 0.02) < 1e-9 && paired.upper - paired.lower < 1e-9)
        let wide = ablation.difference(rows[1], \.test)
        // Differences -0.1, 0.1, 0: deviation 0.1, t of 2 degrees of freedom 4.3027.
        #expect(abs(wide.upper - 4.3027 * 0.1 / 3.0.squareRoot()) < 1e-4)
        #expect(ablation.verdict(rows[1]) == "within the noise")
        #expect(ablation.verdict(rows[2]) == "it harms")
        #expect(ablation.text.contains("-2.00 [-2.00, -2.00]"))
        let single = Ablation(
            rows: rows.map { Ablation.Row(variant: $0.variant, validation: [0.5], test: [0.5]) }, measure: "accuracy",
            title: "made up")
        #expect(single.verdict(single.rows[1]) == "too few seeds")
        #expect(!single.svg.contains("inf") && !single.text.contains("inf"))
    }

    @Test func sharesArePoints() {
        #expect(Ablation.points(0.98765) == "98.77")
        #expect(Ablation.points(-0.0005, signed: true) == "-0.05")
        #expect(Ablation.points(0.02, signed: true) == "+2.00")
        #expect(Ablation.points(-0.000001, signed: true) == "0.00")
    }
}
