/// One step of an image recipe. Each is drawn anew for each sample, from a stream of its own.
///
/// Steps are done in this order of kinds, and in the recipe's order within a kind:
/// 1. mosaic, then geometry: composed into one homography, so that pixels are resampled once;
/// 2. mixup;
/// 3. colour: composed into one 3 x 4 matrix;
/// 4. blur, noise and JPEG;
/// 5. cutout and random erasing.
package enum ImageOperation: Hashable, Sendable {
    // Geometry. Turns, scales and shears go around the middle of the picture, which keeps its size.
    case horizontalFlip(probability: Double = 0.5)
    case verticalFlip(probability: Double = 0.5)
    /// A turn by 90, 180 or 270 degrees; sides are exchanged where it needs that.
    case quarterTurn(probability: Double = 0.75)
    case rotation(degrees: ClosedRange<Double>, probability: Double = 1)
    /// By a factor, as often halved as doubled.
    case scale(ClosedRange<Double>, probability: Double = 1)
    /// By up to a share of the width and of the height either way.
    case translation(Double, probability: Double = 1)
    case shear(degrees: ClosedRange<Double>, probability: Double = 1)
    /// Up to this much change of 1 / distance per pixel either way; limited so that no edge goes beyond twice as near.
    case perspective(Double, probability: Double = 1)
    /// A part of the picture with a share of its area and an aspect ratio (width / height) drawn from the ranges.
    case crop(area: ClosedRange<Double>, aspect: ClosedRange<Double> = 0.75...1.333, probability: Double = 1)
    /// Fits the picture into a canvas without distortion, the rest gray.
    case letterbox(width: Int, height: Int)
    /// Stretches the picture to a size.
    case resize(width: Int, height: Int)

    // Mixing with other samples of the data set.
    /// Four pictures around a random corner point, each with its long side as the canvas's side (Bochkovskiy et al.,
    /// "YOLOv4", 2020); the canvas has `side` x `side` pixels.
    case mosaic(side: Int, probability: Double = 1)
    /// A blend with another sample with a weight of Beta(alpha, alpha) (Zhang et al., "mixup", 2018).
    case mixup(alpha: Double = 32, probability: Double = 1)

    // Colour: factors of 1 ± the number, hue in turns ± the number.
    case colorJitter(
        brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0, probability: Double = 1)
    case grayscale(probability: Double)

    // Pixels.
    /// Gaussian; sigma in pixels.
    case blur(sigma: ClosedRange<Double>, probability: Double = 1)
    /// Gaussian; sigma in levels of 0 to 255.
    case noise(sigma: ClosedRange<Double>, probability: Double = 1)
    /// What JPEG of a quality of 1 to 100 loses.
    case jpeg(quality: ClosedRange<Int>, probability: Double = 1)

    // Covering.
    /// Gray squares with sides of a share of the shorter side (DeVries and Taylor, "Cutout", 2017).
    case cutout(count: ClosedRange<Int>, side: ClosedRange<Double>, probability: Double = 1)
    /// A rectangle of noise (Zhong et al., "Random erasing", 2020).
    case randomErasing(area: ClosedRange<Double>, aspect: ClosedRange<Double> = 0.3...3.3, probability: Double = 0.5)

    enum Stage { case mosaic, geometry, mixup, color, pixels, covering }

    var stage: Stage {
        switch self {
        case .mosaic: .mosaic
        case .horizontalFlip, .verticalFlip, .quarterTurn, .rotation, .scale, .translation, .shear, .perspective,
            .crop, .letterbox, .resize:
            .geometry
        case .mixup: .mixup
        case .colorJitter, .grayscale: .color
        case .blur, .noise, .jpeg: .pixels
        case .cutout, .randomErasing: .covering
        }
    }

    /// The name in records, and of the stream of random numbers.
    package var name: String {
        switch self {
        case .horizontalFlip: "horizontal flip"
        case .verticalFlip: "vertical flip"
        case .quarterTurn: "quarter turn"
        case .rotation: "rotation"
        case .scale: "scale"
        case .translation: "translation"
        case .shear: "shear"
        case .perspective: "perspective"
        case .crop: "crop"
        case .letterbox: "letterbox"
        case .resize: "resize"
        case .mosaic: "mosaic"
        case .mixup: "mixup"
        case .colorJitter: "colour"
        case .grayscale: "grayscale"
        case .blur: "blur"
        case .noise: "noise"
        case .jpeg: "JPEG"
        case .cutout: "cutout"
        case .randomErasing: "random erasing"
        }
    }

    /// How often the operation takes place.
    package var probability: Double {
        switch self {
        case .horizontalFlip(let p), .verticalFlip(let p), .quarterTurn(let p), .rotation(_, let p), .scale(_, let p),
            .translation(_, let p), .shear(_, let p), .perspective(_, let p), .crop(_, _, let p), .mosaic(_, let p),
            .mixup(_, let p), .colorJitter(_, _, _, _, let p), .grayscale(let p), .blur(_, let p), .noise(_, let p),
            .jpeg(_, let p), .cutout(_, _, let p), .randomErasing(_, _, let p):
            p
        case .letterbox, .resize: 1
        }
    }
}
