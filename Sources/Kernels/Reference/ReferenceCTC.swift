import Foundation
import Tensors

extension Reference {
    /// Connectionist temporal classification (Graves et al. 2006): the loss −ln p(labels | scores) of each sequence and its
    /// gradient with respect to the scores, which are logarithms of probabilities.
    ///
    /// All sums run in double precision. The loss of labels that do not fit into their sequence is infinite, and its
    /// gradient 0.
    ///
    /// - Parameters:
    ///   - scores: steps × sequences × classes.
    ///   - labels: sequences × longest label, int32 or int64.
    ///   - lengths: steps of each sequence; past them the gradient is 0.
    ///   - losses: one for each sequence.
    ///   - gradient: as `scores`.
    /// - Returns: false for a length or label that is out of range.
    package static func ctcLoss(
        _ scores: TensorView, labels: TensorView, lengths: TensorView, labelLengths: TensorView, blank: Int,
        losses: TensorView, gradient: TensorView, threads: Int
    ) -> Bool {
        let (steps, sequences, classes) = (scores.shape[0], scores.shape[1], scores.shape[2])
        let longest = labels.shape[1]
        let (allLabels, lengths, labelLengths) = (integers(labels), integers(lengths), integers(labelLengths))
        guard lengths.allSatisfy({ (0...steps).contains($0) }),
            labelLengths.allSatisfy({ (0...longest).contains($0) })
        else { return false }
        for sequence in 0..<sequences {
            let own = allLabels[sequence * longest..<sequence * longest + labelLengths[sequence]]
            guard own.allSatisfy({ (0..<classes).contains($0) && $0 != blank }) else { return false }
        }
        nonisolated(unsafe) let (scores, losses, gradient) = (scores, losses, gradient)
        parallelFor(sequences, threads: threads) { sequence in
            let from = sequence * longest
            ctcSequence(
                scores, sequence, steps: lengths[sequence],
                labels: Array(allLabels[from..<from + labelLengths[sequence]]), blank: blank, losses, gradient)
        }
        return true
    }

    private static func ctcSequence(
        _ scores: TensorView, _ sequence: Int, steps: Int, labels: [Int], blank: Int, _ losses: TensorView,
        _ gradient: TensorView
    ) {
        let x = scores.pointer(as: Float.self)
        let dx = gradient.pointer(as: Float.self)
        let (from, to) = (scores.strides, gradient.strides)
        let classes = scores.shape[2]
        func score(_ step: Int, _ label: Int) -> Double {
            Double(x[step * from[0] + sequence * from[1] + label * from[2]])
        }
        for step in 0..<scores.shape[0] {
            for label in 0..<classes { dx[step * to[0] + sequence * to[1] + label * to[2]] = 0 }
        }
        // The labels with blanks between them and at both ends.
        var path = [blank]
        for label in labels { path += [label, blank] }
        let count = path.count
        func skips(_ state: Int) -> Bool { state >= 2 && path[state] != blank && path[state] != path[state - 2] }

        // Ways from the start that end in a state at a step, and ways from there to the end.
        var forward = Array(repeating: -Double.infinity, count: max(steps, 1) * count)
        var backward = forward
        guard steps > 0 else {
            losses.pointer(as: Float.self)[sequence] = labels.isEmpty ? 0 : .infinity
            return
        }
        for state in 0..<min(2, count) { forward[state] = score(0, path[state]) }
        for step in 1..<max(steps, 1) {
            for state in 0..<count {
                let last = (step - 1) * count + state
                var sum = forward[last]
                if state >= 1 { sum = logSum(sum, forward[last - 1]) }
                if skips(state) { sum = logSum(sum, forward[last - 2]) }
                forward[step * count + state] = sum + score(step, path[state])
            }
        }
        for state in max(0, count - 2)..<count { backward[(steps - 1) * count + state] = 0 }
        for step in (0..<steps - 1).reversed() {
            for state in 0..<count {
                let next = (step + 1) * count + state
                var sum = backward[next] + score(step + 1, path[state])
                if state + 1 < count { sum = logSum(sum, backward[next + 1] + score(step + 1, path[state + 1])) }
                if state + 2 < count, skips(state + 2) {
                    sum = logSum(sum, backward[next + 2] + score(step + 1, path[state + 2]))
                }
                backward[step * count + state] = sum
            }
        }
        let end = (steps - 1) * count
        var total = forward[end + count - 1]
        if count > 1 { total = logSum(total, forward[end + count - 2]) }
        losses.pointer(as: Float.self)[sequence] = Float(-total)
        guard total > -.infinity else { return }
        // −∂ ln p ÷ ∂ score: the share of the ways that go through a class at a step.
        for step in 0..<steps {
            var shares = Array(repeating: 0.0, count: classes)
            for state in 0..<count {
                let place = step * count + state
                shares[path[state]] += exp(forward[place] + backward[place] - total)
            }
            for label in 0..<classes where shares[label] != 0 {
                dx[step * to[0] + sequence * to[1] + label * to[2]] = -Float(shares[label])
            }
        }
    }

    private static func logSum(_ a: Double, _ b: Double) -> Double {
        let (high, low) = a > b ? (a, b) : (b, a)
        return low == -.infinity ? high : high + log1p(exp(low - high))
    }
}
