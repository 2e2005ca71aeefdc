package import Imaging

/// A picture to learn from: interleaved 8-bit RGB, rows from the top, `pixels[(y * width + x) * 3 + channel]`.
///
/// Pictures of the video wing (`Imaging.Image`, YUV 4:2:0) are converted at the door. RGB is what networks are fed, what
/// colour operations are defined in, and it loses no chroma when it is resampled.
package struct RGBImage: Hashable, Sendable {
    package let width: Int
    package let height: Int
    package internal(set) var pixels: [UInt8]

    /// The gray that surrounds a picture which was moved, as `Letterbox` has it.
    package static let fill = Color(red: Letterbox.fill, green: Letterbox.fill, blue: Letterbox.fill)

    /// A picture of width x height x 3 bytes. Sides are 0...65536 pixels.
    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(
            (0...Image.longestSide).contains(width) && (0...Image.longestSide).contains(height)
                && pixels.count == width * height * 3, "a picture has width x height x 3 bytes")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// A picture of one colour.
    package init(width: Int, height: Int, fill: Color = RGBImage.fill) {
        let gray = fill.red == fill.green && fill.green == fill.blue
        self.init(
            width: width, height: height, pixels: [UInt8](repeating: fill.red, count: width * height * 3))
        if !gray { self.fill(x: 0..<width, y: 0..<height, fill) }
    }

    /// A picture of the video wing, converted.
    package init(_ image: borrowing Image) {
        let (width, height) = (image.width, image.height)
        let scaler = LetterboxScaler(
            Letterbox(sourceWidth: width, sourceHeight: height, canvasWidth: width, canvasHeight: height))
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        pixels.withUnsafeMutableBufferPointer { scaler.write(image, into: $0, order: .rgb) }
        self.init(width: width, height: height, pixels: pixels)
    }

    package var isEmpty: Bool { width == 0 || height == 0 }

    /// The colour of a pixel inside the picture.
    package subscript(x: Int, y: Int) -> Color {
        let place = (y * width + x) * 3
        return Color(red: pixels[place], green: pixels[place + 1], blue: pixels[place + 2])
    }

    /// Fills a rectangle inside the picture.
    mutating func fill(x columns: Range<Int>, y rows: Range<Int>, _ color: Color) {
        for y in rows {
            for x in columns {
                let place = (y * width + x) * 3
                (pixels[place], pixels[place + 1], pixels[place + 2]) = (color.red, color.green, color.blue)
            }
        }
    }

    /// The picture in the video wing's format, full range BT.601 as JPEG has it, for drawing and writing; not empty.
    package func image() -> Image {
        let color = ColorDescription(matrix: .bt601, isFullRange: true)
        let image = Image(width: width, height: height, color: color)
        for y in 0..<height {
            let row = image.y.row(y)
            for x in 0..<width { row[x] = self[x, y].yuv(in: color).y }
        }
        for y in 0..<image.u.height {
            let (u, v) = (image.u.row(y), image.v.row(y))
            for x in 0..<image.u.width {
                let mean = mean(ofBlockAt: 2 * x, 2 * y).yuv(in: color)
                (u[x], v[x]) = (mean.u, mean.v)
            }
        }
        return image
    }

    /// The mean of a 2 x 2 block, of the part of it inside the picture.
    private func mean(ofBlockAt x: Int, _ y: Int) -> Color {
        var (red, green, blue, count) = (0, 0, 0, 0)
        for row in y..<min(y + 2, height) {
            for column in x..<min(x + 2, width) {
                let color = self[column, row]
                red += Int(color.red)
                green += Int(color.green)
                blue += Int(color.blue)
                count += 1
            }
        }
        func mean(_ sum: Int) -> UInt8 { UInt8((sum + count / 2) / count) }
        return Color(red: mean(red), green: mean(green), blue: mean(blue))
    }
}
