import Imaging
import Testing

@Suite struct PaletteTests {
    @Test func coloursStay() {
        // Colours are part of how a video looks: a change of them is to be seen here.
        let colors = (1...4).map { Palette.color(trackID: $0) }
        #expect(
            colors == [
                Color(red: 202, green: 132, blue: 17), Color(red: 176, green: 150, blue: 255),
                Color(red: 24, green: 154, blue: 94), Color(red: 245, green: 90, blue: 103),
            ])
        #expect(Palette.color(trackID: 7, classIndex: 3) == Palette.color(trackID: 7))
        #expect(Palette.color(trackID: nil, classIndex: 3) == Palette.color(classIndex: 3))
        _ = Palette.color(trackID: .max)
        _ = Palette.color(classIndex: -1)
    }

    @Test func neighboursDiffer() {
        func distance(_ a: Color, _ b: Color) -> Int {
            abs(Int(a.red) - Int(b.red)) + abs(Int(a.green) - Int(b.green)) + abs(Int(a.blue) - Int(b.blue))
        }
        for id in UInt64(1)...60 {
            for other in id + 1...id + 6 {
                #expect(distance(Palette.color(trackID: id), Palette.color(trackID: other)) > 50, "\(id) and \(other)")
            }
        }
        #expect(Set((1...200).map { Palette.color(trackID: $0) }).count > 180)
    }

    @Test func textStandsOut() {
        for id in UInt64(1)...100 {
            let plate = Palette.color(trackID: id)
            let (a, b) = (plate.luminance, plate.textColor.luminance)
            #expect((max(a, b) + 0.05) / (min(a, b) + 0.05) >= 3)
        }
        #expect(Color.black.textColor == .white && Color.white.textColor.luminance < 0.01)
    }

    @Test func coloursBecomeTheLevelsOfTheMatrix() {
        let red = Color(red: 255, green: 0, blue: 0)
        #expect(Color.white.yuv(in: limited709) == (235, 128, 128))
        #expect(Color.black.yuv(in: limited709) == (16, 128, 128))
        #expect(Color.white.yuv(in: fullRange601) == (255, 128, 128))
        #expect(red.yuv(in: limited709) == (63, 102, 240))
        #expect(red.yuv(in: ColorDescription(matrix: .bt601, isFullRange: false)) == (81, 90, 240))
    }
}
