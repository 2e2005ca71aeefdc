import Dispatch
import Foundation
import Pipelines
import Testing

private struct Broken: Error, Equatable { let stage: String }

@Suite struct StageGroupTests {
    @Test(arguments: [1, 2, 3, 4]) func parallelWorkersKeepTheOrder(workers: Int) throws {
        let input = BoundedQueue<Int>(capacity: 4, whenFull: .block)
        let output = BoundedQueue<Int>(capacity: 4, whenFull: .block)
        let turnstile = Turnstile()
        let stages = StageGroup()
        let running = DispatchGroup()
        stages.start("produce") {
            for number in 0..<500 { _ = input.push(number) }
            input.finish()
        }
        for worker in 0..<workers {
            running.enter()
            stages.start("work-\(worker)") {
                defer { running.leave() }
                while let taken = turnstile.enter({ input.pop() }) {
                    if taken.element % 7 == worker { usleep(200) }
                    _ = turnstile.leave(taken) { _ = output.push($0) }
                }
            }
        }
        stages.start("close") {
            running.wait()
            output.finish()
        }
        var received: [Int] = []
        while let number = output.pop() { received.append(number) }
        try stages.join()
        #expect(received == Array(0..<500))
    }

    @Test func theFirstErrorEndsEveryStageAndIsThrown() {
        let queue = BoundedQueue<Int>(capacity: 1, whenFull: .block)
        let stages = StageGroup()
        stages.onCancel { queue.cancel() }
        stages.start("produce") { while queue.push(1) {} }
        stages.start("consume") {
            for _ in 0..<10 { _ = queue.pop() }
            throw Broken(stage: "consume")
        }
        #expect(throws: Broken(stage: "consume")) { try stages.join() }
    }

    @Test func aWorkerThatThrowsWhileOthersHoldTicketsEndsTheRun() {
        let input = BoundedQueue<Int>(capacity: 4, whenFull: .block)
        let output = BoundedQueue<Int>(capacity: 1, whenFull: .block)
        let turnstile = Turnstile()
        let stages = StageGroup()
        stages.onCancel {
            input.cancel()
            output.cancel()
            turnstile.cancel()
        }
        stages.start("produce") { for number in 0..<1000 { guard input.push(number) else { return } } }
        for _ in 0..<4 {
            stages.start("work") {
                while let taken = turnstile.enter({ input.pop() }) {
                    // Its ticket is never given back, and the others wait behind it.
                    if taken.element == 20 { throw Broken(stage: "work") }
                    guard turnstile.leave(taken, { _ = output.push($0) }) else { return }
                }
            }
        }
        stages.start("consume") { while output.pop() != nil {} }
        #expect(throws: Broken(stage: "work")) { try stages.join() }
    }
}
