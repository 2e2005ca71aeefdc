import Media
import Testing

/// The life of a live source, on a clock that the tests move.
@Suite struct SourceLifecycleTests {
    /// A source that has been live from 0 with `rate` frames a second until `end`.
    private func live(until end: Double, rate: Double = 25) -> SourceLifecycle {
        var life = SourceLifecycle(at: 0)
        life.connected(at: 0)
        var time = 0.0
        while time <= end {
            life.received(at: time)
            time += 1 / rate
        }
        return life
    }

    private func wait(_ life: SourceLifecycle, at now: Double) -> Double? {
        guard case .backoff(let until) = life.state else { return nil }
        return until - now
    }

    @Test func framesMakeItLiveAndSilenceStallsIt() throws {
        var life = SourceLifecycle(at: 10)
        #expect(life.state == .connecting)
        life.connected(at: 10.5)
        #expect(life.state == .connecting)
        let isLive = life.received(at: 11)
        #expect(isLive)
        let later = life.received(at: 11.04)
        #expect(!later)
        life.received(at: 11.08)
        #expect(life.state == .live)
        let limit = try #require(life.limit)
        #expect(abs(limit - 12.58) < 1e-9)
        let early = life.advance(to: 12.57)
        #expect(!early)
        let isStalled = life.advance(to: 12.58)
        #expect(isStalled)
        #expect(life.state == .stalled)
        life.lost(.timeout, at: 12.58)
        #expect(life.losses == 1)
        let pause = try #require(wait(life, at: 12.58))
        #expect(abs(pause - 0.25) < 1e-9)
        let isTriedAgain = life.advance(to: 12.83)
        #expect(isTriedAgain)
        #expect(life.state == .connecting)
        life.received(at: 13.08)
        #expect(life.connections == 2)
        #expect(abs(life.downtime - 2) < 1e-9)
    }

    @Test func slowSourcesMayBeSilentForThreeIntervals() {
        #expect(live(until: 10, rate: 25).stallLimit == 1.5)
        #expect(abs(live(until: 30, rate: 0.5).stallLimit - 6) < 0.01)
    }

    /// A source whose rate nobody knows is given longer each time, until its second and third frames come.
    @Test func anUnknownRateIsLearned() {
        var life = SourceLifecycle(at: 0)
        var now = 0.0
        var attempts = 0
        while life.interval == nil, attempts < 20 {
            attempts += 1
            life.connected(at: now)
            life.received(at: now)
            for _ in 0..<2 {
                guard let limit = life.limit, now + 4 < limit else { break }
                now += 4
                life.received(at: now)
            }
            guard life.interval == nil, let limit = life.limit else { break }
            now = limit
            life.advance(to: now)
            life.lost(.timeout, at: now)
            now = life.limit ?? now
            life.advance(to: now)
        }
        #expect(life.interval == 4)
        #expect(attempts == 3)
    }

    @Test func waitsGrowAsPromisedAndNeverEnd() throws {
        var life = live(until: 10)
        var now = 11.5
        let isOver = life.advance(to: now)
        #expect(isOver)
        life.lost(.timeout, at: now)
        var waits: [Double] = []
        for _ in 0..<300 {
            let pause = try #require(wait(life, at: now))
            waits.append(pause)
            now += pause + 1e-9
            let isDue = life.advance(to: now)
            #expect(isDue)
            life.lost(.refused, at: now)
        }
        #expect(waits.prefix(5).elementsEqual([0.25, 0.5, 1, 1.5, 1.5]) { abs($0 - $1) < 1e-6 })
        #expect(waits.prefix(30).allSatisfy { $0 <= 1.5 + 1e-6 })
        #expect(waits.suffix(200).allSatisfy { (4...5).contains($0) })
        #expect(Set(waits.suffix(200)).count > 100)
        #expect(life.losses == 1)
        // Once it has been well for a while, the short waits are back.
        let isBack = life.advance(to: now + 10)
        #expect(isBack)
        life.received(at: now + 10)
        life.received(at: now + 13)
        life.lost(.reset, at: now + 13)
        #expect(abs(try #require(wait(life, at: now + 13)) - 0.25) < 1e-6)
    }

    @Test func aSourceThatDiesAtOnceIsNotHammered() throws {
        var life = live(until: 5)
        var now = 5.0
        life.lost(.reset, at: now)
        var waits: [Double] = []
        for _ in 0..<6 {
            let pause = try #require(wait(life, at: now))
            waits.append(pause)
            now += pause + 1e-9
            life.advance(to: now)
            life.received(at: now)
            now += 0.1
            life.lost(.reset, at: now)
        }
        #expect(waits.elementsEqual([0.25, 0.5, 1, 1.5, 1.5, 1.5]) { abs($0 - $1) < 1e-6 })
    }

    @Test func wrongCredentialsAreTriedTwiceAMinute() throws {
        var life = SourceLifecycle(at: 0)
        life.lost(.auth, at: 1)
        #expect(try #require(wait(life, at: 1)) == 30)
        life.advance(to: 31)
        life.lost(.auth, at: 31)
        #expect(try #require(wait(life, at: 31)) == 30)
    }

    /// A server that takes connections and says nothing must not hold the next attempt for long.
    @Test func openingIsGivenWhatItTookBefore() throws {
        var life = SourceLifecycle(at: 0)
        #expect(life.limit == 10)
        life.connected(at: 0.2)
        #expect(try #require(life.limit) == 10.2)
        life.received(at: 0.4)
        life.received(at: 3)
        life.lost(.reset, at: 3)
        var limits: [Double] = []
        for _ in 0..<6 {
            guard case .backoff(let until) = life.state else { break }
            life.advance(to: until)
            let limit = try #require(life.limit)
            limits.append(limit - until)
            let isTooSlow = life.advance(to: limit)
            #expect(isTooSlow)
            #expect(life.state == .stalled)
            life.lost(.timeout, at: limit)
            // The attempt has been the wait.
            #expect(abs(try #require(wait(life, at: limit)) - 0.05) < 1e-6)
        }
        #expect(limits.elementsEqual([1, 1, 1, 2, 4, 8]) { abs($0 - $1) < 1e-6 })
    }
}

/// When frames were captured.
@Suite struct CaptureClockTests {
    @Test func delaysDoNotCount() {
        var clock = CaptureClock()
        var worst = 0.0
        // The source's clock is 1000 s behind; every frame is 20 ms on its way, every tenth 120 ms.
        for number in 0..<200 {
            let captured = 1000 + Double(number) / 25
            let arrival = captured + (number % 10 == 3 ? 0.12 : 0.02)
            clock.observe(timestamp: captured - 1000, arrival: arrival)
            let found = clock.capture(timestamp: captured - 1000, now: arrival)
            if number > 0 { worst = max(worst, abs(found - (captured + 0.02))) }
        }
        #expect(worst < 0.002)
    }

    @Test func aBurstSettlesAndTimesAscend() {
        var clock = CaptureClock()
        var last = -1.0
        for number in 0..<100 {
            // The first two seconds come at once.
            let time = Double(number) / 25
            let arrival = max(2, time)
            clock.observe(timestamp: time, arrival: arrival)
            let found = clock.capture(timestamp: time, now: arrival)
            #expect(found > last)
            #expect(found <= arrival + 0.01)
            last = found
        }
        #expect(abs(last - 99.0 / 25) < 0.01)
    }

    @Test func aClockThatJumpsIsLearnedAnew() {
        var clock = CaptureClock()
        clock.observe(timestamp: 5, arrival: 10)
        let first = clock.capture(timestamp: 5, now: 10)
        #expect(first == 10)
        clock.observe(timestamp: 90_000, arrival: 11)
        let jumped = clock.capture(timestamp: 90_000, now: 11)
        #expect(jumped == 11)
        let unstamped = clock.capture(timestamp: nil, now: 12)
        #expect(unstamped == 12)
        clock.reconnect()
        let reconnected = clock.capture(timestamp: 3, now: 13)
        #expect(reconnected == 13)
    }
}
