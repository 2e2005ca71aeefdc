import Detections
import Detectors
import Foundation
import Imaging
import Media
import Testing

/// A picture of stripes and a disc: something to see.
func testPicture(width: Int, height: Int) -> Image {
    let color = ColorDescription(matrix: .bt601, isFullRange: true)
    let image = Image(width: width, height: height, color: color, fill: .black)
    for y in 0..<height {
        let row = image.y.row(y)
        for x in 0..<width {
            let (dx, dy) = (x - width / 2, y - height / 2)
            let isInside = dx * dx + dy * dy < height * height / 9
            row[x] = isInside ? 230 : UInt8(truncatingIfNeeded: (x / 16 + y / 16) % 2 * 90 + 40)
        }
    }
    return image
}

/// Whether two lists hold the same detections, in any order, up to `tolerance` of scores and of pixels (relative for
/// large coordinates); the reason when they do not.
func difference(_ a: [Detection], _ b: [Detection], tolerance: Float) -> String? {
    guard a.count == b.count else { return "\(a.count) and \(b.count) detections" }
    func isNear(_ x: Float, _ y: Float) -> Bool { abs(x - y) <= tolerance * max(1, abs(x)) }
    var rest = b
    for one in a {
        let match = rest.firstIndex { other in
            one.classIndex == other.classIndex && isNear(one.score, other.score) && isNear(one.box.x1, other.box.x1)
                && isNear(one.box.y1, other.box.y1) && isNear(one.box.x2, other.box.x2)
                && isNear(one.box.y2, other.box.y2)
        }
        guard let match else { return "\(one) is missing" }
        rest.remove(at: match)
    }
    return nil
}

/// The folder of data that is too large for the repository.
let dataFolder = ProcessInfo.processInfo.environment["SACCADE_DATA"].map { URL(filePath: $0) }

extension Trait where Self == ConditionTrait {
    /// Needs `SACCADE_DATA`.
    static var needsData: Self { .enabled(if: dataFolder != nil, "needs SACCADE_DATA") }
}

/// The first frame of a video, or an image.
func readPicture(_ url: URL) throws -> Image {
    let source = try MediaSource(url.path)
    switch try source.next() {
    case .end: throw MediaError(.noVideo, "no frame in \(url.lastPathComponent)")
    case .frame(let frame): return frame.takeImage()
    }
}

/// Photographs of `SACCADE_DATA` with objects in them.
func photos(_ count: Int) throws -> [URL] {
    guard let folder = dataFolder?.appending(path: "coco/val") else { return [] }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    return names.prefix(count).map { folder.appending(path: $0) }
}
