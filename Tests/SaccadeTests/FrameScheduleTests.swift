import Saccade
import Testing

@Suite struct FrameScheduleTests {
    /// The decisions for the first `count` frames at `rate` frames a second: `d`etect, `s`kip, `o`mit.
    private func decisions(_ schedule: FrameSchedule, count: Int, rate: Double = 25) -> String {
        var walk = FrameSchedule.Walk(schedule)
        return (0..<count).map { index in
            switch walk.decide(index: index, seconds: Double(index) / rate) {
            case .detect: "d"
            case .skip: "s"
            case .omit: "o"
            }
        }.joined()
    }

    @Test func everyFrameIsDetectedByDefault() {
        #expect(decisions(FrameSchedule(), count: 5) == "ddddd")
    }

    @Test func detectEveryKeepsTheFramesBetween() {
        var schedule = FrameSchedule()
        schedule.detectEvery = 3
        #expect(decisions(schedule, count: 8) == "dssdssds")
    }

    @Test func strideOmitsFramesAndCountsDetectionsAmongTheRest() {
        var schedule = FrameSchedule()
        schedule.stride = 2
        schedule.detectEvery = 2
        #expect(decisions(schedule, count: 9) == "dosodosod")
    }

    @Test func detectRateFollowsTimestamps() {
        var schedule = FrameSchedule()
        schedule.detectRate = 5
        #expect(decisions(schedule, count: 11) == "dssssdssssd")
        schedule.detectRate = 100
        #expect(decisions(schedule, count: 3) == "ddd")
        schedule.detectRate = 10
        let half = decisions(schedule, count: 250).filter { $0 == "d" }.count
        #expect((99...101).contains(half))
    }

    @Test func theLongestGapBoundsWhatWaits() {
        var schedule = FrameSchedule()
        #expect(schedule.longestGap(frameRate: 25) == 1)
        schedule.detectEvery = 30
        #expect(schedule.longestGap(frameRate: 25) == 30)
        schedule.detectRate = 0.5
        // 50 frames by the rate, but detections fall on multiples of 30 alone.
        #expect(schedule.longestGap(frameRate: 25) == 60)
        schedule.detectEvery = .max
        #expect(schedule.longestGap(frameRate: 25) == .max)
    }
}
