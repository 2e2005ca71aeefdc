import Synchronization

/// Counts the trainings of a diagnosis, from several threads.
final class ProgressCounter: Sendable {
    private let state = Mutex(Diagnosis.Progress(stage: .baseline, done: 0, total: 0))
    private let observe: @Sendable (Diagnosis.Progress) -> Void

    init(_ observe: @escaping @Sendable (Diagnosis.Progress) -> Void) { self.observe = observe }

    /// More trainings are to come.
    func plan(_ count: Int) { state.withLock { $0.total += count } }

    func begin(_ stage: Diagnosis.Progress.Stage) {
        observe(
            state.withLock {
                $0.stage = stage
                return $0
            })
    }

    func finish() {
        observe(
            state.withLock {
                $0.done += 1
                return $0
            })
    }
}
