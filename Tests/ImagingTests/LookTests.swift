import Detections
import Foundation
import Imaging
import Testing

/// Draws a scene on pictures, for people to look at: set SACCADE_LOOK to a folder, which may hold planar YUV 4:2:0
/// pictures named like `street-1920x1080.yuv` (limited range); the results are PPM files beside them.
@Suite struct LookTests {
    static let folder = ProcessInfo.processInfo.environment["SACCADE_LOOK"]

    @Test(.enabled(if: folder != nil, "set SACCADE_LOOK to a folder to see annotated frames"))
    func annotatedFrames() throws {
        let folder = try #require(Self.folder)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".yuv") {
            let size = try #require(name.dropLast(4).split(separator: "-").last).split(separator: "x").compactMap {
                Int($0)
            }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
            let (width, height) = (size[0], size[1])
            let chroma = ((width + 1) / 2) * ((height + 1) / 2)
            var image = Image.made(
                width: width, height: height, y: { x, y in Int(bytes[y * width + x]) },
                u: { x, y in Int(bytes[width * height + y * ((width + 1) / 2) + x]) },
                v: { x, y in Int(bytes[width * height + chroma + y * ((width + 1) / 2) + x]) })
            Self.annotate(&image)
            try image.writePPM(to: folder + "/" + name.dropLast(4) + ".ppm")
        }
    }

    @Test(.enabled(if: folder != nil, "set SACCADE_LOOK to a folder to see the colours"))
    func palette() throws {
        let folder = try #require(Self.folder)
        var image = Image(width: 900, height: 420, color: limited709, fill: .gray)
        let annotator = Annotator(style: AnnotationStyle())
        let detections = (0..<40).map { i in
            let (x, y) = (Float(i % 8) * 110 + 20, Float(i / 8) * 80 + 30)
            return Detection(
                box: BoundingBox(x: x, y: y, width: 90, height: 40), classIndex: i - 24, score: 1,
                trackID: i < 24 ? UInt64(i + 1) : nil)
        }
        annotator.annotate(&image, detections: detections, labels: ClassLabels([]), time: 0)
        try image.writePPM(to: folder + "/palette.ppm")
    }

    /// Eighteen objects that have moved for two seconds.
    static func annotate(_ image: inout Image) {
        var style = AnnotationStyle()
        style.trace = 2
        style.blurClasses = [2]
        let annotator = Annotator(style: style)
        let labels = ClassLabels(["person", "bicycle", "car", "traffic light", "dog"])
        let (width, height) = (Float(image.width), Float(image.height))
        let pool = ImagePool(capacity: 2)
        for step in 0...50 {
            let t = Float(step) / 50
            let detections = (0..<18).map { i -> Detection in
                let (column, row) = (Float(i % 6), Float(i / 6))
                let x = (0.02 + 0.165 * column + 0.05 * sin(3 * t + column)) * width
                let y = (0.06 + 0.33 * row - 0.08 * row * (1 - t) * cos(4 * t + row)) * height
                return Detection(
                    box: BoundingBox(
                        x: x, y: y, width: width * (0.05 + 0.015 * row), height: height * (0.10 + 0.05 * row)),
                    classIndex: i % 5, score: 0.3 + 0.035 * Float(i), trackID: i % 7 == 6 ? nil : UInt64(i + 1),
                    origin: i % 4 == 3 ? .predicted : i % 5 == 4 ? .interpolated : .detected)
            }
            if step == 50 {
                let start = ContinuousClock.now
                annotator.annotate(
                    &image, detections: detections, labels: labels, time: 2, text: "24.8 fps\ndetect every 2")
                print("annotating \(detections.count) objects at \(image.width)x\(image.height):", .now - start)
            } else {
                var other = image.copy(from: pool)
                annotator.annotate(&other, detections: detections, labels: labels, time: Double(t) * 2)
            }
        }
    }
}
