import Dispatch
import Synchronization

/// Runs trials, several at once, and each different one once. The results do not depend on the number of threads.
final class TrialRunner: Sendable {
    private let learner: any DiagnosableLearner
    private let threads: Int
    private let results = Mutex([Trial: [Predictions]]())
    private let observe: @Sendable (_ finished: Trial) -> Void

    init(_ learner: any DiagnosableLearner, threads: Int, observe: @escaping @Sendable (Trial) -> Void = { _ in }) {
        self.learner = learner
        self.threads = threads
        self.observe = observe
    }

    /// Runs those that were not run before. Of several errors the first trial's is thrown.
    func run(_ trials: [Trial]) throws {
        var seen = results.withLock { Set($0.keys) }
        let new = trials.filter { seen.insert($0).inserted }
        let next = Atomic<Int>(0)
        let failures = Mutex([Int: any Error]())
        DispatchQueue.concurrentPerform(iterations: min(max(threads, 1), max(new.count, 1))) { _ in
            while failures.withLock({ $0.isEmpty }) {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < new.count else { return }
                do {
                    let found = try checked(learner.run(new[number]), new[number])
                    results.withLock { $0[new[number]] = found }
                    observe(new[number])
                } catch {
                    failures.withLock { $0[number] = error }
                }
            }
        }
        if let first = failures.withLock({ $0.min { $0.key < $1.key }?.value }) { throw first }
    }

    /// The predictions at the end of a trial.
    func predictions(_ trial: Trial) throws -> Predictions {
        guard let last = try history(trial).last else { throw DiagnosisError.invalidPredictions("there are none") }
        return last
    }

    /// The predictions after each epoch of a trial that follows them; after the last of another.
    func history(_ trial: Trial) throws -> [Predictions] {
        if let known = results.withLock({ $0[trial] }) { return known }
        try run([trial])
        return results.withLock { $0[trial] } ?? []
    }

    private func checked(_ all: [Predictions], _ trial: Trial) throws -> [Predictions] {
        let wanted = trial.followsEpochs ? trial.epochs : 1
        guard all.count == wanted else {
            throw DiagnosisError.invalidPredictions("\(all.count) times, not \(wanted)")
        }
        let classes = learner.classNames.count
        for one in all {
            guard one.classCount == classes, one.probabilities.count == trial.evaluated.count * classes else {
                throw DiagnosisError.invalidPredictions(
                    "\(one.probabilities.count) numbers for \(trial.evaluated.count) samples of \(classes) classes")
            }
            guard one.probabilities.allSatisfy(\.isFinite) else {
                throw DiagnosisError.invalidPredictions("a probability is not finite")
            }
        }
        return all
    }
}
