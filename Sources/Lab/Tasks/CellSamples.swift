package import Augmentation
package import Tensors
package import Training

/// Cut-out cells: "images", N×3×side×side, float32, red, green and blue from −1 to 1.
package struct CellSamples: ClassifiedSamples {
    package let cells: [BloodCells.Cell]
    package var augmentation: ImageAugmentation?
    package let labels: [Int]

    /// The cells have one size, and an augmentation keeps it.
    package init(_ cells: [BloodCells.Cell], augmentation: ImageAugmentation? = nil) {
        self.cells = cells
        self.augmentation = augmentation
        labels = cells.map(\.label)
    }

    package func name(of index: Int) -> String { cells[index].name }

    package func inputs(_ indices: [Int], draw: BatchDraw?) throws -> [String: Tensor] {
        let (width, height) = (cells.first?.image.width ?? 1, cells.first?.image.height ?? 1)
        var values = [Float](repeating: 0, count: indices.count * 3 * width * height)
        for (place, index) in indices.enumerated() {
            var image = cells[index].image
            if let draw, let augmentation {
                let sample = LabelledImage(image, objects: [], name: cells[index].name)
                let seed = SampleSeed(run: draw.seed, epoch: draw.epoch, index: index)
                image = try augmentation.apply(to: sample, seed: seed).sample.image
            }
            precondition(image.width == width && image.height == height, "cells have one size")
            let pixels = image.pixels
            for channel in 0..<3 {
                let start = (place * 3 + channel) * width * height
                for pixel in 0..<width * height {
                    values[start + pixel] = Float(pixels[pixel * 3 + channel]) / 127.5 - 1
                }
            }
        }
        return ["images": try Tensor(values, shape: [indices.count, 3, height, width])]
    }
}
