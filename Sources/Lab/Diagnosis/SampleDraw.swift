import Tensors

/// Draws of training samples: parts, folds, bootstraps, wrong labels. Each depends on the seed alone.
struct SampleDraw: Sendable {
    /// The class of each sample of the pool.
    let labels: [Int]
    let seed: UInt64

    private enum Stream: UInt64 { case order = 1, folds, bootstrap, flips }

    private func numbers(_ stream: Stream, _ number: Int = 0) -> Philox {
        Philox(seed: seed, stream: stream.rawValue << 32 | UInt64(truncatingIfNeeded: number))
    }

    /// The samples by class, each class in random order; classes in their order.
    private func shuffledClasses(_ samples: [Int], _ numbers: inout Philox) -> [[Int]] {
        let classes = Dictionary(grouping: samples) { labels[$0] }
        return classes.keys.sorted().map { key in
            let members = classes[key] ?? []
            return numbers.permutation(members.count).map { members[$0] }
        }
    }

    /// The samples in an order of which each beginning holds the classes in the proportions of the whole. Parts of one
    /// order are nested.
    func stratifiedOrder(_ samples: [Int], number: Int) -> [Int] {
        var numbers = numbers(.order, number)
        var placed: [(place: Float, sample: Int)] = []
        for members in shuffledClasses(samples, &numbers) {
            for (rank, sample) in members.enumerated() {
                placed.append(((Float(rank) + numbers.uniform()) / Float(members.count), sample))
            }
        }
        return placed.sorted { ($0.place, $0.sample) < ($1.place, $1.sample) }.map(\.sample)
    }

    /// The samples dealt out to folds, class by class, so that the folds differ by one sample in each class.
    func folds(_ samples: [Int], count: Int) throws(DiagnosisError) -> [[Int]] {
        guard count >= 2 else { throw .invalidOption("\(count) folds: at least 2 are needed") }
        guard samples.count >= 2 * count else { throw .tooFewForFolds(samples: samples.count, folds: count) }
        var numbers = numbers(.folds)
        var folds = Array(repeating: [Int](), count: count)
        var next = 0
        let classes = shuffledClasses(samples, &numbers)
        let largest = classes.map(\.count).max() ?? 0
        guard largest >= count else { throw .classesTooSmallForFolds(largest: largest, folds: count) }
        for sample in classes.joined() {
            folds[next % count].append(sample)
            next += 1
        }
        return folds.map { $0.sorted() }
    }

    /// As many samples as there are, drawn with replacement (Efron, 1979).
    func bootstrap(_ samples: [Int], number: Int) -> [Int] {
        var numbers = numbers(.bootstrap, number)
        return samples.map { _ in samples[numbers.integer(below: samples.count)] }.sorted()
    }

    /// Another class for a share of the samples, every other class alike.
    func flippedLabels(_ samples: [Int], share: Double, classCount: Int, number: Int) -> [Int: Int] {
        var numbers = numbers(.flips, number)
        let flipped = numbers.permutation(samples.count).prefix(Int((share * Double(samples.count)).rounded()))
        var result: [Int: Int] = [:]
        for place in flipped.sorted() {
            let sample = samples[place]
            result[sample] = (labels[sample] + 1 + numbers.integer(below: classCount - 1)) % classCount
        }
        return result
    }

    /// Some of the samples, to measure the training error on; stratified.
    func probe(_ samples: [Int], limit: Int) -> [Int] {
        let distinct = Array(Set(samples)).sorted()
        guard distinct.count > limit else { return distinct }
        return stratifiedOrder(distinct, number: -1).prefix(limit).sorted()
    }
}
