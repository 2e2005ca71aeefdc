import Plots

/// The curves as texts for files: one CSV and one SVG for each kind.
package struct CurveFiles: Sendable {
    /// The names of the files and what is in them.
    package let files: [(name: String, content: String)]

    /// The files of curves.
    package init(_ curves: DetectionCurves) {
        let all = [curves.mean].compactMap(\.self) + curves.classes.compactMap(\.self)
        let overlap = Self.number(curves.overlap, decimals: 2)
        var files: [(name: String, content: String)] = []
        func add(
            _ name: String, title: String, x: (name: String, values: [Double]), yName: String,
            value: (DetectionCurves.Curve) -> [Double?], legend: (DetectionCurves.Curve) -> String,
            mark: LinePlot.Mark? = nil
        ) {
            files.append((name + ".csv", Self.csv(x: x, columns: all.map { ($0.name, value($0)) })))
            let lines = all.map { curve in
                LinePlot.Line(name: legend(curve), points: Array(zip(x.values, value(curve))).map { (x: $0, y: $1) })
            }
            let plot = LinePlot(
                title: title, x: PlotAxis(x.name, range: (x.values.first ?? 0)...(x.values.last ?? 1)),
                y: PlotAxis(yName, range: 0...1), lines: lines, marks: mark.map { [$0] } ?? [], othersName: "classes")
            files.append((name + ".svg", plot.svg))
        }
        let recall = (name: "recall", values: curves.recalls)
        let confidence = (name: "confidence", values: curves.confidences)
        func area(_ curve: DetectionCurves.Curve, _ values: [Double]) -> String {
            let name = curve.name.count > 18 ? curve.name.prefix(17) + "…" : curve.name
            return name + ", AP " + Self.number(values.reduce(0, +) / Double(max(values.count, 1)), decimals: 3)
        }
        add(
            "precision-recall-50", title: "Precision over recall, overlap \(overlap)", x: recall, yName: "precision",
            value: { $0.precisionOverRecall.map(Optional.init) }, legend: { area($0, $0.precisionOverRecall) })
        add(
            "precision-recall", title: "Precision over recall, mean of all overlaps", x: recall, yName: "precision",
            value: { $0.averagedPrecisionOverRecall.map(Optional.init) },
            legend: { area($0, $0.averagedPrecisionOverRecall) })
        let best = curves.mean.map { curves.best(of: $0) }
        add(
            "f1-confidence", title: "F1 over confidence, overlap \(overlap)", x: confidence, yName: "F1",
            value: { $0.f1.map(Optional.init) }, legend: \.name,
            mark: best.map {
                LinePlot.Mark(
                    x: $0.confidence, y: $0.f1,
                    label: "F1 \(Self.number($0.f1, decimals: 3)) at \(Self.number($0.confidence, decimals: 3))")
            })
        add(
            "precision-confidence", title: "Precision over confidence, overlap \(overlap)", x: confidence,
            yName: "precision", value: \.precision, legend: \.name)
        add(
            "recall-confidence", title: "Recall over confidence, overlap \(overlap)", x: confidence, yName: "recall",
            value: { $0.recall.map(Optional.init) }, legend: \.name)
        self.files = files
    }

    /// A column for each curve; empty where it has no value.
    static func csv(x: (name: String, values: [Double]), columns: [(name: String, values: [Double?])]) -> String {
        var text = ([x.name] + columns.map { field($0.name) }).joined(separator: ",") + "\n"
        for (row, value) in x.values.enumerated() {
            var line = number(value, decimals: 4)
            for column in columns { line += "," + (column.values[row].map { number($0, decimals: 6) } ?? "") }
            text += line + "\n"
        }
        return text
    }

    /// A field of a CSV file (RFC 4180), without control characters.
    static func field(_ text: String) -> String {
        let clean = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
        guard clean.contains(where: { ",\"".contains($0) }) else { return clean }
        return "\"" + clean.replacing("\"", with: "\"\"") + "\""
    }

    /// A number with at most so many decimals, the same in every locale.
    static func number(_ value: Double, decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        return "\((value * scale).rounded() / scale)"
    }
}
