extension DiagnosisOptions {
    /// How a task is diagnosed when nothing else is asked for, on a part of its training samples. Fewer samples are seen
    /// more often, so that the trainings have as many steps as the task's usual one. The quick form answers the same
    /// questions with fewer and shorter trainings: its intervals are wider.
    package init(for task: LearningTask, fraction: Double, isQuick: Bool = false) {
        self.init()
        let passes = Double(task.usual.epochs) / min(max(fraction, 0.01), 1)
        epochs = max(Int(passes.rounded()), 1)
        guard isQuick else { return }
        epochs = max(Int((passes * (task.name == .cells ? 0.25 : 0.65)).rounded()), 2)
        seeds = 2
        fractions = [0.25, 0.5, 1]
        replicates = 4
        folds = 3
        flipShares = [0.2]
        (l1, l2, dropout) = ([3e-5], [3e-4], [0.3])
        probeLimit = 500
    }

    /// The part of the training samples that is taken when nothing else is asked for.
    package static func usualFraction(of task: LearningTask, isQuick: Bool) -> Double {
        guard isQuick else { return 1 }
        return task.name == .cells ? 0.25 : 0.5
    }
}
