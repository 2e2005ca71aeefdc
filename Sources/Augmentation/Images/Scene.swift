import Detections

/// Pictures laid on one canvas, before anything is resampled: each with its own map, then one geometry for all.
struct Scene {
    private var layers: [(sample: LabelledImage, map: Homography)]
    var geometry: GeometryDraw

    /// Pictures at the origin of a canvas as large as the first one.
    init(layers samples: [LabelledImage]) {
        layers = samples.map { ($0, .identity) }
        geometry = GeometryDraw(width: samples[0].image.width, height: samples[0].image.height)
    }

    /// Four pictures that touch at a corner point, given as shares of the side: left above, right above, left below,
    /// right below. The long side of each becomes the canvas's side, so no part of the canvas stays empty but what short
    /// sides leave.
    init(mosaic samples: [LabelledImage], side: Int, center: (x: Double, y: Double)) {
        geometry = GeometryDraw(width: side, height: side)
        layers = samples.enumerated().map { place, sample in
            let (width, height) = (Double(sample.image.width), Double(sample.image.height))
            let scale = Double(side) / max(width, height)
            let x = center.x * Double(side) - (place % 2 == 0 ? width * scale : 0)
            let y = center.y * Double(side) - (place / 2 == 0 ? height * scale : 0)
            return (sample, .translation(x: x, y: y) * .scale(x: scale, y: scale))
        }
    }

    /// Draws all layers and collects the objects that remain in view.
    func rendered(limit: VisibilityLimit) -> LabelledImage {
        var result = LabelledImage(
            RGBImage(width: geometry.width, height: geometry.height), objects: [], name: layers[0].sample.name)
        for (sample, map) in layers {
            let map = geometry.map * map
            Warp.draw(sample.image, through: map, onto: &result.image)
            for object in sample.objects {
                var object = object
                object.box = object.box.clamped(width: sample.image.width, height: sample.image.height)
                guard let seen = object.transformed(by: map, width: geometry.width, height: geometry.height),
                    let kept = limit.limited(seen)
                else { continue }
                result.objects.append(kept)
            }
        }
        return result
    }
}

extension LabelledImage {
    /// Blends another picture of the same size into this one, which keeps `share`; all objects stay, with the weights of
    /// their pictures.
    mutating func blend(_ other: LabelledImage, share: Double) {
        precondition(
            image.width == other.image.width && image.height == other.image.height, "pictures of different sizes")
        let own = UInt32((min(max(share, 0), 1) * 256).rounded())
        let (count, theirs) = (image.pixels.count, 256 - own)
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            other.image.pixels.withUnsafeBufferPointer { others in
                for index in 0..<count {
                    let sum = UInt32(pixels[index]) &* own &+ UInt32(others[index]) &* theirs &+ 128
                    pixels[index] = UInt8(truncatingIfNeeded: sum >> 8)
                }
            }
        }
        for index in objects.indices { objects[index].weight *= Float(own) / 256 }
        objects += other.objects.map { object in
            var object = object
            object.weight *= Float(theirs) / 256
            return object
        }
    }
}
