import Imaging
import Testing

@Suite struct LumaPyramidTests {
    @Test(arguments: PixelInstructionSet.allCases)
    func thumbnailsAreMeansOfCells(_ set: PixelInstructionSet) {
        guard set <= .best else { return }
        var pyramid = LumaPyramid(instructionSet: set)
        for (width, height) in [(1, 1), (320, 180), (321, 181), (768, 576), (1920, 1080), (37, 1000), (1, 2000)] {
            let image = Image.noise(width: width, height: height, seed: UInt64(width))
            pyramid.update(from: image)
            let side = (max(width, height) + 319) / 320
            #expect(pyramid.cellSide == side)
            #expect(pyramid.width == max(1, width / side) && pyramid.height == max(1, height / side))
            let (cellWidth, cellHeight) = (min(side, width), min(side, height))
            var wrong = 0
            for y in 0..<pyramid.height {
                for x in 0..<pyramid.width {
                    var sum = cellWidth * cellHeight / 2
                    for row in y * cellHeight..<(y + 1) * cellHeight {
                        for column in x * cellWidth..<(x + 1) * cellWidth { sum += Int(image.y.row(row)[column]) }
                    }
                    if Int(pyramid[x, y]) != sum / (cellWidth * cellHeight) { wrong += 1 }
                }
            }
            #expect(wrong == 0)
            let last = pyramid[pyramid.width - 1, pyramid.height - 1]
            #expect(pyramid[-5, -5] == pyramid[0, 0] && pyramid[9999, 9999] == last)
        }
    }

    @Test func extremeShapes() {
        var pyramid = LumaPyramid()
        #expect(pyramid.width == 0 && pyramid[0, 0] == 0)
        for (width, height) in [(65_536, 1), (1, 65_536), (65_536, 3)] {
            pyramid.update(from: Image(width: width, height: height, color: fullRange601, fill: .white))
            #expect(pyramid.width <= 320 && pyramid.height <= 320 && pyramid.width >= 1 && pyramid.height >= 1)
            #expect(pyramid[0, 0] >= 254)
        }
    }

    /// Prints how long a picture takes; the figure depends on the machine and its load and is not judged.
    @Test func time() {
        let image = Image.noise(width: 1920, height: 1080, seed: 1)
        for set in PixelInstructionSet.allCases where set <= .best {
            var pyramid = LumaPyramid(instructionSet: set)
            let best = (0..<20).map { _ in ContinuousClock().measure { pyramid.update(from: image) } }.min()
            print("luma pyramid of 1920x1080, \(set): \(best ?? .zero)")
        }
    }
}
