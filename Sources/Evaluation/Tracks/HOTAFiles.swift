import Plots

/// HOTA and its parts over the overlap, of all sequences together, as texts for files: one CSV, one SVG.
package struct HOTAFiles: Sendable {
    /// The names of the files and what is in them.
    package let files: [(name: String, content: String)]

    /// The files of an evaluation.
    package init(_ evaluation: TrackingEvaluation) {
        let figures = evaluation.combined.hota
        let columns: [(name: String, values: [Double])] = [
            ("HOTA", figures.hota), ("DetA", figures.detA), ("AssA", figures.assA), ("DetRe", figures.detRe),
            ("DetPr", figures.detPr), ("AssRe", figures.assRe), ("AssPr", figures.assPr), ("LocA", figures.locA),
        ]
        let overlaps = HOTAFigures.overlaps
        let lines = columns.map { column in
            let mean = column.values.reduce(0, +) / Double(column.values.count)
            return LinePlot.Line(
                name: "\(column.name), mean \(CurveFiles.number(mean, decimals: 3))",
                points: zip(overlaps, column.values).map { (x: $0, y: $1) })
        }
        let plot = LinePlot(
            title: "HOTA over the overlap", x: PlotAxis("overlap", range: 0...1), y: PlotAxis("share", range: 0...1),
            lines: lines)
        files = [
            (
                "hota.csv",
                CurveFiles.csv(x: (name: "overlap", values: overlaps), columns: columns.map { ($0.name, $0.values) })
            ),
            ("hota.svg", plot.svg),
        ]
    }
}
