extension Bootstrap {
    /// Estimates of the areas under a classifier's curves.
    package struct AreaEstimates: Hashable, Sendable, Codable {
        /// Average precision.
        package var averagePrecision: Estimate
        /// The area under the ROC curve.
        package var areaUnderROC: Estimate
    }

    /// The intervals of the areas of each class, and of their mean over the classes; the rows are drawn, the same for all
    /// classes. In a draw without a positive row, or without a negative one, a class has no area and stays out of the
    /// mean. `nil` without resamples.
    ///
    /// - Parameter classes: Evaluations of the same rows, one for each class.
    package func intervals(
        of classes: [ClassifierEvaluation]
    ) -> (classes: [AreaEstimates?], mean: AreaEstimates?) {
        guard resamples > 0, let rows = classes.first?.ranking.count else {
            return (classes.map { _ in nil }, nil)
        }
        precondition(classes.allSatisfy { $0.ranking.count == rows }, "classes of the same rows")
        let draws = eachResample(of: rows, state: {}) { _, weights in
            classes.map { $0.areas(weights: weights) }
        }
        let whole = classes.map { $0.areas(weights: nil) }
        let each = classes.indices.map { index in
            Self.estimates(of: whole[index], draws: draws.map { $0[index] })
        }
        return (each, Self.estimates(of: Self.mean(whole), draws: draws.map(Self.mean)))
    }

    private typealias Areas = (averagePrecision: Double, areaUnderROC: Double)

    private static func mean(_ areas: [Areas?]) -> Areas? {
        let areas = areas.compactMap(\.self)
        guard !areas.isEmpty else { return nil }
        let sum = areas.reduce((0.0, 0.0)) { ($0.0 + $1.averagePrecision, $0.1 + $1.areaUnderROC) }
        return (sum.0 / Double(areas.count), sum.1 / Double(areas.count))
    }

    private static func estimates(of whole: Areas?, draws: [Areas?]) -> AreaEstimates? {
        guard let whole,
            let precision = Estimate(
                value: whole.averagePrecision, samples: draws.compactMap { $0?.averagePrecision }),
            let roc = Estimate(value: whole.areaUnderROC, samples: draws.compactMap { $0?.areaUnderROC })
        else { return nil }
        return AreaEstimates(averagePrecision: precision, areaUnderROC: roc)
    }
}
