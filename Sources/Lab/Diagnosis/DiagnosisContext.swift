/// What all parts of a diagnosis share: the trials by their purpose, and the tables of what came out.
///
/// A trial's `evaluated` are the validation samples, then others: the rows below `validationRows`' end are validation.
struct DiagnosisContext: Sendable {
    let learner: any DiagnosableLearner
    let samples: DiagnosisSamples
    let options: DiagnosisOptions
    let draw: SampleDraw
    let runner: TrialRunner

    init(
        _ learner: any DiagnosableLearner, samples: DiagnosisSamples, options: DiagnosisOptions,
        observe: @escaping @Sendable (Trial) -> Void = { _ in }
    ) throws(DiagnosisError) {
        try options.validate()
        guard !samples.training.isEmpty else { throw .noSamples(part: "training") }
        guard !samples.validation.isEmpty else { throw .noSamples(part: "validation") }
        let (labels, classCount) = (learner.labels, learner.classNames.count)
        for sample in samples.training + samples.validation + samples.further {
            guard labels.indices.contains(sample) else { throw .invalidOption("there is no sample \(sample)") }
            guard (0..<classCount).contains(labels[sample]) else {
                throw .invalidLabel(
                    sample: learner.name(ofSample: sample), label: labels[sample], classes: classCount)
            }
        }
        guard Set(samples.training.map { labels[$0] }).count > 1 else {
            throw .oneClass(name: learner.classNames[labels[samples.training[0]]], count: samples.training.count)
        }
        self.learner = learner
        self.samples = samples
        self.options = options
        draw = SampleDraw(labels: labels, seed: options.seed)
        runner = TrialRunner(learner, threads: options.threads, observe: observe)
        _ = try folds
    }

    var resampling: Resampling { Resampling(resamples: options.resamples, seed: options.seed) }
    var validationRows: Range<Int> { 0..<samples.validation.count }
    var validationLabels: [Int] { samples.validation.map { draw.labels[$0] } }
    private var seeds: [UInt64] { (0..<options.seeds).map { options.seed &+ UInt64($0) } }

    /// The epochs that take about as many steps as the baseline's.
    private func epochs(_ count: Int) -> Int {
        max(1, Int((Double(options.epochs * samples.training.count) / Double(max(count, 1))).rounded()))
    }

    // MARK: Trials

    /// A training on some samples that is measured on the validation samples and on those it learned.
    func trial(_ chosen: [Int], seed: UInt64) -> Trial {
        let probe = draw.probe(chosen, limit: options.probeLimit)
        return Trial(
            samples: chosen, epochs: epochs(chosen.count), seed: seed, evaluated: samples.validation + probe)
    }

    /// The trainings that all others are compared with.
    var baseline: [Trial] {
        seeds.map { seed in
            var trial = trial(samples.training, seed: seed)
            trial.followsEpochs = true
            return trial
        }
    }

    func treated(_ treatment: Treatment) -> [Trial] {
        seeds.map { seed in
            var trial = trial(samples.training, seed: seed)
            trial.treatment = treatment
            return trial
        }
    }

    /// The part of the training samples of a seed's learning curve. Parts are nested.
    func part(_ fraction: Double) -> [Trial] {
        if fraction >= 1 { return baseline }
        return seeds.enumerated().map { number, seed in
            let order = draw.stratifiedOrder(samples.training, number: number)
            let count = min(max(Int((fraction * Double(order.count)).rounded()), 1), order.count)
            return trial(order.prefix(count).sorted(), seed: seed)
        }
    }

    /// Trainings with the samples that the diagnosis leaves out too, as many steps.
    var withFurther: [Trial] {
        samples.further.isEmpty ? [] : seeds.map { trial((samples.training + samples.further).sorted(), seed: $0) }
    }

    func without(_ left: Set<Int>) -> [Trial] {
        seeds.map { trial(samples.training.filter { !left.contains($0) }, seed: $0) }
    }

    var longer: [Trial] {
        seeds.map { seed in
            var trial = trial(samples.training, seed: seed)
            trial.epochs *= 2
            return trial
        }
    }

    /// Bootstraps, each with a seed of its own: the variance is that of samples and of chance in training. They are
    /// measured on all training samples, for those that they did not see.
    var replicates: [Trial] {
        (0..<options.replicates).map { number in
            let chosen = draw.bootstrap(samples.training, number: number)
            return Trial(
                samples: chosen, epochs: epochs(chosen.count), seed: options.seed &+ UInt64(number),
                evaluated: samples.validation + samples.training)
        }
    }

    /// The training samples, dealt out.
    var folds: [[Int]] {
        get throws(DiagnosisError) { try draw.folds(samples.training, count: options.folds) }
    }

    var foldTrials: [Trial] {
        get throws(DiagnosisError) {
            let folds = try folds
            return folds.indices.map { left in
                let chosen = folds.indices.filter { $0 != left }.flatMap { folds[$0] }.sorted()
                return Trial(
                    samples: chosen, epochs: epochs(chosen.count), seed: options.seed, evaluated: folds[left])
            }
        }
    }

    /// Trainings with wrong labels; behind the validation samples, those with a wrong label are measured.
    func flipped(_ share: Double) -> [Trial] {
        seeds.enumerated().map { number, seed in
            let flips = draw.flippedLabels(
                samples.training, share: share, classCount: learner.classNames.count, number: number)
            var trial = Trial(
                samples: samples.training, epochs: epochs(samples.training.count), seed: seed,
                evaluated: samples.validation + flips.keys.sorted())
            trial.relabelled = flips
            return trial
        }
    }

    /// The trials of a remedy; nil where it takes none of its own.
    func trials(of remedy: Remedy) -> [Trial]? {
        switch remedy {
        case .moreData: withFurther.isEmpty ? nil : withFurther
        case .longerTraining: longer
        case .earlyStopping, .ensemble, .cleanedLabels: nil
        case .augmentation, .l1, .l2, .dropout, .smallerModel, .largerModel:
            remedy.treatments(options).filter(learner.supports).flatMap(treated)
        }
    }

    // MARK: Tables

    /// What is wrong on the validation samples and on those that were learned, a row for each trial.
    func errors(_ trials: [Trial]) throws -> (training: OutcomeTable, validation: OutcomeTable) {
        var (training, validation) = (OutcomeTable(rows: []), OutcomeTable(rows: []))
        for trial in trials {
            let predictions = try runner.predictions(trial)
            let learned = trial.evaluated.dropFirst(validationRows.count).map { draw.labels[$0] }
            validation.rows.append(predictions.errors(validationRows, labels: validationLabels))
            training.rows.append(
                predictions.errors(validationRows.count..<trial.evaluated.count, labels: learned))
        }
        return (training, validation)
    }
}
