import Evaluation
import Foundation

extension EvalTrackingReport {
    /// The report for people: shares in percent, a row for each sequence and one for all together.
    func text(perSequence: Bool, switches: Bool) -> String {
        let frames = sequences.reduce(0) { $0 + $1.frames }
        let (objects, boxes) = sequences.reduce((0, 0)) { ($0.0 + $1.objects, $0.1 + $1.objectBoxes) }
        let (tracks, found) = sequences.reduce((0, 0)) { ($0.0 + $1.tracks, $0.1 + $1.trackBoxes) }
        let count = sequences.count == 1 ? "1 sequence" : "\(sequences.count) sequences"
        var lines = ["\(groundTruth): \(count), \(frames) frames, \(objects) objects in \(boxes) boxes"]
        lines.append("\(results): \(tracks) tracks in \(found) boxes")
        let perSequence = perSequence || sequences.count == 1
        let tables = perSequence ? Self.tables : [Self.mainTable]
        for table in tables { lines += [""] + rows(of: table) }
        if !perSequence { for table in Self.tables { lines += [""] + rows(of: table, combinedAlone: true) } }
        if switches { lines += [""] + switchLines }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }

    // MARK: - Figures

    private typealias Column = (head: String, value: (TrackingSummary) -> String)

    private static func share(_ head: String, _ value: @escaping (TrackingSummary) -> Double) -> Column {
        (head, { String(format: "%.2f", value($0) * 100) })
    }

    private static func count(_ head: String, _ value: @escaping (TrackingSummary) -> Int) -> Column {
        (head, { String(value($0)) })
    }

    private static var mainTable: [Column] {
        [
            share("HOTA", \.hota), share("DetA", \.detA), share("AssA", \.assA), share("MOTA", \.mota),
            share("IDF1", \.idf1), count("IDSW", \.identitySwitches), count("Frag", \.fragmentations),
            count("FP", \.falsePositives), count("FN", \.falseNegatives),
        ]
    }

    private static var tables: [[Column]] {
        [
            [
                share("HOTA", \.hota), share("DetA", \.detA), share("AssA", \.assA), share("DetRe", \.detRe),
                share("DetPr", \.detPr), share("AssRe", \.assRe), share("AssPr", \.assPr), share("LocA", \.locA),
            ],
            [
                share("MOTA", \.mota), share("MOTP", \.motp), share("Rcll", \.recall), share("Prcn", \.precision),
                count("FP", \.falsePositives), count("FN", \.falseNegatives), count("IDSW", \.identitySwitches),
                count("Frag", \.fragmentations), count("MT", \.mostlyTracked), count("PT", \.partiallyTracked),
                count("ML", \.mostlyLost),
            ],
            [
                share("IDF1", \.idf1), share("IDP", \.idp), share("IDR", \.idr), count("IDTP", \.idtp),
                count("IDFP", \.idfp), count("IDFN", \.idfn),
            ],
        ]
    }

    private func rows(of table: [Column], combinedAlone: Bool = false) -> [String] {
        let width = min(max(8, sequences.map(\.name.count).max() ?? 8), 32)
        func row(_ name: String, _ cells: [String]) -> String {
            name.withoutControls.leading(width) + cells.map { " " + $0.trailing(7) }.joined()
        }
        var lines = [row(combinedAlone ? "" : "sequence", table.map(\.head))]
        if !combinedAlone {
            for sequence in sequences { lines.append(row(sequence.name, table.map { $0.value(sequence.figures) })) }
        }
        if combinedAlone || sequences.count > 1 { lines.append(row("combined", table.map { $0.value(combined) })) }
        return lines
    }

    // MARK: - Switches

    private var switchLines: [String] {
        let all = sequences.flatMap { sequence in sequence.switches.map { (sequence.name, $0) } }
        guard !all.isEmpty else { return ["no identity switches"] }
        let width = min(max(8, all.map(\.0.count).max() ?? 8), 32)
        var lines = ["identity switches"]
        lines.append("sequence".leading(width) + "    frame   seconds    object      from        to")
        for (name, change) in all {
            let seconds = change.seconds.map { String(format: "%.2f", $0) } ?? "-"
            lines.append(
                name.withoutControls.leading(width) + String(change.frame).trailing(9) + seconds.trailing(10)
                    + String(change.object).trailing(10) + String(change.from).trailing(10)
                    + String(change.to).trailing(10))
        }
        return lines
    }
}
