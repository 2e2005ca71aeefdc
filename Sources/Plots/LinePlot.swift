/// A plot of lines and points as SVG: self-contained, with axes, grid and legend.
///
///     var plot = LinePlot(
///         title: "Learning rate range test", x: PlotAxis("learning rate", scale: .logarithmic), y: PlotAxis("loss"),
///         lines: [.init(name: "loss", points: raw), .init(name: "smoothed", points: smoothed)], style: .equal)
///     plot.markers = [.init(x: 0.003, label: "steepest: 0.003")]
///     let svg = plot.svg
///
/// Where a value is missing, not finite, or has no place on a logarithmic axis, a line is broken.
package struct LinePlot: Sendable {
    /// A line through points, or the points alone.
    package struct Line: Sendable {
        package enum Drawing: Hashable, Sendable { case line, dashed, points, lineWithPoints }

        /// What the legend says.
        package var name: String
        /// The points, by rising x for lines.
        package var points: [(x: Double, y: Double?)]
        package var drawing: Drawing
        /// A band around it, such as a confidence interval, by rising x.
        package var band: [(x: Double, low: Double, high: Double)]

        /// A line.
        package init(
            name: String, points: [(x: Double, y: Double?)], drawing: Drawing = .line,
            band: [(x: Double, low: Double, high: Double)] = []
        ) {
            self.name = name
            self.points = points
            self.drawing = drawing
            self.band = band
        }
    }

    /// A point to be marked, with words beside it.
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

    /// A vertical line with words at its top.
    package struct Marker: Sendable {
        package var x: Double
        package var label: String

        /// A vertical marker.
        package init(x: Double, label: String) {
            self.x = x
            self.label = label
        }
    }

    package enum Style: Hashable, Sendable {
        /// The first line is drawn last, wide and dark. Others are thin: with up to ten of them each has a colour and a
        /// line in the legend, more are drawn in one gray.
        case mainFirst
        /// All lines alike, each in its colour.
        case equal
    }

    /// What stands above the plot.
    package var title: String
    package var x: PlotAxis
    package var y: PlotAxis
    package var lines: [Line]
    package var marks: [Mark]
    package var markers: [Marker]
    package var style: Style
    /// What the legend calls the lines that share a colour.
    package var othersName: String
    /// The size of the area between the axes.
    package var size: (width: Double, height: Double)

    /// A plot.
    package init(
        title: String, x: PlotAxis, y: PlotAxis, lines: [Line], marks: [Mark] = [], markers: [Marker] = [],
        style: Style = .mainFirst, othersName: String = "others", size: (width: Double, height: Double) = (480, 360)
    ) {
        self.title = title
        self.x = x
        self.y = y
        self.lines = lines
        self.marks = marks
        self.markers = markers
        self.style = style
        self.othersName = othersName
        self.size = size
    }

    /// The picture.
    package var svg: String { Self.stacked([self]) }

    /// Several plots in one picture, one below the other, with their vertical axes in line.
    package static func stacked(_ plots: [LinePlot]) -> String {
        let drawings = plots.map { PlotDrawing($0) }
        let left = drawings.map(\.leftMargin).max() ?? 0
        var (content, height, width) = ("", 0.0, 0.0)
        for drawing in drawings {
            content += "<g transform=\"translate(\(SVG.number(left)) \(SVG.number(height)))\">\n"
            content += drawing.content + "</g>\n"
            height += drawing.height
            width = max(width, left + drawing.width)
        }
        return SVG.picture(width: width, height: height, content: content)
    }
}
