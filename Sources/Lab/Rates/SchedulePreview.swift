import Plots
package import Training

/// What a schedule does over a training, for people.
package struct SchedulePreview: Sendable {
    package let text: String
    package let schedule: Schedule
    package let steps: Int

    /// The steps that are shown at most.
    package static let longest = 10_000_000

    /// - Parameter steps: nil: those after which nothing changes any more, or 1000 where there is no such number.
    package init(_ text: String, steps: Int? = nil) throws(ScheduleTextError) {
        self.text = text
        schedule = try Schedule(text)
        let warmup = schedule.warmup?.steps ?? 0
        let length = schedule.curve.length.map { $0 > 0 ? min($0, Self.longest) + min(warmup, Self.longest) : 0 } ?? 0
        let usual = length > 0 ? length : max(1000, 2 * min(warmup, Self.longest))
        self.steps = min(max(steps ?? usual, 1), Self.longest)
    }

    /// The steps of a curve of at most so many points, the first and the last one among them.
    func samples(_ count: Int) -> [Int] {
        guard steps > count else { return Array(0...steps) }
        return (0...count).map { $0 * steps / count }
    }

    /// The rate over the steps, and the momentum where the schedule has one.
    package var svg: String {
        let places = samples(1000)
        let x = PlotAxis("step", range: 0...Double(steps))
        func line(_ value: (Int) -> Double?) -> [LinePlot.Line] {
            [.init(name: "", points: places.map { (x: Double($0), y: value($0)) })]
        }
        let rates = places.map { schedule.rate(step: $0) }.sorted()
        let highest = rates.last ?? 0
        // A short end near 0 is no reason to hide the shape of the rest.
        let isWide = rates[0] > 0 && highest > 30 * rates[rates.count / 2]
        // Words stand above the curve.
        let range = isWide || highest <= 0 ? nil : 0...highest * 1.15
        var plots = [
            LinePlot(
                title: text, x: x, y: PlotAxis("learning rate", scale: isWide ? .logarithmic : .linear, range: range),
                lines: line { schedule.rate(step: $0) }, style: .equal, size: (560, 240))
        ]
        if let warmup = schedule.warmup, warmup.steps > 0, warmup.steps < steps {
            plots[0].markers = [.init(x: Double(warmup.steps), label: "warm-up ends: \(warmup.steps)")]
        }
        if schedule.momentum(step: 0) != nil {
            plots.append(
                LinePlot(
                    title: "Momentum", x: x, y: PlotAxis("momentum"), lines: line { schedule.momentum(step: $0) },
                    style: .equal, size: (560, 140)))
        }
        return LinePlot.stacked(plots)
    }

    /// The rates at eleven even places.
    package var rows: [(step: Int, rate: Double, momentum: Double?)] {
        samples(10).map { ($0, schedule.rate(step: $0), schedule.momentum(step: $0)) }
    }

    package var table: String {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        let hasMomentum = schedule.momentum(step: 0) != nil
        let width = max("\(steps)".count, 4)
        var table = padded("step", width) + padded("rate", 12) + (hasMomentum ? padded("momentum", 12) : "") + "\n"
        for row in rows {
            table += padded("\(row.step)", width) + padded(PlotAxis.short(row.rate), 12)
            if hasMomentum { table += padded(row.momentum.map { PlotAxis.short($0) } ?? "–", 12) }
            table += "\n"
        }
        if schedule.plateau != nil { table += "the plateau rule lowers these when the validation loss stands still\n" }
        return table
    }
}
