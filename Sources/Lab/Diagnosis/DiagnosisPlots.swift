package import Plots

extension Diagnosis {
    /// The pictures, by the names of their files.
    package var pictures: [(name: String, svg: String)] {
        [
            ("learning-curve.svg", learningCurvePlot.svg), ("gap.svg", LinePlot.stacked(epochPlots)),
            ("bias-variance.svg", biasVarianceChart.svg), ("cross-validation.svg", foldChart.svg),
            ("label-noise.svg", noisePlot.svg), ("remedies.svg", remedyChart.svg),
            ("remedy-changes.svg", remedyChangeChart.svg),
        ]
    }

    package var learningCurvePlot: LinePlot {
        func line(_ name: String, _ figure: (LearningCurve.Point) -> Estimate) -> LinePlot.Line {
            LinePlot.Line(
                name: name,
                points: learningCurve.points.map { (x: Double($0.samples), y: 100 * figure($0).value) },
                drawing: .lineWithPoints,
                band: learningCurve.points.map { point in
                    (x: Double(point.samples), low: 100 * figure(point).lower, high: 100 * figure(point).upper)
                })
        }
        return LinePlot(
            title: "Learning curve: mean of \(seeds) seeds, 95 % intervals", x: PlotAxis("training samples"),
            y: PlotAxis("error", unit: "%"),
            lines: [line("validation", \.validation), line("training", \.training)], style: .equal)
    }

    /// Losses with the range of the seeds, errors, and the gap between the errors.
    package var epochPlots: [LinePlot] {
        let points = epochCurve.points
        func line(_ name: String, _ figure: (EpochCurve.Point) -> Double) -> LinePlot.Line {
            LinePlot.Line(name: name, points: points.map { (x: Double($0.epoch), y: figure($0)) })
        }
        var loss = line("validation", \.validationLoss.value)
        loss.band = points.map {
            (x: Double($0.epoch), low: $0.validationLoss.lower, high: $0.validationLoss.upper)
        }
        let size = (width: 480.0, height: 200.0)
        return [
            LinePlot(
                title: "Loss over the epochs: mean and range of \(seeds) seeds", x: PlotAxis("epoch"),
                y: PlotAxis("cross-entropy", unit: "nats"), lines: [loss, line("training", \.trainingLoss)],
                style: .equal, size: size),
            LinePlot(
                title: "Error and gap over the epochs", x: PlotAxis("epoch"), y: PlotAxis("error", unit: "%"),
                lines: [
                    line("validation") { 100 * $0.validation }, line("training") { 100 * $0.training },
                    line("gap") { 100 * $0.gap },
                ], style: .equal, size: size),
        ]
    }

    package var biasVarianceChart: BarChart {
        func row(_ name: String, _ estimate: Estimate) -> BarChart.Row { percentRow(name, [estimate]) }
        return BarChart(
            title: "Bias and variance: \(biasVariance.replicates) bootstraps",
            axis: PlotAxis("of the validation samples", unit: "%"),
            rows: [
                row("error", biasVariance.error), row("bias", biasVariance.bias),
                row("net variance", biasVariance.netVariance), row("variance", biasVariance.variance),
            ], series: ["decisions"], decimals: 1)
    }

    package var foldChart: BarChart {
        let folds = crossValidation.folds.enumerated().map { number, fold in
            BarChart.Row("fold \(number + 1)", values: [100 * fold.error])
        }
        return BarChart(
            title: "\(crossValidation.folds.count)-fold cross-validation", axis: PlotAxis("error", unit: "%"),
            rows: folds + [percentRow("mean", [crossValidation.error])], series: ["error"], decimals: 1)
    }

    package var noisePlot: LinePlot {
        let points = [(0.0, validation)] + labelNoise.probes.map { ($0.share, $0.validation) }
        return LinePlot(
            title: "Training labels made wrong: mean of \(seeds) seeds, 95 % intervals",
            x: PlotAxis("wrong training labels", unit: "%"), y: PlotAxis("share", unit: "%"),
            lines: [
                LinePlot.Line(
                    name: "validation error", points: points.map { (x: 100 * $0.0, y: 100 * $0.1.value) },
                    drawing: .lineWithPoints,
                    band: points.map { (x: 100 * $0.0, low: 100 * $0.1.lower, high: 100 * $0.1.upper) }),
                LinePlot.Line(
                    name: "wrong labels learned by heart",
                    points: labelNoise.probes.map { (x: 100 * $0.share, y: 100 * $0.memorized) },
                    drawing: .lineWithPoints),
            ], style: .equal)
    }

    /// Training and validation error of each remedy, and the gap.
    package var remedyChart: BarChart {
        BarChart(
            title: "Remedies, each alone: errors, 95 % intervals", axis: PlotAxis("of the samples", unit: "%"),
            rows: [percentRow("baseline", [validation, training, gap])]
                + remedies.map { percentRow($0.title, [$0.validation, $0.training, $0.gap]) },
            series: ["validation error", "training error", "gap"], decimals: 1)
    }

    package var remedyChangeChart: BarChart {
        BarChart(
            title: "Remedies: change against the baseline, 95 % intervals (left is better)",
            axis: PlotAxis("change", unit: "points"),
            rows: remedies.map { percentRow($0.title, [$0.validationChange, $0.gapChange]) },
            series: ["validation error", "gap"], decimals: 1)
    }

    private func percentRow(_ name: String, _ estimates: [Estimate]) -> BarChart.Row {
        BarChart.Row(
            name, values: estimates.map { 100 * $0.value },
            intervals: estimates.map { 100 * max($0.lower, -10)...100 * min(max($0.upper, $0.lower), 10) })
    }
}
