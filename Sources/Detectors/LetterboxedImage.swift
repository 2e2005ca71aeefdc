package import Imaging
package import Tensors

/// A picture as a detector's network sees it: fitted into the network's canvas, in bytes.
package struct LetterboxedImage: Sendable {
    package let letterbox: Letterbox
    /// canvasHeight × canvasWidth × 3 levels, in the network's order of channels.
    package let pixels: [UInt8]

    package init(letterbox: Letterbox, pixels: [UInt8]) {
        precondition(
            pixels.count == letterbox.canvasWidth * letterbox.canvasHeight * 3, "a canvas has width x height x 3 bytes")
        self.letterbox = letterbox
        self.pixels = pixels
    }

    package var width: Int { letterbox.canvasWidth }
    package var height: Int { letterbox.canvasHeight }
}

extension YOLODetector {
    /// A picture as the network will see it: the run-time's own pre-processing, on the canvas that it would take.
    package func letterboxed(_ image: borrowing Image) -> LetterboxedImage {
        let canvas = input.canvas(forWidth: image.width, height: image.height)
        let letterbox = Letterbox(
            sourceWidth: image.width, sourceHeight: image.height, canvasWidth: canvas.width,
            canvasHeight: canvas.height, style: input.letterbox)
        var pixels = [UInt8](repeating: 0, count: canvas.width * canvas.height * 3)
        pixels.withUnsafeMutableBufferPointer {
            LetterboxScaler(letterbox).write(image, into: $0, order: input.channelOrder)
        }
        return LetterboxedImage(letterbox: letterbox, pixels: pixels)
    }

    /// The network's input for a picture as its file has it: 1×3×H×W float numbers.
    package func tensor(of image: LetterboxedImage) throws(TensorError) -> Tensor {
        let plane = image.width * image.height
        let scale = input.scale
        return try Tensor(dtype: .float32, shape: Shape([1, 3, image.height, image.width])) { bytes in
            let values = bytes.bindMemory(to: Float.self)
            image.pixels.withUnsafeBufferPointer { pixels in
                for channel in 0..<3 {
                    for index in 0..<plane {
                        values[channel * plane + index] = Float(pixels[index * 3 + channel]) * scale
                    }
                }
            }
        }
    }
}

/// A value of the model from which boxes are decoded.
package struct RawMap: Hashable, Sendable {
    /// The value's name in the model.
    package let name: String
    /// Whether it holds boxes, and whether it holds logits of scores: of classes or of objectness.
    package let hasBoxes: Bool
    package let hasScores: Bool
}

extension YOLODetector {
    /// The values behind which the graph has nothing but its tail; empty where they are not known.
    package var rawMaps: [RawMap] {
        guard let head = network.rawHead else { return [] }
        let boxes = Set(head.levels.map(\.boxes))
        let scores = Set(head.levels.flatMap { head.scheme == .cells ? [$0.classes, $0.objectness] : [$0.classes] })
        return network.mapNames.enumerated().map {
            RawMap(name: $1, hasBoxes: boxes.contains($0), hasScores: scores.contains($0))
        }
    }
}
