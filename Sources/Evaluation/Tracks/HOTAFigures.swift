/// Higher order tracking accuracy: how well objects are found, how long their identity is kept, and how close the boxes
/// are, at each of nineteen overlaps (Luiten, Ošep, Dendorfer, Torr, Geiger, Leal-Taixé, Leibe, "HOTA: a higher order
/// metric for evaluating multi-object tracking", IJCV 2021).
///
/// Figures are lists, one number for each of `overlaps`, 0 to 1; what is quoted is their mean. Figures of several
/// sequences add up (`+`): detections are counted together, and association is averaged over all of them.
package struct HOTAFigures: Hashable, Sendable {
    /// The overlaps from which a match counts (α): 0.05, 0.1, … 0.95.
    package static let overlaps: [Double] = (0..<19).map { 0.05 + Double($0) * 0.05 }

    /// Objects that are matched.
    package var truePositives: [Int]
    /// Objects that are not.
    package var falseNegatives: [Int]
    /// Tracks' boxes that are not.
    package var falsePositives: [Int]
    /// Over the matches, the sum of: matches of the two identities ÷ frames of either.
    var associationSum: [Double]
    /// The same ÷ frames of the object.
    var associationRecallSum: [Double]
    /// The same ÷ frames of the track.
    var associationPrecisionSum: [Double]
    /// The overlaps of the matches, summed.
    var overlapSum: [Double]

    /// The figures of no sequence.
    package init() {
        let none = Array(repeating: 0, count: Self.overlaps.count)
        (truePositives, falseNegatives, falsePositives) = (none, none, none)
        let zero = none.map(Double.init)
        (associationSum, associationRecallSum, associationPrecisionSum, overlapSum) = (zero, zero, zero, zero)
    }

    /// √(DetA · AssA).
    package var hota: [Double] { zip(detA, assA).map { ($0 * $1).squareRoot() } }

    /// Detection accuracy: matches ÷ (matches + misses + false boxes).
    package var detA: [Double] {
        indices.map { ratio(truePositives[$0], truePositives[$0] + falseNegatives[$0] + falsePositives[$0]) }
    }
    /// Detection recall: matches ÷ objects' boxes.
    package var detRe: [Double] { indices.map { ratio(truePositives[$0], truePositives[$0] + falseNegatives[$0]) } }
    /// Detection precision: matches ÷ tracks' boxes.
    package var detPr: [Double] { indices.map { ratio(truePositives[$0], truePositives[$0] + falsePositives[$0]) } }

    /// Association accuracy: how far the two identities of a match agree over the whole sequence, its mean over matches.
    package var assA: [Double] { mean(associationSum) }
    /// Association recall: how much of an object's life its track covers.
    package var assRe: [Double] { mean(associationRecallSum) }
    /// Association precision: how much of a track is about its object.
    package var assPr: [Double] { mean(associationPrecisionSum) }

    /// Localization accuracy: the mean overlap of the matches; 1 without matches.
    package var locA: [Double] {
        indices.map { max(1e-10, overlapSum[$0]) / max(1e-10, Double(truePositives[$0])) }
    }

    /// The figures of both together.
    package static func + (one: HOTAFigures, other: HOTAFigures) -> HOTAFigures {
        var sum = one
        for index in one.indices {
            sum.truePositives[index] += other.truePositives[index]
            sum.falseNegatives[index] += other.falseNegatives[index]
            sum.falsePositives[index] += other.falsePositives[index]
            sum.associationSum[index] += other.associationSum[index]
            sum.associationRecallSum[index] += other.associationRecallSum[index]
            sum.associationPrecisionSum[index] += other.associationPrecisionSum[index]
            sum.overlapSum[index] += other.overlapSum[index]
        }
        return sum
    }

    private var indices: Range<Int> { Self.overlaps.indices }

    private func ratio(_ part: Int, _ whole: Int) -> Double { Double(part) / Double(max(1, whole)) }

    private func mean(_ sums: [Double]) -> [Double] { indices.map { sums[$0] / Double(max(1, truePositives[$0])) } }
}
