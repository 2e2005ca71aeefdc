import Imaging

/// A homography in the making: each operation sees the canvas as the ones before left it.
struct GeometryDraw {
    private(set) var map = Homography.identity
    private(set) var width: Int
    private(set) var height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    private var middle: (x: Double, y: Double) { (Double(width) / 2, Double(height) / 2) }

    /// Draws an operation of the geometry stage and adds it: first whether it takes place, then its numbers.
    mutating func add(_ operation: ImageOperation, _ stream: inout RandomStream, _ record: inout AugmentationRecord) {
        let takesPlace = stream.happens(operation.probability)
        switch operation {
        case .horizontalFlip, .verticalFlip:
            guard takesPlace else { return }
            var flip = Homography.scale(x: -1, y: 1)
            if case .verticalFlip = operation { flip = .scale(x: 1, y: -1) }
            append(flip)
            record.add(operation.name)
        case .quarterTurn:
            let turns = stream.integer(1...3)
            guard takesPlace else { return }
            turn(turns)
            record.add(operation.name, "\(turns * 90)°")
        case .rotation(let range, _):
            let degrees = stream.uniform(range)
            guard takesPlace else { return }
            append(.rotation(degrees: degrees))
            record.add(operation.name, "\(short(degrees, 1))°")
        case .scale(let range, _):
            let factor = stream.logUniform(range)
            guard takesPlace else { return }
            append(.scale(x: factor, y: factor))
            record.add(operation.name, "×\(short(factor))")
        case .translation(let share, _):
            let (x, y) = (stream.uniform(-share...share), stream.uniform(-share...share))
            guard takesPlace else { return }
            map = .translation(x: x * Double(width), y: y * Double(height)) * map
            record.add(operation.name, "\(short(x * 100, 1)) % \(short(y * 100, 1)) %")
        case .shear(let range, _):
            let (x, y) = (stream.uniform(range), stream.uniform(range))
            guard takesPlace else { return }
            append(.shear(xDegrees: x, yDegrees: y))
            record.add(operation.name, "\(short(x, 1))° \(short(y, 1))°")
        case .perspective(let strength, _):
            let (x, y) = (stream.uniform(-strength...strength), stream.uniform(-strength...strength))
            guard takesPlace else { return }
            // At the nearest corner of the canvas W is at least one half.
            let limit = min(1, 0.5 / max(abs(x) * middle.x + abs(y) * middle.y, 1e-9))
            append(.perspective(x: x * limit, y: y * limit))
            record.add(operation.name, "\(short(x * limit, 5)) \(short(y * limit, 5))")
        case .crop(let area, let aspect, _):
            let part = RandomRectangle(area: area, aspect: aspect, width: width, height: height, &stream)
            guard takesPlace else { return }
            map = .translation(x: -Double(part.x), y: -Double(part.y)) * map
            (width, height) = (part.width, part.height)
            record.add(operation.name, "\(part.width)×\(part.height) at \(part.x), \(part.y)")
        case .letterbox(let newWidth, let newHeight): letterbox(width: newWidth, height: newHeight)
        case .resize(let newWidth, let newHeight):
            map = .scale(x: Double(newWidth) / Double(width), y: Double(newHeight) / Double(height)) * map
            (width, height) = (newWidth, newHeight)
        case .mosaic, .mixup, .colorJitter, .grayscale, .blur, .noise, .jpeg, .cutout, .randomErasing: break
        }
    }

    /// Fits the canvas into another as the detectors' letterbox does.
    mutating func letterbox(width newWidth: Int, height newHeight: Int) {
        let box = Letterbox(sourceWidth: width, sourceHeight: height, canvasWidth: newWidth, canvasHeight: newHeight)
        map =
            .translation(x: Double(box.left), y: Double(box.top))
            * .scale(x: Double(box.width) / Double(width), y: Double(box.height) / Double(height)) * map
        (width, height) = (newWidth, newHeight)
    }

    private mutating func append(_ step: Homography) { map = step.around(x: middle.x, y: middle.y) * map }

    private mutating func turn(_ turns: Int) {
        let (x, y) = middle
        if turns % 2 == 1 { (width, height) = (height, width) }
        map =
            .translation(x: middle.x, y: middle.y) * .rotation(degrees: Double(turns) * 90)
            * .translation(x: -x, y: -y) * map
    }
}

/// A rectangle with a share of a picture's area and an aspect ratio, both drawn, that fits the picture.
struct RandomRectangle {
    private(set) var x: Int
    private(set) var y: Int
    private(set) var width: Int
    private(set) var height: Int

    /// Takes four numbers of the stream. Sides that would not fit are cut to the picture's.
    init(
        area: ClosedRange<Double>, aspect: ClosedRange<Double>, width fullWidth: Int, height fullHeight: Int,
        _ stream: inout RandomStream
    ) {
        let pixels = stream.uniform(area) * Double(fullWidth) * Double(fullHeight)
        let ratio = stream.logUniform(aspect)
        width = min(max(Int((pixels * ratio).squareRoot().rounded()), 1), fullWidth)
        height = min(max(Int((pixels / ratio).squareRoot().rounded()), 1), fullHeight)
        x = stream.integer(below: fullWidth - width + 1)
        y = stream.integer(below: fullHeight - height + 1)
    }
}
