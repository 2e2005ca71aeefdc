extension Diagnosis {
    /// The report for people: a section for each measurement, the verdict last. Errors are shares of the samples, in
    /// percent; differences are in points; brackets are intervals of 95 %.
    package var text: String {
        var lines = [
            "\(trainingCount) training and \(validationCount) validation samples, \(classNames.count) classes, "
                + "\(epochs) epochs, \(seeds) seeds",
            "always the most frequent class: error \(percent(chance))",
            "",
            "error: training \(percent(training)), validation \(percent(validation)), gap \(points(gap))",
        ]
        func section(_ title: String, _ table: [[String]], _ notes: [String] = []) {
            lines += ["", title] + aligned(table) + notes.map { "  " + $0 }
        }
        section(
            "Learning curve (as many steps at each point)",
            [["samples", "training", "validation"]]
                + learningCurve.points.map { [String($0.samples), percent($0.training), percent($0.validation)] },
            ["each doubling of the samples: \(signedPoints(learningCurve.changePerDoubling))"])
        section(
            "Over the epochs",
            [["epoch", "training loss", "validation loss", "training", "validation", "gap"]]
                + shownEpochs.map { point in
                    [
                        String(point.epoch), formatted(point.trainingLoss, 3),
                        formatted(point.validationLoss.value, 3), percent(point.training), percent(point.validation),
                        signed(point.gap),
                    ]
                })
        section(
            "Bias and variance over \(biasVariance.replicates) bootstraps",
            [
                ["", "error", "bias", "net variance", "variance"],
                ["decisions"]
                    + [biasVariance.error, biasVariance.bias, biasVariance.netVariance, biasVariance.variance]
                    .map { formatted(100 * $0.value, 1) + " " + bracket($0, signed: false) },
                ["Brier score"]
                    + [biasVariance.brier, biasVariance.brierBias, biasVariance.brierVariance]
                    .map { formatted($0.value, 3) },
            ])
        section(
            "\(crossValidation.folds.count)-fold cross-validation",
            [crossValidation.folds.map { percent($0.error) }],
            ["mean \(percent(crossValidation.error))"]
                + (crossValidation.smallClasses.isEmpty
                    ? []
                    : ["fewer samples than folds: " + crossValidation.smallClasses.joined(separator: ", ")]))
        section(
            "Label noise",
            [["labels made wrong", "validation", "of them learned by heart"], ["0 %", percent(validation), ""]]
                + labelNoise.probes.map { [percent($0.share), percent($0.validation), percent($0.memorized)] },
            suspectLines)
        section(
            "Remedies, each alone; changes against the baseline",
            [["", "", "training", "validation", "gap", "validation changes by", "gap changes by"]]
                + [["baseline", "", percent(training.value), percent(validation.value), signed(gap.value), "", ""]]
                + remedies.map { outcome in
                    [
                        outcome.remedy.title, outcome.detail, percent(outcome.training.value),
                        percent(outcome.validation.value), signed(outcome.gap.value),
                        signed(outcome.validationChange.value) + " " + bracket(outcome.validationChange, signed: true),
                        signed(outcome.gapChange.value) + " " + bracket(outcome.gapChange, signed: true),
                    ]
                })
        lines += ["", "Verdict: " + verdict.finding, "Next: " + verdict.nextAction]
        if let effect = verdict.measuredEffect { lines.append("Measured: " + effect + ".") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Some epochs, the first and the last among them.
    private var shownEpochs: [EpochCurve.Point] {
        let points = epochCurve.points
        let step = max(1, (points.count + 7) / 8)
        return points.filter { ($0.epoch % step == 0 && points.count - $0.epoch >= step) || $0.epoch == 1 }
            + (points.count > 1 ? points.suffix(1) : [])
    }

    private var suspectLines: [String] {
        let shown = labelNoise.suspects.prefix(10)
        guard !shown.isEmpty else { return ["no label is contradicted with confidence"] }
        return ["\(labelNoise.suspects.count) labels are contradicted with confidence, \(percent(labelNoise.share)):"]
            + aligned(
                shown.map { suspect in
                    [
                        suspect.name.split(separator: "/").last.map(String.init) ?? "", "labelled \(suspect.label)",
                        "rather \(suspect.suggestion)",
                        "\(percent(suspect.probability)) against \(percent(suspect.labelProbability))",
                    ]
                })
            + (shown.count < labelNoise.suspects.count ? ["  …"] : [])
    }
}

/// Columns as wide as their widest cell: the first on the left, numbers behind it.
private func aligned(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
        var line = "  "
        for (column, cell) in row.enumerated() {
            line += cell + String(repeating: " ", count: widths[column] - cell.count + 2)
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
