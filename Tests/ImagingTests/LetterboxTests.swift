import Detections
import Imaging
import Testing

@Suite struct LetterboxTests {
    /// Sizes from the reference formulas, worked out by hand: source, canvas, then width, height, left, top.
    @Test(arguments: [
        (1920, 1080, 640, 640, [640, 360, 0, 140]),
        (1920, 1080, 640, 384, [640, 360, 0, 12]),
        (810, 1080, 640, 640, [480, 640, 80, 0]),
        (768, 576, 640, 640, [640, 480, 0, 80]),
        (1280, 717, 640, 640, [640, 358, 0, 141]),  // 358.5 rounds to even
        (641, 480, 640, 640, [640, 479, 0, 80]),  // 80.5 - 0.1 rounds to 80: the odd line goes below
        (3, 5, 7, 9, [5, 9, 1, 0]),
        (10_000, 1, 640, 640, [640, 1, 0, 319]),  // 0.064 lines, but at least one
    ])
    func centered(_ width: Int, _ height: Int, _ canvasWidth: Int, _ canvasHeight: Int, _ expected: [Int]) {
        let box = Letterbox(
            sourceWidth: width, sourceHeight: height, canvasWidth: canvasWidth, canvasHeight: canvasHeight)
        #expect([box.width, box.height, box.left, box.top] == expected)
    }

    @Test(arguments: [
        (1920, 1080, 416, 416, [416, 234, 0, 0]),
        (1280, 717, 640, 640, [640, 358, 0, 0]),
        (641, 480, 416, 416, [416, 311, 0, 0]),  // 311.5 is cut off
    ])
    func topLeft(_ width: Int, _ height: Int, _ canvasWidth: Int, _ canvasHeight: Int, _ expected: [Int]) {
        let box = Letterbox(
            sourceWidth: width, sourceHeight: height, canvasWidth: canvasWidth, canvasHeight: canvasHeight,
            style: .topLeft)
        #expect([box.width, box.height, box.left, box.top] == expected)
    }

    @Test func boxesReturnToWhereTheyCameFrom() {
        var generator = SeededGenerator(state: 1)
        for _ in 0..<500 {
            let letterbox = Letterbox(
                sourceWidth: .random(in: 1...4000, using: &generator),
                sourceHeight: .random(in: 1...4000, using: &generator), canvasWidth: 640, canvasHeight: 384,
                style: Bool.random(using: &generator) ? .centered : .topLeft)
            let (width, height) = (Float(letterbox.sourceWidth), Float(letterbox.sourceHeight))
            let (x, y) = (
                Float.random(in: 0..<width, using: &generator), Float.random(in: 0..<height, using: &generator)
            )
            let box = BoundingBox(x1: x, y1: y, x2: (x + width) / 2, y2: height)
            let back = letterbox.sourceBox(letterbox.canvasBox(box))
            let tolerance = max(width, height) * 1e-5 + 1e-3
            #expect(abs(back.x1 - box.x1) < tolerance && abs(back.y1 - box.y1) < tolerance)
            #expect(abs(back.x2 - box.x2) < tolerance && abs(back.y2 - box.y2) < tolerance)
        }
    }

    @Test func boxesAreClampedToTheSource() {
        let letterbox = Letterbox(sourceWidth: 1920, sourceHeight: 1080, canvasWidth: 640, canvasHeight: 640)
        let box = letterbox.sourceBox(BoundingBox(x1: -50, y1: 0, x2: 700, y2: 640))
        #expect(box == BoundingBox(x1: 0, y1: 0, x2: 1920, y2: 1080))
    }
}
