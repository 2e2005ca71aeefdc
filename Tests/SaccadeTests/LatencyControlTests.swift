import Saccade
import Testing

/// How the detection rate and the input's size follow the ages of frames.
@Suite struct LatencyControlTests {
    /// Runs for so many seconds at 25 frames a second, the age of each given by the level.
    private func run(
        _ control: inout LatencyControl, seconds: ClosedRange<Double>, age: (LatencyControl.Level) -> Double
    ) -> [LatencyControl.Level] {
        var levels = [control.level]
        var time = seconds.lowerBound
        while time < seconds.upperBound {
            if control.record(age: age(control.level), at: time) { levels.append(control.level) }
            time += 0.04
        }
        return levels
    }

    @Test func whatIsFastEnoughStays() {
        var control = LatencyControl(budget: 0.08, canResize: true)
        #expect(run(&control, seconds: 0...60) { _ in 0.079 } == [.init(detectEvery: 1, share: 1)])
        #expect(control.keptShare == 1)
    }

    /// First the rate, then the size, one level a second.
    @Test func whatIsTooSlowGoesDownLevelByLevel() {
        var control = LatencyControl(budget: 0.08, canResize: true)
        let levels = run(&control, seconds: 0...20) { _ in 0.2 }
        #expect(levels.map(\.detectEvery) == [1, 2, 3, 4, 4, 4])
        #expect(levels.map(\.share) == [1, 1, 1, 1, 0.75, 0.5])
        #expect(control.keptShare == 0)
    }

    @Test func aNetworkOfOneSizeKeepsIt() {
        var control = LatencyControl(budget: 0.08, canResize: false)
        #expect(run(&control, seconds: 0...20) { _ in 0.2 }.allSatisfy { $0.share == 1 })
    }

    /// A level that is enough is kept, and one slow frame in thirty changes nothing.
    @Test func itSettles() {
        var control = LatencyControl(budget: 0.08, canResize: true)
        var count = 0
        let levels = run(&control, seconds: 0...60) { level in
            count += 1
            return count % 30 == 0 ? 0.5 : level.detectEvery >= 3 ? 0.06 : 0.12
        }
        #expect(levels.map(\.detectEvery) == [1, 2, 3])
    }

    /// It tries to go up, less and less often where that fails.
    @Test func trialsBecomeRare() {
        var control = LatencyControl(budget: 0.08, canResize: true)
        _ = run(&control, seconds: 0...10) { $0.detectEvery >= 2 ? 0.02 : 0.2 }
        #expect(control.level.detectEvery == 2)
        let early = run(&control, seconds: 10...70) { $0.detectEvery >= 2 ? 0.02 : 0.2 }.count
        let late = run(&control, seconds: 200...260) { $0.detectEvery >= 2 ? 0.02 : 0.2 }.count
        #expect(early > late)
        #expect(late <= 3)
    }

    @Test func itReturnsWhenTheLoadIsGone() {
        var control = LatencyControl(budget: 0.08, canResize: true)
        _ = run(&control, seconds: 0...20) { _ in 0.2 }
        _ = run(&control, seconds: 20...80) { _ in 0.01 }
        #expect(control.level == .init(detectEvery: 1, share: 1))
    }
}
