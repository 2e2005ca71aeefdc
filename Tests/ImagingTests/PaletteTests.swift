import Imaging
import Testing

@Suite struct PaletteTests {
    @Test func coloursStay() {
        // Colours are part of how a video looks: a change of them is to be seen here.
        let colors = (1...4).map { Palette.color(trackID: $0) }
        #expect(
            colors == [
                Color(red: 182, green: 119, blue: 13), Color(red: 187, green: 168, blue: 253),
                Color(red: 35, green: 187, blue: 115), Color(red: 225, green: 71, blue: 87),
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
                #expect(distance(Palette.color(trackID: id), Palette.color(trackID: other)) > 60, "\(id) and \(other)")
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
