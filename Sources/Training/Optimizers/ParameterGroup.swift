/// Parameters that are trained alike: ranges of the flat buffer. What lies in no group is frozen.
///
///     let groups = [
///         ParameterGroup("weights", ranges: weights),
///         ParameterGroup("biases", ranges: biases, weightDecay: 0),
///         ParameterGroup("backbone", ranges: backbone, rateFactor: 0.1),
///     ]
package struct ParameterGroup: Hashable, Sendable {
    /// For messages.
    package var name: String
    /// In elements of the flat buffer. They overlap neither each other nor those of other groups.
    package var ranges: [Range<Int>]
    /// What the learning rate is multiplied by.
    package var rateFactor: Double
    /// Instead of the method's own.
    package var weightDecay: Double?
    /// L1 regularization: l1 · sign(w) is added to the gradient.
    package var l1: Double

    package init(
        _ name: String, ranges: [Range<Int>], rateFactor: Double = 1, weightDecay: Double? = nil, l1: Double = 0
    ) {
        self.name = name
        self.ranges = ranges
        self.rateFactor = rateFactor
        self.weightDecay = weightDecay
        self.l1 = l1
    }
}

/// A stretch of one group that is worked on at once. The cut depends on the groups alone, so that sums over pieces have
/// the same bits whatever the number of threads.
struct ParameterPiece: Hashable, Sendable {
    static let longest = 1 << 14

    var start: Int
    var count: Int
    var group: Int

    /// The pieces of groups, in the order of memory; ranges that touch become one.
    static func pieces(of groups: [ParameterGroup], parameterCount: Int) throws(OptimizerError) -> [ParameterPiece] {
        var stretches: [(range: Range<Int>, group: Int)] = []
        for (index, group) in groups.enumerated() {
            guard group.rateFactor >= 0, group.rateFactor.isFinite else {
                throw .invalidGroup(name: group.name, "its factor of the rate is \(group.rateFactor)")
            }
            guard (group.weightDecay ?? 0) >= 0, (group.weightDecay ?? 0).isFinite, group.l1 >= 0, group.l1.isFinite
            else { throw .invalidGroup(name: group.name, "its decay is not a finite number of at least 0") }
            for range in group.ranges where !range.isEmpty {
                guard range.lowerBound >= 0, range.upperBound <= parameterCount else {
                    throw .invalidGroup(name: group.name, "\(range) lies outside of 0 ..< \(parameterCount)")
                }
                stretches.append((range, index))
            }
        }
        stretches.sort { $0.range.lowerBound < $1.range.lowerBound }
        var merged: [(range: Range<Int>, group: Int)] = []
        for next in stretches {
            guard let last = merged.last else {
                merged.append(next)
                continue
            }
            guard last.range.upperBound <= next.range.lowerBound else {
                throw .invalidGroup(name: groups[next.group].name, "\(next.range) is taken twice")
            }
            if last.range.upperBound == next.range.lowerBound, last.group == next.group {
                merged[merged.count - 1].range = last.range.lowerBound..<next.range.upperBound
            } else {
                merged.append(next)
            }
        }
        return merged.flatMap { stretch in
            stride(from: stretch.range.lowerBound, to: stretch.range.upperBound, by: longest).map {
                ParameterPiece(start: $0, count: min(longest, stretch.range.upperBound - $0), group: stretch.group)
            }
        }
    }
}
