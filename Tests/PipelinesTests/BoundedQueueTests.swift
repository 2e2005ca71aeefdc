import Dispatch
import Foundation
import Pipelines
import Testing

/// An element that counts how many of its kind are alive.
private struct Token: ~Copyable, Sendable {
    final class Count: @unchecked Sendable {
        private let lock = NSLock()
        private var value = 0
        func add(_ step: Int) { lock.withLock { value += step } }
        var alive: Int { lock.withLock { value } }
    }

    let number: Int
    let count: Count

    init(_ number: Int, _ count: Count) {
        self.number = number
        self.count = count
        count.add(1)
    }

    deinit { count.add(-1) }
}

@Suite struct BoundedQueueTests {
    private let count = Token.Count()

    // `#expect` cannot hold a noncopyable value: these say what happened in copyable words.
    private func push(_ number: Int, to queue: BoundedQueue<Token>) -> Bool { queue.push(Token(number, count)) }
    private func pop(_ queue: BoundedQueue<Token>) -> Int? {
        if let token = queue.pop() { token.number } else { nil }
    }

    @Test func deliversInOrderAndNeverHoldsMoreThanItsCapacity() {
        let queue = BoundedQueue<Token>(capacity: 3, whenFull: .block)
        let count = count
        DispatchQueue(label: "producer").async {
            for number in 0..<1000 { _ = queue.push(Token(number, count)) }
            queue.finish()
        }
        var expected = 0
        while let token = queue.pop() {
            #expect(token.number == expected)
            expected += 1
        }
        #expect(expected == 1000)
        #expect(queue.highWaterMark <= 3)
        #expect(queue.dropCount == 0)
        #expect(count.alive == 0)
    }

    @Test func theNewestWinsUnderDropOldest() {
        let queue = BoundedQueue<Token>(capacity: 2, whenFull: .dropOldest)
        for number in 0..<5 { #expect(push(number, to: queue)) }
        #expect(queue.dropCount == 3)
        #expect(count.alive == 2)
        queue.finish()
        #expect(pop(queue) == 3)
        #expect(pop(queue) == 4)
        #expect(pop(queue) == nil)
        #expect(push(9, to: queue) == false)
        #expect(count.alive == 0)
    }

    @Test func cancelWakesAProducerThatWaitsAndFreesWhatIsQueued() {
        let queue = BoundedQueue<Token>(capacity: 1, whenFull: .block)
        #expect(push(0, to: queue))
        let done = DispatchSemaphore(value: 0)
        let count = count
        DispatchQueue(label: "producer").async {
            let accepted = queue.push(Token(1, count))
            #expect(accepted == false)
            done.signal()
        }
        queue.cancel()
        #expect(done.wait(timeout: .now() + 5) == .success)
        #expect(pop(queue) == nil)
        #expect(count.alive == 0)
    }
}
