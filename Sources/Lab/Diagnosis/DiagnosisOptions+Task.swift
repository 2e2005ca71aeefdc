extension DiagnosisOptions {
    /// How a task is diagnosed when nothing else is asked for. The quick form answers the same questions with fewer
    /// trainings, on a part of the samples (see `usualFraction`): its intervals are wider.
    package init(for task: LearningTask, isQuick: Bool = false) {
        self.init()
        epochs = task.usual.epochs
        guard isQuick else { return }
        epochs = max(task.usual.epochs / 2, 2)
        seeds = 2
        fractions = [0.25, 0.5, 1]
        replicates = 4
        folds = 3
        flipShares = [0.2]
        probeLimit = 500
    }

    /// The part of the training samples that is taken when nothing else is asked for.
    package static func usualFraction(of task: LearningTask, isQuick: Bool) -> Double {
        guard isQuick else { return 1 }
        return switch task.name {
        case .digits: 0.5
        case .cells: 0.1
        case .intents: 0.25
        }
    }
}
