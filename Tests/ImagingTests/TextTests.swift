import Imaging
import Testing

@Suite struct TextTests {
    /// The rectangle of pixels that a text changed on black, or nil.
    static func extent(_ text: String, size: Int, width: Int = 400, height: Int = 200) -> PixelRect? {
        var image = Image(width: width, height: height, color: fullRange601)
        TextRenderer().draw(text, on: &image, x: 50, baseline: 100, size: size, color: .white)
        var (x1, y1, x2, y2) = (Int.max, Int.max, -1, -1)
        for y in 0..<height {
            for x in 0..<width where image.y.row(y)[x] > 24 {
                (x1, y1, x2, y2) = (min(x1, x), min(y1, y), max(x2, x), max(y2, y))
            }
        }
        return x2 < 0 ? nil : PixelRect(x1: x1, y1: y1, x2: x2 + 1, y2: y2 + 1)
    }

    @Test(arguments: 9...64) func lettersStandOnTheBaselineWithSharpTops(_ size: Int) throws {
        let extent = try #require(Self.extent("H", size: size))
        #expect(extent.y2 == 100)
        #expect(extent.height == TextRenderer.capitalHeight(size: size))
        // The first and the last row of an H are as full as its middle: no gray edge above or below.
        var image = Image(width: 200, height: 200, color: fullRange601)
        TextRenderer().draw("H", on: &image, x: 50, baseline: 100, size: size, color: .white)
        #expect((0..<200).contains { image.y.row(extent.y1)[$0] == 255 })
        #expect((0..<200).contains { image.y.row(99)[$0] == 255 })
    }

    @Test func widthsAreWhatIsDrawn() throws {
        let renderer = TextRenderer()
        for size in [9, 12, 22, 43, 64] {
            for text in ["person #7 0.83", "Wi", "äöüß"] {
                let extent = try #require(Self.extent(text, size: size, width: 1200))
                let width = renderer.width(of: text, size: size)
                #expect(extent.x1 >= 50 && extent.x2 <= 50 + width + 1)
                #expect(extent.width * 10 > width * 7)
            }
        }
        #expect(renderer.width(of: "", size: 20) == 0)
        #expect(renderer.width(of: "ab", size: 20) == renderer.width(of: "ba", size: 20))
    }

    @Test func descendersHangBelow() throws {
        #expect(try #require(Self.extent("p", size: 30)).y2 > 103)
        #expect(try #require(Self.extent("x", size: 30)).y2 == 100)
    }

    @Test func theInkIsTheAreaOfTheOutline() throws {
        // A full stop is a rectangle of 360 x 387 units at 2048 to the em.
        var image = Image(width: 100, height: 100, color: fullRange601)
        TextRenderer().draw(".", on: &image, x: 20, baseline: 80, size: 64, color: .white)
        let ink = image.y.contents.reduce(0) { $0 + Int($1) }
        #expect(abs(Double(ink) / 255 - (360.0 / 32) * (387.0 / 32)) < 2)
        // An o has a hole.
        image.fill(.black)
        TextRenderer().draw("o", on: &image, x: 20, baseline: 80, size: 64, color: .white)
        let extent = try #require(Self.extent("o", size: 64))
        #expect(image.y.row(80 - extent.height / 2)[20 - 50 + (extent.x1 + extent.x2) / 2] == 0)
    }

    @Test func missingCharactersAreBoxes() throws {
        let box = try #require(Self.extent("\u{732B}", size: 40))
        #expect(box.width > 10 && box.height > 20)
        #expect(Self.extent("\u{732B}", size: 40) == Self.extent("\n", size: 40))
        #expect(Self.extent(" ", size: 40) == nil)
    }

    @Test func textIsCutAtTheFrame() {
        var image = Image(width: 31, height: 17, color: limited709)
        let renderer = TextRenderer()
        for (x, y) in [(-1000, 5), (25, 5), (0, -50), (0, 30), (Int.max, Int.min), (-3, 12)] {
            for size in [-5, 9, 64, 10_000] {
                renderer.draw(
                    String(repeating: "Mj ", count: 300), on: &image, x: x, baseline: y, size: size, color: .white)
            }
        }
        #expect(image.y.contents.contains { $0 > 200 })
    }
}
