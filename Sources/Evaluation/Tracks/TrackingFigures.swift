/// What is told of a tracker on a sequence, or on several: HOTA, CLEAR and identity figures, equal to those of TrackEval.
///
///     let figures = TrackingFigures(sequence)
///     figures.summary.hota                      // 0.636…, the mean over the overlaps
///     figures.clear.identitySwitches            // 11
///     (first + second).summary.idf1             // of both sequences together
package struct TrackingFigures: Hashable, Sendable {
    /// Higher order tracking accuracy.
    package var hota = HOTAFigures()
    /// The CLEAR MOT figures.
    package var clear = CLEARFigures()
    /// The identity figures.
    package var identity = IdentityFigures()

    /// The figures of no sequence.
    package init() {}

    /// The figures of a sequence.
    package init(_ sequence: TrackedSequence) {
        self.init(sequence, clear: CLEARMatcher(sequence).figures)
    }

    /// The figures of a sequence of which the CLEAR figures are known.
    init(_ sequence: TrackedSequence, clear: CLEARFigures) {
        hota = HOTAFigures(sequence)
        self.clear = clear
        identity = IdentityFigures(sequence)
    }

    /// The figures of both together, as TrackEval combines sequences.
    package static func + (one: TrackingFigures, other: TrackingFigures) -> TrackingFigures {
        var sum = one
        sum.hota = one.hota + other.hota
        sum.clear = one.clear + other.clear
        sum.identity = one.identity + other.identity
        return sum
    }

    /// The figures as single numbers.
    package var summary: TrackingSummary { TrackingSummary(self) }
}

/// The figures of tracking as single numbers: shares from 0 to 1, of HOTA and its parts the mean over the overlaps, and
/// counts.
package struct TrackingSummary: Hashable, Sendable, Codable {
    /// Higher order tracking accuracy and its parts; see `HOTAFigures`.
    package let hota, detA, assA, detRe, detPr, assRe, assPr, locA: Double
    /// Accuracy, precision, and what share of the boxes is found and right; see `CLEARFigures`.
    package let mota, motp, recall, precision: Double
    /// F1, precision and recall of identities; see `IdentityFigures`.
    package let idf1, idp, idr: Double
    /// Counts of events and of objects; see `CLEARFigures`.
    package let identitySwitches, fragmentations, mostlyTracked, partiallyTracked, mostlyLost: Int
    /// Boxes that are matched, too many, and missed; see `CLEARFigures`.
    package let truePositives, falsePositives, falseNegatives: Int
    /// Boxes under the right identity, and those of tracks and of objects that are not; see `IdentityFigures`.
    package let idtp, idfp, idfn: Int

    init(_ figures: TrackingFigures) {
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let (all, clear, identity) = (figures.hota, figures.clear, figures.identity)
        (hota, detA, assA, locA) = (mean(all.hota), mean(all.detA), mean(all.assA), mean(all.locA))
        (detRe, detPr, assRe, assPr) = (mean(all.detRe), mean(all.detPr), mean(all.assRe), mean(all.assPr))
        (mota, motp, recall, precision) = (clear.mota, clear.motp, clear.recall, clear.precision)
        (idf1, idp, idr) = (identity.idf1, identity.idp, identity.idr)
        (identitySwitches, fragmentations) = (clear.identitySwitches, clear.fragmentations)
        (mostlyTracked, partiallyTracked) = (clear.mostlyTracked, clear.partiallyTracked)
        mostlyLost = clear.mostlyLost
        (truePositives, falsePositives) = (clear.truePositives, clear.falsePositives)
        falseNegatives = clear.falseNegatives
        (idtp, idfp, idfn) = (identity.truePositives, identity.falsePositives, identity.falseNegatives)
    }
}
