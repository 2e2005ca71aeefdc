import Detections
import Imaging

/// Rectangles that hide parts of a picture, and what they leave of its objects.
struct Cover {
    private(set) var rectangles: [PixelRect] = []
    let width: Int
    let height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Draws an operation of the covering stage and covers the picture.
    mutating func add(
        _ operation: ImageOperation, to image: inout RGBImage, _ stream: inout RandomStream,
        _ record: inout AugmentationRecord
    ) {
        guard stream.happens(operation.probability) else { return }
        switch operation {
        case .cutout(let counts, let sides, _):
            let count = stream.integer(counts)
            for _ in 0..<count {
                let side = max(Int((stream.uniform(sides) * Double(min(width, height))).rounded()), 1)
                // The middle is anywhere in the picture: at the edge a part of the square lies outside.
                let (x, y) = (stream.integer(below: width) - side / 2, stream.integer(below: height) - side / 2)
                let square = PixelRect(x1: x, y1: y, x2: x + side, y2: y + side)
                let part = square.intersection(PixelRect(x1: 0, y1: 0, x2: width, y2: height))
                rectangles.append(part)
                image.fill(x: part.x1..<part.x2, y: part.y1..<part.y2, RGBImage.fill)
            }
            record.add(operation.name, "×\(count)")
        case .randomErasing(let area, let aspect, _):
            let part = RandomRectangle(area: area, aspect: aspect, width: width, height: height, &stream)
            rectangles.append(
                PixelRect(x1: part.x, y1: part.y, x2: part.x + part.width, y2: part.y + part.height))
            for y in part.y..<part.y + part.height {
                for x in part.x..<part.x + part.width {
                    let bits = stream.next()
                    let color = Color(
                        red: UInt8(truncatingIfNeeded: bits >> 40), green: UInt8(truncatingIfNeeded: bits >> 48),
                        blue: UInt8(truncatingIfNeeded: bits >> 56))
                    image.fill(x: x..<x + 1, y: y..<y + 1, color)
                }
            }
            record.add(operation.name, "\(part.width)×\(part.height) at \(part.x), \(part.y)")
        default: break
        }
    }

    /// The share of an object's box (of its mask where it has one) that no rectangle hides, 0 to 1.
    func share(of object: LabelledObject) -> Double {
        guard let box = PixelRect(object.box) else { return 0 }
        let near = rectangles.map { $0.intersection(box) }.filter { !$0.isEmpty }
        if near.isEmpty { return 1 }
        var (free, all) = (0, 0)
        for y in box.y1..<box.y2 {
            for x in box.x1..<box.x2 where object.mask?[x, y] ?? true {
                all += 1
                if !near.contains(where: { $0.x1 <= x && x < $0.x2 && $0.y1 <= y && y < $0.y2 }) { free += 1 }
            }
        }
        return all > 0 ? Double(free) / Double(all) : 0
    }
}
