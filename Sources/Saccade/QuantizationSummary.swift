/// What a quantization found: how good, how fast and how large the quantized model is beside the float one.
public struct QuantizationSummary: Hashable, Sendable, Encodable {
    /// A picture that was left out.
    public struct LeftOut: Hashable, Sendable, Encodable {
        /// Its path.
        public let path: String
        /// What is wrong with it.
        public let reason: String
    }

    /// How far the quantized model finds what the float model finds on the calibration pictures, 0 to 1.
    public struct Agreement: Hashable, Sendable, Encodable {
        /// Objects that the float model finds, with a score of at least 0.25.
        public let objects: Int
        /// Average precision over overlaps of 0.5 to 0.95 with these as the truth: boxes must be nearly the same.
        public let ap: Double
        /// At an overlap of 0.5: the same objects must be found. What the float model finds with a lesser score counts
        /// neither way.
        public let ap50: Double
        /// How far the scores and boxes of all places where the float model sees something are moved: the mean of
        /// |score − float score| + float score · (1 − overlap of the boxes), as a part of the mean score.
        public let deviation: Double
    }

    /// A difference with its 95 % interval: paired bootstrap over the images.
    public struct Difference: Hashable, Sendable, Encodable {
        /// Quantized − float.
        public let value: Double
        /// The 2.5th percentile.
        public let lower: Double
        /// The 97.5th percentile.
        public let upper: Double
    }

    /// Average precision on the labelled set, by the COCO protocol, 0 to 1.
    public struct Evaluation: Hashable, Sendable, Encodable {
        /// The COCO instances file.
        public let annotations: String
        /// Images that were found.
        public let images: Int
        /// Images of the file that were not found, or not read.
        public let missingImages: Int
        /// Of the float model: overlaps of 0.5 to 0.95, and 0.5.
        public let floatAP: Double
        /// At an overlap of 0.5.
        public let floatAP50: Double
        /// Of the quantized model.
        public let quantizedAP: Double
        /// At an overlap of 0.5.
        public let quantizedAP50: Double
        /// Of the average precision.
        public let difference: Difference
    }

    /// The median time of a picture, in milliseconds, from the canvas to the boxes; both models in turns.
    public struct Latency: Hashable, Sendable, Encodable {
        /// Threads that work on one picture.
        public let threads: Int
        /// The canvas.
        public let width: Int
        /// The canvas.
        public let height: Int
        /// Of the float model.
        public let floatMilliseconds: Double
        /// Of the quantized model.
        public let quantizedMilliseconds: Double
    }

    /// How far a tensor of the quantized model is from the float one, in decibels of signal to noise.
    public struct Noise: Hashable, Sendable, Encodable {
        /// The tensor's name.
        public let tensor: String
        /// With all that was rounded before it.
        public let decibels: Double
        /// Of its own rounding alone.
        public let roundingDecibels: Double
    }

    /// The time of an operator of the quantized model.
    public struct Layer: Hashable, Sendable, Encodable {
        /// The node's name.
        public let node: String
        /// The operator.
        public let op: String
        /// The kernel.
        public let kernel: String
        /// The median.
        public let milliseconds: Double
        /// Work.
        public let multiplyAdds: Int
    }

    /// A change to the recipe that was tried.
    public struct Trial: Hashable, Sendable, Encodable {
        /// The tensor.
        public let tensor: String
        /// `alone`: it is quantized and nothing else; `range`: the same with another range; `float`: it stays float and
        /// all else is quantized.
        public let change: String
        /// The deviation with it, on a few pictures.
        public let deviation: Double
        /// Whether it stayed.
        public let isKept: Bool
    }

    /// The path of the float model.
    public let model: String
    /// The path of the quantized model.
    public let output: String
    /// Whether it was written.
    public internal(set) var isWritten = false
    /// Why it is refused: what is slower or worse than allowed. Empty when all is well.
    public internal(set) var refusals: [String] = []
    /// The pictures on which the network was watched.
    public let calibrationImages: Int
    /// The pictures that were left out.
    public let leftOut: [LeftOut]
    /// Bytes of the float model's file.
    public let floatBytes: Int
    /// Bytes of the quantized model's file.
    public let quantizedBytes: Int
    /// `nil` when the float model finds nothing in the calibration pictures.
    public let agreement: Agreement?
    /// `nil` without a labelled set.
    public let evaluation: Evaluation?
    /// With one thread, and with as many as were asked for.
    public let latencies: [Latency]
    /// All tensors, the noisiest first.
    public let noise: [Noise]
    /// All operators, the slowest first.
    public let layers: [Layer]
    /// What was tried.
    public let trials: [Trial]
    /// Convolutions that keep float weights.
    public let floatConvolutions: [String]
    /// Of the whole quantization.
    public internal(set) var seconds = 0.0

    /// Judges the model by what is allowed.
    func judged(maximumDrop: Double) -> [String] {
        var refusals: [String] = []
        for latency in latencies where latency.quantizedMilliseconds > latency.floatMilliseconds {
            refusals.append(
                "it is slower than float with \(latency.threads) thread\(latency.threads == 1 ? "" : "s"): "
                    + "\(latency.quantizedMilliseconds.milliseconds) against \(latency.floatMilliseconds.milliseconds)")
        }
        if let evaluation {
            let drop = -100 * evaluation.difference.value
            if drop > maximumDrop {
                refusals.append(
                    "average precision drops by \(drop.points) points, from \((100 * evaluation.floatAP).points) to "
                        + "\((100 * evaluation.quantizedAP).points); \(maximumDrop.points) are allowed")
            }
        } else if let agreement {
            let drop = 100 * (1 - agreement.ap50)
            if drop > maximumDrop {
                refusals.append(
                    "agreement with float is \((100 * agreement.ap50).points) %, \(drop.points) points below all of it; "
                        + "\(maximumDrop.points) are allowed")
            }
        } else {
            refusals.append(
                "the float model finds nothing in the calibration pictures, so that nothing tells how good it is")
        }
        return refusals
    }
}

extension Double {
    fileprivate var points: String { String(((self * 100).rounded()) / 100) }
    fileprivate var milliseconds: String { "\(((self * 10).rounded()) / 10) ms" }
}
