import Plots

/// The curves of a training log as one picture: the losses, the metrics if there are any, and the learning rate, over
/// the steps.
package struct TrainingCurves {
    package var metricNames: [String]
    package var rows: [TrainingLogRow]

    package init(metricNames: [String], rows: [TrainingLogRow]) {
        self.metricNames = metricNames
        self.rows = rows
    }

    /// The picture, as SVG. The step with the lowest validation loss is marked.
    package var svg: String {
        let validation = rows.filter { $0.validationLoss != nil }
        var losses = [LinePlot.Line(name: "training", points: rows.map { (x: Double($0.step), y: $0.trainLoss) })]
        if !validation.isEmpty {
            losses.append(
                .init(
                    name: "validation", points: validation.map { (x: Double($0.step), y: $0.validationLoss) },
                    drawing: validation.count > 60 ? .line : .lineWithPoints))
        }
        var plots = [plot("Loss", "loss", losses, height: 240)]
        let finite = validation.filter { $0.validationLoss?.isFinite == true }
        if let best = finite.min(by: { ($0.validationLoss ?? 0) < ($1.validationLoss ?? 0) }) {
            let value = PlotAxis.short(best.validationLoss ?? 0)
            plots[0].marks = [.init(x: Double(best.step), y: best.validationLoss ?? 0, label: "lowest: \(value)")]
        }
        let metrics = metricNames.enumerated().map { index, name in
            LinePlot.Line(
                name: name,
                points: rows.compactMap { row in row.metrics[index].map { (x: Double(row.step), y: $0) } },
                drawing: .lineWithPoints)
        }
        if metrics.contains(where: { !$0.points.isEmpty }) {
            plots.append(plot("Metrics", "value", metrics, height: 180))
        }
        let rates = rows.map { (x: Double($0.step), y: Optional($0.rate)) }
        plots.append(plot("Learning rate", "learning rate", [.init(name: "", points: rates)], height: 120))
        return LinePlot.stacked(plots)
    }

    /// All share the horizontal axis; the vertical one is logarithmic where the values are far apart.
    private func plot(_ title: String, _ yTitle: String, _ lines: [LinePlot.Line], height: Double) -> LinePlot {
        let values = lines.flatMap(\.points).compactMap(\.y).filter(\.isFinite)
        let isWide = (values.min() ?? 0) > 0 && (values.max() ?? 0) > 50 * (values.min() ?? 0)
        let last = Double(rows.map(\.step).max() ?? 0)
        return LinePlot(
            title: title, x: PlotAxis("step", range: last > 0 ? 0...last : nil),
            y: PlotAxis(yTitle, scale: isWide ? .logarithmic : .linear), lines: lines, style: .equal,
            size: (560, height))
    }
}
