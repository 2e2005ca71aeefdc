import Plots

/// The curves of a classifier as texts for files: precision over recall, true over false positive rate, and both with F1
/// over the threshold; a CSV and an SVG each.
package struct ClassifierFiles: Sendable {
    /// The names of the files and what is in them.
    package let files: [(name: String, content: String)]

    /// The files of evaluations, one for each class, by name.
    package init(_ classes: [(name: String, evaluation: ClassifierEvaluation)]) {
        func number(_ value: Double) -> String { CurveFiles.number(value, decimals: 3) }
        func short(_ name: String) -> String { name.count > 18 ? name.prefix(17) + "…" : name }
        var ranked: [LinePlot.Line] = []
        var roc: [LinePlot.Line] = []
        for (name, evaluation) in classes {
            ranked.append(
                LinePlot.Line(
                    name: "\(short(name)), AP \(number(evaluation.averagePrecision))",
                    points: Self.thinned(evaluation.steps)))
            roc.append(
                LinePlot.Line(
                    name: "\(short(name)), AUC \(number(evaluation.areaUnderROC))", points: Self.thinned(evaluation.roc)
                ))
        }
        if classes.count == 1 {
            let rate = classes[0].evaluation.baseRate
            ranked.append(
                LinePlot.Line(
                    name: "guessing, AP \(number(rate))", points: [(x: 0, y: rate), (x: 1, y: rate)], drawing: .dashed))
            roc.append(
                LinePlot.Line(name: "guessing, AUC 0.5", points: [(x: 0, y: 0), (x: 1, y: 1)], drawing: .dashed))
        }
        func plot(_ title: String, _ x: String, _ y: String, _ lines: [LinePlot.Line]) -> String {
            LinePlot(
                title: title, x: PlotAxis(x, range: 0...1), y: PlotAxis(y, range: 0...1), lines: lines,
                style: classes.count == 1 ? .mainFirst : .equal, othersName: "classes"
            ).svg
        }
        files = [
            ("thresholds.csv", Self.csv(classes)),
            ("precision-recall.svg", plot("Precision over recall", "recall", "precision", ranked)),
            ("roc.svg", plot("ROC", "false positive rate", "recall", roc)),
            ("thresholds.svg", Self.thresholds(classes)),
        ]
    }

    /// Every threshold of every class: what all curves are made of.
    private static func csv(_ classes: [(name: String, evaluation: ClassifierEvaluation)]) -> String {
        var text = "class,threshold,true_positives,false_positives,precision,recall,false_positive_rate,f1\n"
        for (name, evaluation) in classes {
            let name = CurveFiles.field(name)
            for point in evaluation.points {
                let at = evaluation.operatingPoint(point)
                text += "\(name),\(point.threshold),\(at.truePositives),\(at.falsePositives)"
                for value in [at.precision ?? 0, at.recall, at.falsePositiveRate, at.f1] {
                    text += "," + CurveFiles.number(value, decimals: 6)
                }
                text += "\n"
            }
        }
        return text
    }

    /// Precision, recall and F1 over the threshold; of several classes F1 alone.
    private static func thresholds(_ classes: [(name: String, evaluation: ClassifierEvaluation)]) -> String {
        var lines: [LinePlot.Line] = []
        for (name, evaluation) in classes {
            let points = evaluation.points.reversed().map { evaluation.operatingPoint($0) }
            func line(_ name: String, _ value: (ClassifierEvaluation.OperatingPoint) -> Double?) -> LinePlot.Line {
                LinePlot.Line(name: name, points: thinned(points.map { (x: $0.threshold ?? 0, y: value($0)) }))
            }
            lines.append(line(classes.count == 1 ? "F1" : name, \.f1))
            guard classes.count == 1 else { continue }
            lines += [line("precision", \.precision), line("recall", \.recall)]
        }
        return LinePlot(
            title: classes.count == 1 ? "Precision, recall and F1 over the threshold" : "F1 over the threshold",
            x: PlotAxis("threshold"), y: PlotAxis("share", range: 0...1), lines: lines,
            style: classes.count == 1 ? .mainFirst : .equal, othersName: "classes"
        ).svg
    }

    /// At most some two thousand points, the first and the last among them.
    private static func thinned(_ points: [(x: Double, y: Double?)]) -> [(x: Double, y: Double?)] {
        let step = points.count / 2000 + 1
        guard step > 1, let last = points.last else { return points }
        return stride(from: 0, to: points.count, by: step).map { points[$0] } + [last]
    }
}

extension ClassifierEvaluation {
    /// Precision over recall as steps: the area below is average precision.
    fileprivate var steps: [(x: Double, y: Double?)] {
        var (steps, recall) = ([(x: Double, y: Double?)](), 0.0)
        for point in points {
            let now = operatingPoint(point)
            guard now.recall > recall else { continue }
            steps += [(x: recall, y: now.precision), (x: now.recall, y: now.precision)]
            recall = now.recall
        }
        return steps
    }

    /// Recall over false positive rate.
    fileprivate var roc: [(x: Double, y: Double?)] {
        [(x: 0, y: 0)]
            + points.map {
                (x: Double($0.falsePositives) / Double(negatives), y: Double($0.truePositives) / Double(positives))
            }
    }
}
