/// Why a learner is worse on what it has not seen, and what helps: measured, not guessed.
///
///     let samples = DiagnosisSamples(training: training, validation: validation)
///     let diagnosis = try Diagnosis(of: learner, samples: samples) { progress in print(progress.done, progress.total) }
///     print(diagnosis.text)
///     print(diagnosis.verdict.nextAction)
///
/// The same learner, samples, options and seed give the same diagnosis, whatever the number of threads.
package struct Diagnosis: Hashable, Sendable, Codable {
    /// How far the work is. The total grows when what was found asks for further trials.
    package struct Progress: Hashable, Sendable {
        package enum Stage: String, Hashable, Sendable {
            case baseline, learningCurve = "learning curve", biasVariance = "bias and variance"
            case crossValidation = "cross-validation", labelNoise = "label noise", remedies
        }

        package var stage: Stage
        /// Trainings.
        package var done: Int
        package var total: Int
    }

    /// How much work a diagnosis is.
    package struct Budget: Hashable, Sendable {
        /// Trainings that are run in any case.
        package var trainings: Int
        /// Trainings that what is found may ask for.
        package var further: Int
        /// Samples that the trainings of any case learn from, over all epochs.
        package var cost: Int
    }

    package var classNames: [String]
    package var trainingCount: Int
    package var validationCount: Int
    package var epochs: Int
    package var seeds: Int
    /// The error of always naming the most frequent class of the training samples.
    package var chance: Double
    /// The baseline's errors.
    package var training: Estimate
    package var validation: Estimate
    package var gap: Estimate
    package var learningCurve: LearningCurve
    package var epochCurve: EpochCurve
    package var biasVariance: BiasVariance
    package var crossValidation: CrossValidation
    package var labelNoise: LabelNoise
    package var remedies: [RemedyOutcome]
    package var verdict: Verdict

    /// What a diagnosis will cost.
    package static func budget(
        of learner: any DiagnosableLearner, samples: DiagnosisSamples, options: DiagnosisOptions
    ) throws -> Budget {
        let context = try DiagnosisContext(learner, samples: samples, options: options)
        let trials = Set(try context.stages().flatMap(\.trials))
        return Budget(
            trainings: trials.count, further: 3 * options.seeds, cost: trials.reduce(0) { $0 + $1.cost })
    }

    package init(
        of learner: any DiagnosableLearner, samples: DiagnosisSamples,
        options: DiagnosisOptions = DiagnosisOptions(), progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) throws {
        let counter = ProgressCounter(progress)
        let context = try DiagnosisContext(learner, samples: samples, options: options) { _ in counter.finish() }
        let stages = try context.stages()
        counter.plan(Set(stages.flatMap(\.trials)).count)
        for (stage, trials) in stages {
            counter.begin(stage)
            try context.runner.run(trials)
        }

        classNames = learner.classNames
        trainingCount = samples.training.count
        validationCount = samples.validation.count
        epochs = options.epochs
        seeds = options.seeds
        chance = context.chance
        let errors = try context.errors(context.baseline)
        training = context.resampling.share(of: errors.training)
        validation = context.resampling.share(of: errors.validation)
        gap = validation - training
        learningCurve = try context.learningCurve()
        epochCurve = try context.epochCurve()
        biasVariance = try context.biasVariance()
        crossValidation = try context.crossValidation()
        labelNoise = try context.labelNoise()

        var remedies = Remedy.againstVariance
        if Verdict.isAbove(options.targetError, training) == .yes {
            remedies += [.largerModel, .longerTraining]
            counter.plan(learner.supports(Treatment(width: options.largerWidth)) ? 2 * options.seeds : options.seeds)
        }
        if Verdict.isAbove(options.noiseTolerance, labelNoise.share) == .yes {
            remedies.append(.cleanedLabels)
            counter.plan(options.seeds)
        }
        let noise = labelNoise
        self.remedies = try remedies.flatMap { try context.outcomes(of: $0, noise: noise) }
        verdict = Verdict(
            Verdict.Evidence(
                training: training, validation: validation, gap: gap, chance: chance, noise: labelNoise,
                validationCount: validationCount,
                trainingCount: min(options.probeLimit, trainingCount), remedies: self.remedies,
                changePerDoubling: learningCurve.changePerDoubling, options: options))
    }
}

extension DiagnosisContext {
    /// The trials that are run in any case, in the order of the report.
    func stages() throws -> [(stage: Diagnosis.Progress.Stage, trials: [Trial])] {
        [
            (.baseline, baseline),
            (.learningCurve, options.fractions.flatMap(part)),
            (.biasVariance, replicates),
            (.crossValidation, try foldTrials),
            (.labelNoise, options.flipShares.flatMap(flipped)),
            (
                .remedies,
                Remedy.againstVariance.flatMap { trials(of: $0) ?? [] }
            ),
        ]
    }

    /// The error, in validation, of always naming the most frequent class of the training samples.
    var chance: Double {
        var counts = [Int](repeating: 0, count: learner.classNames.count)
        for sample in samples.training { counts[draw.labels[sample]] += 1 }
        let most = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        return Double(validationLabels.count { $0 != most }) / Double(validationLabels.count)
    }
}
