import Detections
import Imaging
import Testing

@Suite struct DrawingTests {
    static let red = Color(red: 255, green: 0, blue: 0)

    @Test func aRectangleColoursItsPixelsAndItsShareOfChroma() {
        var image = Image(width: 9, height: 9, color: limited709)
        image.fill(PixelRect(x1: 1, y1: 2, x2: 4, y2: 9), Self.red)
        for y in 0..<9 {
            for x in 0..<9 {
                let inside = (1..<4).contains(x) && (2..<9).contains(y)
                #expect(image.y.row(y)[x] == (inside ? 63 : 16))
            }
        }
        // Column 0 is covered by half, column 1 wholly; row 4 has one line, which is covered.
        #expect(image.v.row(0)[0] == 128 && image.v.row(1)[0] == 184 && image.v.row(1)[1] == 240)
        #expect(image.v.row(4)[0] == 184 && image.v.row(4)[1] == 240 && image.v.row(4)[2] == 128)
    }

    @Test func opacityMixes() {
        var image = Image(width: 8, height: 8, color: fullRange601)
        image.fill(image.bounds, .white, opacity: 0.5)
        #expect(image.y.contents.allSatisfy { $0 == 128 })
        image.fill(image.bounds, .white, opacity: .nan)
        image.fill(image.bounds, .white, opacity: -3)
        #expect(image.y.contents.allSatisfy { $0 == 128 })
        image.fill(image.bounds, .white, opacity: 7)
        #expect(image.y.contents.allSatisfy { $0 == 255 })
    }

    @Test func anOutlineIsHollow() {
        var image = Image(width: 40, height: 30, color: fullRange601)
        image.outline(PixelRect(x1: 5, y1: 6, x2: 25, y2: 20), .white, thickness: 3)
        for y in 0..<30 {
            for x in 0..<40 {
                let outer = (5..<25).contains(x) && (6..<20).contains(y)
                let inner = (8..<22).contains(x) && (9..<17).contains(y)
                #expect(image.y.row(y)[x] == (outer && !inner ? 255 : 0))
            }
        }
    }

    @Test func dashesBeginAndEndAtCorners() {
        var image = Image(width: 100, height: 60, color: fullRange601)
        image.outline(PixelRect(x1: 10, y1: 10, x2: 90, y2: 50), .white, thickness: 2, dash: 8)
        let row = (0..<100).map { image.y.row(10)[$0] == 255 }
        #expect(row[10] && row[17] && !row[18] && row[89] && row[82] && !row[81])
        #expect(row == row[0..<100].reversed())
        let dashes = zip(row, row.dropFirst()).count { !$0 && $1 }
        #expect(dashes == 5)
    }

    /// Drawing at any place, on frames of any size, stays inside: the bytes around the planes keep their values.
    @Test func drawingNeverLeavesTheFrame() {
        var generator = SeededGenerator(state: 11)
        let wild: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, .greatestFiniteMagnitude, 0, -1, 1e7, 3e9]
        var style = AnnotationStyle()
        style.trace = 1
        style.blurClasses = [1]
        let labels = ClassLabels(["person", "a much longer name than there is room for", "Ünïcode 猫 \u{0}"])
        for (width, height) in [(1, 1), (2, 1), (1, 3), (7, 5), (33, 18), (64, 64), (161, 91)] {
            let guarded = GuardedImage(width: width, height: height)
            style.concealment = width % 2 == 0 ? .blur : .pixelate
            style.lineWidth = width == 7 ? 300 : nil
            let annotator = Annotator(style: style)
            func coordinate(_ side: Int) -> Float {
                if Int.random(in: 0..<8, using: &generator) == 0 {
                    return wild.randomElement(using: &generator) ?? 0
                }
                return .random(in: -Float(side) * 1.5...Float(side) * 2.5, using: &generator)
            }
            var image = guarded.image()
            for step in 0..<400 {
                let detections = (0..<3).map { _ in
                    Detection(
                        box: BoundingBox(
                            x1: coordinate(width), y1: coordinate(height), x2: coordinate(width),
                            y2: coordinate(height)),
                        classIndex: .random(in: -1...3, using: &generator),
                        score: Bool.random(using: &generator) ? coordinate(1) : 0.5,
                        trackID: Bool.random(using: &generator) ? .random(in: 0...9, using: &generator) : nil,
                        origin: Detection.Origin.allCases.randomElement(using: &generator) ?? .detected)
                }
                annotator.annotate(
                    &image, detections: detections, labels: labels,
                    time: step % 50 == 49 ? .nan : Double(step % 40) / 25, text: step % 5 == 0 ? "1 fps\nmore" : nil)
            }
            #expect(guarded.marginsAreIntact, "\(width) x \(height)")
        }
    }

    @Test func boxesThatAreNotBoxesDrawNothing() {
        var image = Image(width: 32, height: 32, color: limited709)
        let before = image.contents
        let annotator = Annotator(style: AnnotationStyle())
        let boxes = [
            BoundingBox(x1: .nan, y1: 1, x2: 9, y2: 9), BoundingBox(x1: 9, y1: 1, x2: 3, y2: 9),
            BoundingBox(x1: 40, y1: 1, x2: 50, y2: 9), BoundingBox(x1: 1, y1: -90, x2: 9, y2: -50),
        ]
        annotator.annotate(
            &image, detections: boxes.map { Detection(box: $0, classIndex: 0, score: 1) },
            labels: ClassLabels(["person"]), time: 0)
        #expect(image.contents == before)
    }
}

/// Planes with 32 marked bytes around each row.
final class GuardedImage {
    private static let margin = 32
    private let width: Int
    private let height: Int
    private let planes: [UnsafeMutableBufferPointer<UInt8>]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        planes = [(width, height), ((width + 1) / 2, (height + 1) / 2), ((width + 1) / 2, (height + 1) / 2)].map {
            let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(
                capacity: ($0 + 2 * Self.margin) * ($1 + 2 * Self.margin))
            bytes.initialize(repeating: 0xA5)
            return bytes
        }
    }

    deinit { planes.forEach { $0.deallocate() } }

    func image() -> Image {
        let parts = planes.enumerated().map { index, bytes in
            let width = index == 0 ? self.width : (self.width + 1) / 2
            let height = index == 0 ? self.height : (self.height + 1) / 2
            let stride = width + 2 * Self.margin
            return Plane(
                baseAddress: bytes.baseAddress.unsafelyUnwrapped + Self.margin * stride + Self.margin, stride: stride,
                width: width, height: height)
        }
        return Image(
            width: width, height: height, color: limited709, y: parts[0], u: parts[1], v: parts[2], isExclusive: true,
            owner: self)
    }

    var marginsAreIntact: Bool {
        planes.enumerated().allSatisfy { index, bytes in
            let width = index == 0 ? self.width : (self.width + 1) / 2
            let height = index == 0 ? self.height : (self.height + 1) / 2
            let stride = width + 2 * Self.margin
            return bytes.indices.allSatisfy { at in
                let (x, y) = (at % stride - Self.margin, at / stride - Self.margin)
                let inside = x >= 0 && x < width && y >= 0 && y < height
                return inside || bytes[at] == 0xA5
            }
        }
    }
}
