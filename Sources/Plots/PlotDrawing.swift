/// A plot on its way to SVG: the axes are fitted and every point has a place. The left end of the horizontal axis is
/// x = 0.
struct PlotDrawing {
    private let plot: LinePlot
    private let x: FittedAxis
    private let y: FittedAxis
    private static let top = 44.0

    init(_ plot: LinePlot) {
        self.plot = plot
        let points = plot.lines.lazy.flatMap(\.points)
        let bands = plot.lines.lazy.flatMap(\.band)
        let marks = plot.marks
        x = FittedAxis(
            plot.x,
            values: points.compactMap { $0.y == nil ? nil : $0.x } + bands.map(\.x) + marks.map(\.x)
                + plot.markers.map(\.x))
        y = FittedAxis(
            plot.y, values: points.compactMap(\.y) + bands.flatMap { [$0.low, $0.high] } + marks.map(\.y))
    }

    /// What the numbers and the title of the vertical axis take.
    var leftMargin: Double {
        let letters = y.ticks.map(\.label.count).max() ?? 0
        return max(64, 40 + Double(letters) * SVG.letterWidth)
    }

    /// To the right of the vertical axis, with the legend.
    var width: Double {
        let letters = legend.map { SVG.shortened($0.name).count }.max() ?? 0
        return plot.size.width + (legend.isEmpty ? 28 : 56 + Double(letters) * SVG.letterWidth)
    }

    var height: Double { Self.top + plot.size.height + 56 }

    var content: String {
        let (width, height) = plot.size
        var svg = SVG.text(plot.title, x: 0, y: Self.top - 18, more: #"font-size="15" font-weight="bold""#) + "\n"
        svg += grid
        svg +=
            SVG.text(
                plot.x.label, x: width / 2, y: Self.top + height + 42, more: #"text-anchor="middle""#) + "\n"
        let turn = "translate(\(SVG.number(18 - leftMargin)) \(SVG.number(Self.top + height / 2))) rotate(-90)"
        svg += SVG.text(plot.y.label, x: 0, y: 0, more: "text-anchor=\"middle\" transform=\"\(turn)\"") + "\n"
        // What lies outside of the axes is cut off, half a line's width behind them.
        let size = "width=\"\(SVG.number(width + 4))\" height=\"\(SVG.number(height + 4))\""
        svg += "<svg x=\"-2\" y=\"\(SVG.number(Self.top - 2))\" \(size)><g transform=\"translate(2 2)\">\n"
        for index in drawingOrder { svg += band(plot.lines[index].band, colour: look(index).colour) }
        for index in drawingOrder { svg += draw(plot.lines[index], look(index)) }
        svg += "</g></svg>\n"
        svg += markers
        for mark in plot.marks { svg += draw(mark) }
        return svg + legendText
    }

    // MARK: Places

    /// Right of the vertical axis, in pixels.
    private func place(x value: Double) -> Double? { x.share(value).map { $0.clampedToPlot * plot.size.width } }

    /// Below the upper end of the vertical axis, in pixels.
    private func place(y value: Double) -> Double? { y.share(value).map { (1 - $0.clampedToPlot) * plot.size.height } }

    // MARK: Axes

    private var grid: String {
        let (width, height) = plot.size
        let (top, bottom) = (SVG.number(Self.top), Self.top + height)
        var svg = ""
        var (major, minor) = ("", "")
        for value in x.minorTicks { minor += "M\(SVG.number(place(x: value) ?? 0)) \(top)v\(SVG.number(height))" }
        for value in y.minorTicks {
            minor += "M0 \(SVG.number(Self.top + (place(y: value) ?? 0)))h\(SVG.number(width))"
        }
        for tick in x.ticks {
            let across = place(x: tick.value) ?? 0
            major += "M\(SVG.number(across)) \(top)v\(SVG.number(height))"
            svg += SVG.text(tick.label, x: across, y: bottom + 18, more: #"text-anchor="middle""#) + "\n"
        }
        for tick in y.ticks {
            let down = Self.top + (place(y: tick.value) ?? 0)
            major += "M0 \(SVG.number(down))h\(SVG.number(width))"
            svg += SVG.text(tick.label, x: -8, y: down + 4, more: #"text-anchor="end""#) + "\n"
        }
        if !minor.isEmpty { svg += "<path d=\"\(minor)\" stroke=\"#f2f4f6\" fill=\"none\"/>\n" }
        svg += "<path d=\"\(major)\" stroke=\"#e3e6ea\" fill=\"none\"/>\n"
        return svg
            + "<path d=\"M0 \(top)v\(SVG.number(height))h\(SVG.number(width))\" stroke=\"#333333\" fill=\"none\"/>\n"
    }

    // MARK: Lines

    private struct Look {
        var colour: String
        var width: Double
        var opacity = 1.0
    }

    private var isGray: Bool { plot.style == .mainFirst && plot.lines.count - 1 > SVG.colours.count }

    private func look(_ index: Int) -> Look {
        if plot.style == .equal { return Look(colour: SVG.colours[index % SVG.colours.count], width: 1.8) }
        if index == 0 { return Look(colour: "#111111", width: 2.6) }
        if isGray { return Look(colour: "#9aa5b1", width: 0.8, opacity: 0.55) }
        return Look(colour: SVG.colours[index - 1], width: 1.4)
    }

    /// The main line comes last.
    private var drawingOrder: [Int] {
        let all = Array(plot.lines.indices)
        return plot.style == .equal ? all : Array(all.dropFirst()) + all.prefix(1)
    }

    private func draw(_ line: LinePlot.Line, _ look: Look) -> String {
        var svg = ""
        var runs: [[(x: Double, y: Double)]] = [[]]
        for point in line.points {
            if let across = place(x: point.x), let down = point.y.flatMap(place(y:)) {
                runs[runs.count - 1].append(((across * 10).rounded() / 10, (down * 10).rounded() / 10))
            } else if runs.last?.isEmpty == false {
                runs.append([])
            }
        }
        if line.drawing != .points {
            let data = runs.map { Self.data(Self.thinned($0)) }.joined()
            let dashes = line.drawing == .dashed ? #" stroke-dasharray="6 4""# : ""
            let opacity = look.opacity < 1 ? " stroke-opacity=\"\(SVG.number(look.opacity))\"" : ""
            if !data.isEmpty {
                svg += """
                    <path d="\(data)" fill="none" stroke="\(look.colour)" stroke-linejoin="round" \
                    stroke-linecap="round" stroke-width="\(SVG.number(look.width))"\(opacity)\(dashes)>\
                    <title>\(SVG.escaped(line.name))</title></path>

                    """
            }
        }
        if line.drawing == .points || line.drawing == .lineWithPoints {
            let data = runs.joined().map { "M\(SVG.number($0.x)) \(SVG.number($0.y))h0" }.joined()
            if !data.isEmpty {
                svg += """
                    <path d="\(data)" fill="none" stroke="\(look.colour)" stroke-linecap="round" stroke-width="5">\
                    <title>\(SVG.escaped(line.name))</title></path>

                    """
            }
        }
        return svg
    }

    private static func data(_ places: [(x: Double, y: Double)]) -> String {
        var data = ""
        for (index, place) in places.enumerated() {
            // Inside a level stretch there is nothing to draw.
            let isLevel =
                index > 0 && index + 1 < places.count && places[index - 1].y == place.y
                && places[index + 1].y == place.y
            if isLevel { continue }
            data += "\(index == 0 ? "M" : "L")\(SVG.number(place.x)) \(SVG.number(place.y))"
        }
        // A lone point is a dot.
        return places.count == 1 ? data + "h0" : data
    }

    /// Of many points in one column of pixels the first, the lowest, the highest and the last are enough.
    private static func thinned(_ places: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        guard places.count > 4000 else { return places }
        var result: [(x: Double, y: Double)] = []
        var start = 0
        while start < places.count {
            var (end, low, high) = (start, start, start)
            while end + 1 < places.count, places[end + 1].x.rounded() == places[start].x.rounded() {
                end += 1
                if places[end].y < places[low].y { low = end }
                if places[end].y > places[high].y { high = end }
            }
            var kept = [start, min(low, high), max(low, high), end]
            kept = kept.enumerated().filter { $0.offset == 0 || kept[$0.offset - 1] != $0.element }.map(\.element)
            result += kept.map { places[$0] }
            start = end + 1
        }
        return result
    }

    private func band(_ band: [(x: Double, low: Double, high: Double)], colour: String) -> String {
        let places = band.compactMap { edge -> (x: Double, low: Double, high: Double)? in
            guard let across = place(x: edge.x), let high = place(y: edge.high) else { return nil }
            // A lower end that a logarithmic axis does not have lies below it.
            return (across, place(y: edge.low) ?? plot.size.height, high)
        }
        guard places.count > 1 else { return "" }
        let there = places.enumerated().map {
            "\($0.offset == 0 ? "M" : "L")\(SVG.number($0.element.x)) \(SVG.number($0.element.high))"
        }
        let back = places.reversed().map { "L\(SVG.number($0.x)) \(SVG.number($0.low))" }
        return "<path d=\"\(there.joined())\(back.joined())Z\" fill=\"\(colour)\" fill-opacity=\"0.16\"/>\n"
    }

    // MARK: Words

    /// Words that would stand on those of a marker to the left go one row down.
    private var markers: String {
        var (rules, words) = ("", "")
        var rowEnds: [Double] = []
        for marker in plot.markers.sorted(by: { $0.x < $1.x }) {
            guard let across = place(x: marker.x), across >= -1, across <= plot.size.width + 1 else { continue }
            let length = Double(marker.label.count) * SVG.letterWidth
            let isRight = across + 8 + length > plot.size.width
            let start = isRight ? across - 6 - length : across + 6
            let row = rowEnds.firstIndex { $0 < start } ?? rowEnds.count
            if row == rowEnds.count { rowEnds.append(0) }
            rowEnds[row] = max(across, start + length) + 6
            rules += "M\(SVG.number(across)) \(SVG.number(Self.top))v\(SVG.number(plot.size.height))"
            words += SVG.textOnLines(
                marker.label, x: across + (isRight ? -6 : 6), y: Self.top + 14 + Double(row) * 17,
                more: "text-anchor=\"\(isRight ? "end" : "start")\"")
        }
        guard !rules.isEmpty else { return "" }
        return "<path d=\"\(rules)\" stroke=\"#555555\" stroke-dasharray=\"4 3\" fill=\"none\"/>\n" + words
    }

    private func draw(_ mark: LinePlot.Mark) -> String {
        guard let across = place(x: mark.x), let down = place(y: mark.y) else { return "" }
        let isRight = across > plot.size.width * 0.6
        let isHigh = down < plot.size.height * 0.15
        return """
            <circle cx="\(SVG.number(across))" cy="\(SVG.number(Self.top + down))" r="4.5" fill="#ffffff" \
            stroke="#111111" stroke-width="2"/>

            """
                + SVG.textOnLines(
                    mark.label, x: across + (isRight ? -9 : 9), y: Self.top + down + (isHigh ? 20 : -9),
                    more: "text-anchor=\"\(isRight ? "end" : "start")\" font-weight=\"bold\"")
    }

    private var legend: [(name: String, look: Look, drawing: LinePlot.Line.Drawing)] {
        if plot.style == .equal, plot.lines.count == 1, plot.lines[0].name.isEmpty { return [] }
        let count = isGray ? 1 : plot.lines.count
        var entries = plot.lines.indices.prefix(count).map { (plot.lines[$0].name, look($0), plot.lines[$0].drawing) }
        if isGray {
            entries.append(("\(plot.lines.count - 1) \(plot.othersName)", Look(colour: "#9aa5b1", width: 1), .line))
        }
        return entries
    }

    private var legendText: String {
        var svg = ""
        for (index, entry) in legend.enumerated() {
            let (x, y) = (plot.size.width + 16, Self.top + 8 + Double(index) * 20)
            if entry.drawing != .points {
                let dashes = entry.drawing == .dashed ? #" stroke-dasharray="6 4""# : ""
                svg += "<path d=\"M\(SVG.number(x)) \(SVG.number(y))h20\" stroke=\"\(entry.look.colour)\" "
                svg += "stroke-width=\"\(SVG.number(entry.look.width))\"\(dashes)/>\n"
            }
            if entry.drawing == .points || entry.drawing == .lineWithPoints {
                svg +=
                    "<circle cx=\"\(SVG.number(x + 10))\" cy=\"\(SVG.number(y))\" r=\"2.5\" fill=\"\(entry.look.colour)\"/>\n"
            }
            svg += SVG.text(SVG.shortened(entry.name), x: x + 27, y: y + 4) + "\n"
        }
        return svg
    }
}

extension Double {
    /// A share of an axis, held to some lengths of it so that coordinates stay small.
    fileprivate var clampedToPlot: Double { Swift.min(Swift.max(self, -20), 20) }
}
