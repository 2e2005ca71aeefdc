import Detections

/// How much of the sequence is under the right identity, when every object is given one track and every track one
/// object, so that the agreement is greatest (Ristani, Solera, Zou, Cucchiara, Tomasi, "Performance measures and a data
/// set for multi-target, multi-camera tracking", 2016).
///
/// Figures of several sequences add up (`+`).
package struct IdentityFigures: Hashable, Sendable {
    /// The overlap from which a box agrees.
    package static let threshold = 0.5

    /// Boxes that agree under the assignment (IDTP).
    package var truePositives = 0
    /// Objects' boxes that do not (IDFN).
    package var falseNegatives = 0
    /// Tracks' boxes that do not (IDFP).
    package var falsePositives = 0

    /// The figures of no sequence.
    package init() {}

    /// The figures of a sequence. How many boxes agree at the most does not depend on ties, so the groups of identities
    /// that meet are solved apart.
    package init(_ sequence: TrackedSequence) {
        var agreements = Array(repeating: 0, count: sequence.pairs.count)
        for frame in sequence.frames {
            for overlap in frame.overlaps where overlap.iou >= Self.threshold { agreements[overlap.pair] += 1 }
        }
        let objects = sequence.objectIDs.count
        var groups = DisjointSets(count: objects + sequence.trackIDs.count)
        for (pair, count) in zip(sequence.pairs, agreements) where count > 0 {
            groups.join(pair.object, objects + pair.track)
        }
        var members: [Int: [Int]] = [:]
        for (place, pair) in sequence.pairs.enumerated() where agreements[place] > 0 {
            members[groups.representative(of: pair.object), default: []].append(place)
        }
        var assignment = LinearAssignment()
        for places in members.values {
            truePositives += Self.agreement(
                of: places.map { (sequence.pairs[$0].object, sequence.pairs[$0].track, agreements[$0]) },
                with: &assignment)
        }
        falseNegatives = sequence.objectBoxes - truePositives
        falsePositives = sequence.trackBoxes - truePositives
    }

    /// IDTP ÷ (IDTP + ½ IDFP + ½ IDFN).
    package var idf1: Double {
        Double(truePositives) / max(1, Double(truePositives) + 0.5 * Double(falsePositives + falseNegatives))
    }
    /// Identity recall: IDTP ÷ objects' boxes.
    package var idr: Double { Double(truePositives) / Double(max(1, truePositives + falseNegatives)) }
    /// Identity precision: IDTP ÷ tracks' boxes.
    package var idp: Double { Double(truePositives) / Double(max(1, truePositives + falsePositives)) }

    /// The figures of both together.
    package static func + (one: IdentityFigures, other: IdentityFigures) -> IdentityFigures {
        var sum = one
        sum.truePositives += other.truePositives
        sum.falseNegatives += other.falseNegatives
        sum.falsePositives += other.falsePositives
        return sum
    }

    /// The most boxes that can agree in a group.
    private static func agreement(
        of group: [(object: Int, track: Int, count: Int)], with assignment: inout LinearAssignment
    ) -> Int {
        if group.count == 1 { return group[0].count }
        let rows = Dictionary(
            Set(group.map(\.object)).sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let columns = Dictionary(
            Set(group.map(\.track)).sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var costs = Array(repeating: Double.infinity, count: rows.count * columns.count)
        for (object, track, count) in group {
            guard let row = rows[object], let column = columns[track] else { continue }
            costs[row * columns.count + column] = -Double(count)
        }
        assignment.solve(costs: costs, rows: rows.count, columns: columns.count, unmatchedCost: 0)
        return assignment.columnOfRow.enumerated().reduce(0) { sum, match in
            match.element < 0 ? sum : sum - Int(costs[match.offset * columns.count + match.element])
        }
    }
}

/// Numbers in groups that are joined step by step.
private struct DisjointSets {
    private var parent: [Int]

    init(count: Int) { parent = Array(0..<count) }

    /// The number that stands for a number's group.
    mutating func representative(of number: Int) -> Int {
        var number = number
        while parent[number] != number {
            parent[number] = parent[parent[number]]
            number = parent[number]
        }
        return number
    }

    mutating func join(_ one: Int, _ other: Int) {
        parent[representative(of: one)] = representative(of: other)
    }
}
