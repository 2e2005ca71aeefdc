/// A plot of lines as SVG: self-contained, with axes, grid and legend.
///
/// The first line is drawn last, wide and dark. Others are thin: with up to ten of them each has a colour and a line in
/// the legend, more are drawn in one gray.
package struct LinePlot: Sendable {
    /// A line through points; where a point is missing the line is broken.
    package struct Line: Sendable {
        /// What the legend says.
        package var name: String
        /// The points, by rising x.
        package var points: [(x: Double, y: Double?)]

        /// A line.
        package init(name: String, points: [(x: Double, y: Double?)]) {
            self.name = name
            self.points = points
        }
    }

    /// A point to be marked on the first line.
    package struct Mark: Sendable {
        package var x: Double
        package var y: Double
        package var label: String

        /// A marked point.
        package init(x: Double, y: Double, label: String) {
            self.x = x
            self.y = y
            self.label = label
        }
    }

    /// What stands above the plot.
    package var title: String
    /// What stands below the horizontal axis.
    package var xLabel: String
    /// What stands beside the vertical axis.
    package var yLabel: String
    /// The horizontal axis.
    package var xRange: ClosedRange<Double>
    /// The lines, the main one first.
    package var lines: [Line]
    /// A point of the main line.
    package var mark: Mark?

    /// A plot; the vertical axis goes from 0 to 1.
    package init(
        title: String, xLabel: String, yLabel: String, xRange: ClosedRange<Double> = 0...1, lines: [Line],
        mark: Mark? = nil
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.xRange = xRange
        self.lines = lines
        self.mark = mark
    }

    private static let colours = [
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#7f3c8d", "#11a579", "#b8860b",
    ]
    private static let (left, top, width, height) = (64.0, 44.0, 480.0, 360.0)
    private static let right = 220.0

    /// The picture.
    package var svg: String {
        let (left, top, width, height) = (Self.left, Self.top, Self.width, Self.height)
        let full = (width: left + width + Self.right, height: top + height + 56)
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(full.width)) \(Self.number(full.height))" \
            width="\(Self.number(full.width))" height="\(Self.number(full.height))" \
            font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333333">
            <rect width="100%" height="100%" fill="#ffffff"/>
            \(Self.text(title, x: left, y: top - 18, more: #"font-size="15" font-weight="bold""#))

            """
        svg += axes()
        svg += Self.text(xLabel, x: left + width / 2, y: top + height + 42, more: #"text-anchor="middle""#) + "\n"
        svg +=
            Self.text(
                yLabel, x: 0, y: 0,
                more: "text-anchor=\"middle\" transform=\"translate(18 \(Self.number(top + height / 2))) rotate(-90)\"")
            + "\n"
        let isColoured = lines.count - 1 <= Self.colours.count
        for (index, line) in lines.enumerated().dropFirst() {
            svg += path(
                line, colour: isColoured ? Self.colours[index - 1] : "#9aa5b1",
                more: isColoured ? #"stroke-width="1.4""# : #"stroke-width="0.8" stroke-opacity="0.55""#)
        }
        if let main = lines.first { svg += path(main, colour: "#111111", more: #"stroke-width="2.6""#) }
        if let mark { svg += draw(mark) }
        return svg + legend(isColoured: isColoured) + "</svg>\n"
    }

    private func x(_ value: Double) -> Double {
        Self.left + (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * Self.width
    }

    private func y(_ value: Double) -> Double { Self.top + (1 - value) * Self.height }

    private func axes() -> String {
        let (left, top, width, height) = (Self.left, Self.top, Self.width, Self.height)
        var svg = ""
        for step in 0...5 {
            let share = Double(step) / 5
            let value = xRange.lowerBound + share * (xRange.upperBound - xRange.lowerBound)
            let (across, up) = (Self.number(x(value)), Self.number(y(share)))
            svg += "<path d=\"M\(across) \(Self.number(top))v\(Self.number(height))"
            svg += "M\(Self.number(left)) \(up)h\(Self.number(width))\" stroke=\"#e3e6ea\" fill=\"none\"/>\n"
            svg +=
                Self.text(
                    Self.tick(value), x: x(value), y: top + height + 18, more: #"text-anchor="middle""#) + "\n"
            svg += Self.text(Self.tick(share), x: left - 8, y: y(share) + 4, more: #"text-anchor="end""#) + "\n"
        }
        svg += "<path d=\"M\(Self.number(left)) \(Self.number(top))v\(Self.number(height))h\(Self.number(width))\" "
        return svg + "stroke=\"#333333\" fill=\"none\"/>\n"
    }

    private func path(_ line: Line, colour: String, more: String) -> String {
        var data = ""
        for run in line.points.split(whereSeparator: { $0.y == nil }) {
            var isDown = false
            let places = run.map { (x: x($0.x), y: (y($0.y ?? 0) * 10).rounded() / 10) }
            for (index, place) in places.enumerated() {
                // Inside a level stretch there is nothing to draw.
                let isLevel =
                    index > 0 && index + 1 < places.count && places[index - 1].y == place.y
                    && places[index + 1].y == place.y
                if isLevel { continue }
                data += "\(isDown ? "L" : "M")\(Self.number((place.x * 10).rounded() / 10)) \(Self.number(place.y))"
                isDown = true
            }
        }
        guard !data.isEmpty else { return "" }
        return """
            <path d="\(data)" fill="none" stroke="\(colour)" stroke-linejoin="round" \(more)>\
            <title>\(Self.escaped(line.name))</title></path>

            """
    }

    private func draw(_ mark: Mark) -> String {
        let isRight = x(mark.x) > Self.left + Self.width * 0.6
        let isHigh = mark.y > 0.85
        let place = (x: x(mark.x) + (isRight ? -9 : 9), y: y(mark.y) + (isHigh ? 20 : -9))
        let style = "text-anchor=\"\(isRight ? "end" : "start")\" font-weight=\"bold\""
        // A white copy below keeps the words readable on the lines.
        let halo = style + #" stroke="white" stroke-width="4" stroke-linejoin="round""#
        return """
            <circle cx="\(Self.number(x(mark.x)))" cy="\(Self.number(y(mark.y)))" r="4.5" fill="#ffffff" \
            stroke="#111111" stroke-width="2"/>
            \(Self.text(mark.label, x: place.x, y: place.y, more: halo))
            \(Self.text(mark.label, x: place.x, y: place.y, more: style))

            """
    }

    private func legend(isColoured: Bool) -> String {
        var entries: [(name: String, colour: String, width: Double)] = []
        if let main = lines.first { entries.append((main.name, "#111111", 2.6)) }
        if isColoured {
            entries += zip(lines.dropFirst(), Self.colours).map { ($0.name, $1, 1.4) }
        } else {
            entries.append(("\(lines.count - 1) classes", "#9aa5b1", 1))
        }
        var svg = ""
        for (index, entry) in entries.enumerated() {
            let y = Self.top + 8 + Double(index) * 20
            let x = Self.left + Self.width + 16
            svg += """
                <path d="M\(Self.number(x)) \(Self.number(y))h20" stroke="\(entry.colour)" \
                stroke-width="\(Self.number(entry.width))"/>
                \(Self.text(Self.shortened(entry.name), x: x + 27, y: y + 4))

                """
        }
        return svg
    }

    private static func text(_ text: String, x: Double, y: Double, more: String = "") -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\"\(more.isEmpty ? "" : " " + more)>\(escaped(text))</text>"
    }

    private static func shortened(_ name: String) -> String {
        name.count > 30 ? name.prefix(29) + "…" : name
    }

    private static func tick(_ value: Double) -> String {
        let text = number(value)
        return text.hasPrefix("-") || text.contains(".") || abs(value) > 1 ? text : text + ".0"
    }

    /// A number with at most two decimals, the same in every locale.
    private static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0" }
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }

    /// A text as XML may hold it.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
