import Foundation
import FoundationXML
import Plots
import Testing

@Suite struct PlotTests {
    /// What a picture's parser finds: texts with their places, and paths.
    private final class Found: NSObject, XMLParserDelegate {
        var texts: [(text: String, x: Double, y: Double)] = []
        var paths: [String] = []
        private var isInText = false

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            isInText = name == "text"
            if isInText {
                texts.append(("", Double(attributes["x"] ?? "") ?? .nan, Double(attributes["y"] ?? "") ?? .nan))
            }
            if name == "path" { paths.append(attributes["d"] ?? "") }
        }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            isInText = false
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) {
            if isInText { texts[texts.count - 1].text += text }
        }
    }

    private func parse(_ svg: String) throws -> Found {
        let found = Found()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = found
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        return found
    }

    private func plot(
        _ values: [Double], x: PlotAxis = PlotAxis("step"), y: PlotAxis = PlotAxis("loss")
    ) -> LinePlot {
        LinePlot(
            title: "t", x: x, y: y,
            lines: [.init(name: "a", points: values.enumerated().map { (x: Double($0.offset), y: $0.element) })],
            style: .equal)
    }

    /// The numbers below the horizontal axis.
    private func ticks(_ range: ClosedRange<Double>, _ scale: PlotAxis.Scale = .linear) throws -> [String] {
        let plot = LinePlot(
            title: "", x: PlotAxis("", scale: scale, range: range), y: PlotAxis("", range: 0...1), lines: [])
        return try parse(plot.svg).texts.filter { $0.y == 44 + 360 + 18 }.map(\.text)
    }

    @Test func ticksAreNice() throws {
        #expect(try ticks(0...1) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(try ticks(0...100_000) == ["0", "20000", "40000", "60000", "80000", "100000"])
        #expect(try ticks(-3...2) == ["−3", "−2", "−1", "0", "1", "2"])
        #expect(try ticks(0.13...0.19) == ["0.13", "0.14", "0.15", "0.16", "0.17", "0.18", "0.19"])
        #expect(try ticks(0...2e-5) == ["0", "5e-6", "1e-5", "1.5e-5", "2e-5"])
        #expect(try ticks(0...3e6) == ["0", "5e5", "1e6", "1.5e6", "2e6", "2.5e6", "3e6"])
        #expect(try ticks(1e-6...1, .logarithmic) == ["1e-6", "1e-5", "1e-4", "0.001", "0.01", "0.1", "1"])
        #expect(try ticks(0.02...1, .logarithmic) == ["0.02", "0.05", "0.1", "0.2", "0.5", "1"])
        #expect(try ticks(1...2, .logarithmic) == ["1.0", "1.2", "1.4", "1.6", "1.8", "2.0"])
        #expect(try ticks(1e-12...1e12, .logarithmic).count == 9)
    }

    /// Every point lies where the axes say, whatever the scale.
    @Test func pointsLieWhereTheAxesSay() throws {
        let linear = try parse(plot([0, 5, 10], y: PlotAxis("", range: 0...10)).svg)
        #expect(linear.paths.contains("M0 360L240 180L480 0"))
        let points = [(x: 0.001, y: 1.0), (x: 0.1, y: 10), (x: 10, y: 100)].map { (x: $0.x, y: Optional($0.y)) }
        let log = LinePlot(
            title: "", x: PlotAxis("", scale: .logarithmic, range: 0.001...10),
            y: PlotAxis("", scale: .logarithmic, range: 1...100), lines: [.init(name: "", points: points)])
        #expect(try parse(log.svg).paths.contains("M0 360L240 180L480 0"))
    }

    @Test func whatHasNoPlaceBreaksALine() throws {
        let broken = plot([1, .nan, 2, 3, .infinity, 4], y: PlotAxis("", range: 0...4))
        #expect(try parse(broken.svg).paths.contains { $0.count { $0 == "M" } == 3 && $0.contains("h0") })
        let log = plot([1, 0, 10, -1, 100], y: PlotAxis("", scale: .logarithmic))
        #expect(try parse(log.svg).paths.contains { $0.count { $0 == "M" } == 3 })
    }

    @Test func anyDataGiveAPicture() throws {
        for values in [
            [], [.nan], [5], [0, 0, 0], [-1e300, 1e300], [.leastNonzeroMagnitude], [1e-9, 1e-9], [-7, -7],
        ] as [[Double]] {
            for scale in [PlotAxis.Scale.linear, .logarithmic] {
                _ = try parse(plot(values, x: PlotAxis("x", scale: scale), y: PlotAxis("y", scale: scale)).svg)
                _ = try parse(plot(values, y: PlotAxis("y", scale: scale, range: -1...1)).svg)
            }
            let rows = values.map { BarChart.Row("r", values: [$0, nil]) }
            _ = try parse(BarChart(title: "", axis: PlotAxis("v"), rows: rows, series: ["a", "b"]).svg)
        }
    }

    @Test func titlesUnitsAndNamesAreThereAndEscaped() throws {
        var plot = plot([1, 2, 3], x: PlotAxis("time <t>", unit: "s"), y: PlotAxis("\"loss\" & more"))
        plot.title = "A & B"
        plot.markers = [.init(x: 1, label: "best <1>")]
        plot.marks = [.init(x: 2, y: 3, label: "top")]
        let texts = Set(try parse(plot.svg).texts.map(\.text))
        #expect(texts.isSuperset(of: ["time <t> (s)", "\"loss\" & more", "A & B", "best <1>", "top", "a"]))
    }

    /// Labels of markers that stand close together get rows of their own.
    @Test func markersDoNotCoverEachOther() throws {
        var plot = plot([1, 2, 3], x: PlotAxis("", range: 0...2))
        plot.markers = [(0.5, "first one"), (0.55, "second one"), (0.6, "third one"), (1.98, "at the end")]
            .map { .init(x: $0.0, label: $0.1) }
        let found = try parse(plot.svg)
        let rows = ["first one", "second one", "third one"].map { name in found.texts.first { $0.text == name }?.y }
        #expect(Set(rows.compactMap(\.self)).count == 3)
        let last = try #require(found.texts.first { $0.text == "at the end" })
        #expect(last.x < 480)
    }

    /// A hundred thousand points make a small picture that keeps the peaks.
    @Test func longLinesAreThinned() throws {
        var values = (0..<100_000).map { Double($0 % 7) }
        values[54_321] = 50
        let svg = plot(values, y: PlotAxis("", range: 0...50)).svg
        #expect(svg.utf8.count < 60_000)
        #expect(try parse(svg).paths.contains { $0.contains(" 0L") })
    }

    @Test func barsHaveTheirLengths() throws {
        let chart = BarChart(
            title: "worth", axis: PlotAxis("change", unit: "points", range: -2...2),
            rows: [.init("one", values: [1], intervals: [0.5...1.5]), .init("two", values: [-2])], series: ["AP"])
        let svg = chart.svg
        #expect(svg.contains(#"width="105" height="12""#) && svg.contains(#"width="210" height="12""#))
        let texts = Set(try parse(svg).texts.map(\.text))
        #expect(texts.isSuperset(of: ["one", "two", "1.00", "−2.00", "change (points)"]))
    }

    @Test func stackedPlotsShareTheirLeftEdge() throws {
        let svg = LinePlot.stacked([plot([1, 2]), plot([100_000, 900_000])])
        _ = try parse(svg)
        let places = svg.matches(of: /<g transform="translate\((\d+(?:\.\d+)?) (\d+)\)">/).filter { $0.output.1 != "2" }
        #expect(places.count == 2 && places[0].output.1 == places[1].output.1 && places[1].output.2 == "460")
    }
}
