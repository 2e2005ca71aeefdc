/// Calls `body` with 0 ..< count on at most `threads` threads, the caller's among them, and returns when all are done.
///
/// Which thread takes which index is left to chance, so `body` must write to places that depend on the index alone.
/// With one thread or one index everything runs in order on the caller's thread.
package func parallelFor(_ count: Int, threads: Int, _ body: (Int) -> Void) {
    guard count > 1, threads > 1 else {
        for index in 0..<max(count, 0) { body(index) }
        return
    }
    guard !ThreadTeam.shared.run(count, helpers: threads - 1, body) else { return }
    for index in 0..<count { body(index) }
}

/// Calls `body` with consecutive ranges that cover 0 ..< count, each a multiple of `unit` long except the last one.
///
/// There are a few ranges for each thread so that a thread that the machine held up does not hold up the others, and
/// none is shorter than `minimum`. With one thread there is one range: what `body` computes for an index must not
/// depend on the range that it comes in.
package func parallelRanges(
    _ count: Int, unit: Int, minimum: Int, threads: Int, _ body: (Range<Int>) -> Void
) {
    guard count > 0 else { return }
    let units = (count - 1) / unit + 1
    let most = max(1, count / max(minimum, 1))
    let pieces = threads > 1 ? min(threads * 4, units, most) : 1
    guard pieces > 1 else { return body(0..<count) }
    parallelFor(pieces, threads: threads) { piece in
        let begin = units * piece / pieces * unit
        let end = min(units * (piece + 1) / pieces * unit, count)
        if begin < end { body(begin..<end) }
    }
}
