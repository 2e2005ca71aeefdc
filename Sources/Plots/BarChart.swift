/// Horizontal bars as SVG, with a row for each category: what each of some things is worth.
///
///     let chart = BarChart(
///         title: "Without one operation", axis: PlotAxis("change of AP50", unit: "points"),
///         rows: [.init("mosaic", values: [-2.1], intervals: [-2.8 ... -1.4]), …], series: ["AP50"])
package struct BarChart: Sendable {
    /// A category with a value of each series; nil where there is none.
    package struct Row: Sendable {
        package var name: String
        package var values: [Double?]
        /// Whiskers, such as confidence intervals; may be fewer than the values.
        package var intervals: [ClosedRange<Double>?]

        /// A row of bars.
        package init(_ name: String, values: [Double?], intervals: [ClosedRange<Double>?] = []) {
            self.name = name
            self.values = values
            self.intervals = intervals
        }
    }

    package var title: String
    /// A linear axis; it contains 0 unless it has a range of its own.
    package var axis: PlotAxis
    package var rows: [Row]
    /// The names of the series.
    package var series: [String]
    /// The decimals of the numbers at the rows' ends.
    package var decimals: Int

    /// A chart.
    package init(title: String, axis: PlotAxis, rows: [Row], series: [String], decimals: Int = 2) {
        self.title = title
        self.axis = axis
        self.rows = rows
        self.series = series
        self.decimals = decimals
    }

    private static let (top, width, barHeight) = (44.0, 420.0, 14.0)
    /// Where the numbers end, right of the axis.
    private static let column = 60.0

    /// The picture.
    package var svg: String {
        let (top, width, barHeight) = (Self.top, Self.width, Self.barHeight)
        let values = rows.flatMap(\.values).compactMap(\.self)
        let whiskers = rows.flatMap(\.intervals).compactMap(\.self).flatMap { [$0.lowerBound, $0.upperBound] }
        var linear = axis
        linear.scale = .linear
        let fitted = FittedAxis(linear, values: values + whiskers + [0])
        func place(_ value: Double) -> Double { min(max(fitted.share(value) ?? 0, 0), 1) * width }
        let left = 24 + Double(rows.map { SVG.shortened($0.name).count }.max() ?? 0) * SVG.letterWidth
        let rowHeight = Double(max(series.count, 1)) * barHeight + 10
        let height = Double(max(rows.count, 1)) * rowHeight + 8
        let legendLetters = series.count > 1 ? series.map { SVG.shortened($0).count }.max() ?? 0 : 0
        let right = Self.column + 16 + (legendLetters > 0 ? 48 + Double(legendLetters) * SVG.letterWidth : 0)

        var svg = SVG.text(title, x: 16, y: top - 18, more: #"font-size="15" font-weight="bold""#) + "\n"
        for tick in fitted.ticks {
            let across = left + place(tick.value)
            let line = "M\(SVG.number(across)) \(SVG.number(top))v\(SVG.number(height))"
            svg += "<path d=\"\(line)\" stroke=\"#e3e6ea\" fill=\"none\"/>\n"
            svg += SVG.text(tick.label, x: across, y: top + height + 18, more: #"text-anchor="middle""#) + "\n"
        }
        let label = axis.label
        svg += SVG.text(label, x: left + width / 2, y: top + height + 42, more: #"text-anchor="middle""#) + "\n"
        for (index, row) in rows.enumerated() {
            let y = top + 9 + Double(index) * rowHeight
            let middle = y + (rowHeight - 10) / 2 + 4
            svg += SVG.text(SVG.shortened(row.name), x: left - 8, y: middle, more: #"text-anchor="end""#) + "\n"
            for (place0, value) in row.values.prefix(max(series.count, 1)).enumerated() {
                guard let value, value.isFinite else { continue }
                let interval = place0 < row.intervals.count ? row.intervals[place0] : nil
                svg += bar(value, interval, y: y + Double(place0) * barHeight, series: place0, left: left, place)
            }
        }
        let zero = SVG.number(left + place(0))
        svg += "<path d=\"M\(zero) \(SVG.number(top))v\(SVG.number(height))\" stroke=\"#333333\" fill=\"none\"/>\n"
        if series.count > 1 { svg += legend(x: left + width + Self.column + 20) }
        return SVG.picture(width: left + width + right, height: top + height + 56, content: svg)
    }

    private func bar(
        _ value: Double, _ interval: ClosedRange<Double>?, y: Double, series: Int, left: Double,
        _ place: (Double) -> Double
    ) -> String {
        let (from, to) = (place(min(value, 0)), place(max(value, 0)))
        var svg = """
            <rect x="\(SVG.number(left + from))" y="\(SVG.number(y))" width="\(SVG.number(to - from))" \
            height="\(SVG.number(Self.barHeight - 2))" fill="\(SVG.colours[series % SVG.colours.count])"/>

            """
        if let interval {
            let (low, high) = (place(interval.lowerBound), place(interval.upperBound))
            let middle = y + Self.barHeight / 2 - 1
            svg += "<path d=\"M\(SVG.number(left + low)) \(SVG.number(middle))H\(SVG.number(left + high))"
            for edge in [low, high] { svg += "M\(SVG.number(left + edge)) \(SVG.number(middle - 3))v6" }
            svg += "\" stroke=\"#111111\" fill=\"none\"/>\n"
        }
        // In a column of their own the numbers are in nothing's way.
        return svg
            + SVG.text(
                FittedAxis.fixed(value, decimals: decimals), x: left + Self.width + Self.column,
                y: y + Self.barHeight - 4,
                more: #"text-anchor="end" font-size="11""#) + "\n"
    }

    private func legend(x: Double) -> String {
        var svg = ""
        for (index, name) in series.enumerated() {
            let y = Self.top + 8 + Double(index) * 20
            svg += "<rect x=\"\(SVG.number(x))\" y=\"\(SVG.number(y - 6))\" width=\"20\" height=\"12\" "
            svg += "fill=\"\(SVG.colours[index % SVG.colours.count])\"/>\n"
            svg += SVG.text(SVG.shortened(name), x: x + 27, y: y + 4) + "\n"
        }
        return svg
    }
}
