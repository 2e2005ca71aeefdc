import Imaging

extension ImageOperation {
    /// What is wrong with the parameters; `nil` when nothing is.
    var fault: String? {
        guard (0...1).contains(probability) else { return "a probability is 0 to 1" }
        switch self {
        case .horizontalFlip, .verticalFlip, .quarterTurn, .grayscale: return nil
        case .rotation(let degrees, _):
            return Self.within(degrees, -3600...3600) ? nil : "an angle is -3600 to 3600 degrees"
        case .scale(let factors, _): return Self.within(factors, 0.01...100) ? nil : "a factor is 0.01 to 100"
        case .translation(let share, _): return (0...10).contains(share) ? nil : "a share is 0 to 10"
        case .shear(let degrees, _): return Self.within(degrees, -80...80) ? nil : "an angle is -80 to 80 degrees"
        case .perspective(let strength, _): return (0...1).contains(strength) ? nil : "a strength is 0 to 1"
        case .crop(let area, let aspect, _), .randomErasing(let area, let aspect, _):
            guard Self.within(area, 0.0001...1) else { return "a share of the area is 0.0001 to 1" }
            return Self.within(aspect, 0.01...100) ? nil : "an aspect ratio is 0.01 to 100"
        case .letterbox(let width, let height), .resize(let width, let height):
            let sides = 1...Self.longestCanvas
            return sides.contains(width) && sides.contains(height) ? nil : "a side is 1 to \(Self.longestCanvas) pixels"
        case .mosaic(let side, _):
            return (2...Self.longestCanvas).contains(side) ? nil : "a side is 2 to \(Self.longestCanvas) pixels"
        case .mixup(let alpha, _): return (0.001...1e6).contains(alpha) ? nil : "alpha is 0.001 to 1000000"
        case .colorJitter(let brightness, let contrast, let saturation, let hue, _):
            let factors = [brightness, contrast, saturation].allSatisfy { (0...1).contains($0) }
            return factors && (0...0.5).contains(hue) ? nil : "changes are 0 to 1, those of the hue 0 to 0.5 turns"
        case .blur(let sigma, _): return Self.within(sigma, 0...GaussianBlur.largestSigma) ? nil : "sigma is 0 to 20"
        case .noise(let sigma, _): return Self.within(sigma, 0...255) ? nil : "sigma is 0 to 255 levels"
        case .jpeg(let quality, _):
            return quality.lowerBound >= 1 && quality.upperBound <= 100 ? nil : "a quality is 1 to 100"
        case .cutout(let count, let side, _):
            guard count.lowerBound >= 0, count.upperBound <= 1000 else { return "a count is 0 to 1000" }
            return Self.within(side, 0.001...1) ? nil : "a share of the side is 0.001 to 1"
        }
    }

    /// Canvases are not longer than this, so that a recipe cannot ask for gigabytes.
    static let longestCanvas = 16_384

    private static func within(_ range: ClosedRange<Double>, _ limits: ClosedRange<Double>) -> Bool {
        limits.contains(range.lowerBound) && limits.contains(range.upperBound)
    }
}
