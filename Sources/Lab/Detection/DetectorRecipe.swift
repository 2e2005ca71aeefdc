package import Foundation
import Training

/// How a detector is trained: all that decides the result, beside data, first weights and teacher. A JSON file holds those
/// that differ from the usual.
package struct DetectorRecipe: Hashable, Sendable, Codable {
    package var epochs = 100
    package var batch = 16
    /// The side of the input, in pixels: what the model says of itself, and what it is judged at.
    package var side = 416
    /// The sides of the inputs that it learns from; one is drawn for each batch.
    package var sides: [Int] = [352, 384, 416, 448]
    /// The highest learning rate, after a linear rise; from there it falls by half a cosine to a hundredth.
    package var rate = 5e-4
    package var warmupSteps = 500
    /// Of AdamW, for kernels; biases and normalizations have none.
    package var weightDecay = 0.05
    /// Of the average of the weights, which is judged and exported.
    package var averageDecay = 0.9998
    /// The share of the epochs, at the end, without mosaics and mixtures.
    package var closing = 0.12
    package var mosaic = 0.8
    package var mixup = 0.1
    package var scale: [Double] = [0.55, 1.7]
    package var translation = 0.15
    package var classGain: Float = 0.5
    package var boxGain: Float = 4
    package var distanceGain: Float = 1
    /// What a teacher counts beside the labels.
    package var teaching: Float = 1
    /// Whether activations and weights are rounded as in 8 bits while the model learns (`QuantizationAwareness`).
    package var isQuantizationAware = false
    package var seed: UInt64 = 7

    package init() {}

    package init(contentsOf path: String) throws {
        let bytes = try DataFolder.bytes(of: path, limit: 1 << 20)
        do {
            let usual = try JSONEncoder().encode(DetectorRecipe())
            guard var fields = try JSONSerialization.jsonObject(with: usual) as? [String: Any],
                let given = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
            else { throw DataSetError(.corrupt, file: path, reason: "it is no JSON object") }
            if let stranger = given.keys.filter({ fields[$0] == nil }).min() {
                throw DataSetError(
                    .corrupt, file: path,
                    reason: "\"\(stranger.prefix(40))\" is none of \(fields.keys.sorted().joined(separator: ", "))")
            }
            fields.merge(given) { $1 }
            self = try JSONDecoder().decode(
                DetectorRecipe.self, from: JSONSerialization.data(withJSONObject: fields))
        } catch let error as DataSetError {
            throw error
        } catch let error as DecodingError {
            let field =
                if case .typeMismatch(_, let context) = error { context.codingPath.last?.stringValue } else {
                    String?.none
                }
            throw DataSetError(
                .corrupt, file: path, place: field, reason: "it is not the number or list that it should be")
        } catch {
            throw DataSetError(.corrupt, file: path, reason: "it is no JSON")
        }
    }

    package var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return try encoder.encode(self)
        }
    }

    /// What is wrong with it, if anything.
    package var complaint: String? {
        func share(_ name: String, _ value: Double) -> String? {
            (0...1).contains(value) ? nil : "\(name) is \(value), not 0 to 1"
        }
        for side in sides + [side] where side % 32 != 0 || !(64...1280).contains(side) {
            return "a side of \(side) is no multiple of 32 between 64 and 1280"
        }
        if sides.isEmpty { return "there are no sides" }
        for (name, value, range) in [
            ("epochs", epochs, 0...100_000), ("batch", batch, 1...4096), ("warmupSteps", warmupSteps, 0...1_000_000),
        ] where !range.contains(value) {
            return "\(name) is \(value), not \(range.lowerBound) to \(range.upperBound)"
        }
        for (name, gain) in [
            ("classGain", classGain), ("boxGain", boxGain), ("distanceGain", distanceGain), ("teaching", teaching),
        ] where !(gain >= 0 && gain <= 1000) {
            return "\(name) is \(gain), not 0 to 1000"
        }
        if !(rate > 0 && rate.isFinite) { return "rate is \(rate), not above 0" }
        if !(averageDecay >= 0 && averageDecay < 1) { return "averageDecay is \(averageDecay), not 0 to 1" }
        guard scale.count == 2, scale[0] >= 0.01, scale[0] <= scale[1], scale[1] <= 100 else {
            return "scale is \(scale), not [low, high] within 0.01 to 100"
        }
        if !(weightDecay >= 0 && weightDecay <= 1) { return "weightDecay is \(weightDecay), not 0 to 1" }
        return share("closing", closing) ?? share("mosaic", mosaic) ?? share("mixup", mixup)
            ?? share("translation", translation)
    }

    var augmentation: DetectionAugmentation {
        var augmentation = DetectionAugmentation()
        augmentation.mosaic = mosaic
        augmentation.mixup = mixup
        augmentation.scale = scale[0]...scale[1]
        augmentation.translation = translation
        return augmentation
    }

    var loss: DetectionLoss {
        var loss = DetectionLoss()
        (loss.classGain, loss.boxGain, loss.distanceGain) = (classGain, boxGain, distanceGain)
        return loss
    }

    /// The first epoch of the closing.
    var closingEpoch: Int { epochs - Int((Double(epochs) * closing).rounded()) }

    func schedule(steps: Int) -> Schedule {
        let warmup = min(warmupSteps, steps / 4)
        return Schedule(
            .cosine(rate: rate, steps: max(steps - warmup, 1), floor: rate / 100),
            warmup: warmup > 0 ? Schedule.Warmup(steps: warmup) : nil)
    }
}
