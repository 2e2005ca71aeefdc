/// Keeps the age of a live source's frames at their output within a budget: the detector looks at fewer of them, and then
/// at smaller ones.
///
///     var control = LatencyControl(budget: 0.080, canResize: true)
///     control.record(age: 0.120, at: seconds)
///     if index % control.level.detectEvery == 0 { detect(frame, share: control.level.share) }
///
/// When more than one in twenty of the ages of a second is above the budget, it goes one level down. When they stay below
/// three fifths of it, it tries one level up, at first after five seconds; where that fails, it waits twice as long for the
/// next trial, a minute at most. Between detections boxes are predicted.
package struct LatencyControl {
    /// What the detector looks at.
    package struct Level: Hashable, Sendable {
        /// Every so many frames.
        package let detectEvery: Int
        /// The sides of the network's input, as a share of their full length.
        package let share: Double

        package init(detectEvery: Int, share: Double) {
            self.detectEvery = detectEvery
            self.share = share
        }
    }

    private static let window = 1.0
    private static let fewest = 10
    private static let comfort = 0.6
    private static let firstTrial = 5.0
    private static let longestTrial = 60.0

    /// Seconds.
    package let budget: Double
    private let levels: [Level]
    private var place = 0
    private var ages: [Double] = []
    private var windowStart: Double?
    private var calmSince: Double?
    private var trialWait = Self.firstTrial
    private var trialStart: Double?
    private var count = 0
    private var kept = 0

    /// - Parameter canResize: whether the network runs at other sizes than its own.
    package init(budget: Double, canResize: Bool) {
        self.budget = budget
        let rates = [1, 2, 3, 4].map { Level(detectEvery: $0, share: 1) }
        let sizes = canResize ? [0.75, 0.5].map { Level(detectEvery: 4, share: $0) } : []
        levels = rates + sizes
    }

    /// What to look at from now on.
    package var level: Level { levels[place] }

    /// The share of all frames so far that kept the budget.
    package var keptShare: Double { count > 0 ? Double(kept) / Double(count) : 1 }

    /// Takes the age of a frame that was put out at `now`; both in seconds. Returns whether the level changed.
    @discardableResult
    package mutating func record(age: Double, at now: Double) -> Bool {
        count += 1
        if age <= budget { kept += 1 }
        let start = windowStart ?? now
        windowStart = start
        ages.append(age)
        guard now - start >= Self.window, ages.count >= Self.fewest else { return false }
        ages.sort()
        let high = ages[(ages.count - 1) * 95 / 100]
        ages.removeAll(keepingCapacity: true)
        windowStart = now
        return judge(high, at: now)
    }

    private mutating func judge(_ high: Double, at now: Double) -> Bool {
        if high > budget {
            calmSince = nil
            guard place + 1 < levels.count else { return false }
            // A trial that failed soon is made less often.
            if let trial = trialStart, now - trial < Self.firstTrial {
                trialWait = min(trialWait * 2, Self.longestTrial)
            }
            trialStart = nil
            place += 1
            return true
        }
        guard high < budget * Self.comfort, place > 0 else {
            calmSince = nil
            return false
        }
        let since = calmSince ?? now
        calmSince = since
        guard now - since >= trialWait else { return false }
        calmSince = nil
        trialStart = now
        place -= 1
        return true
    }
}
