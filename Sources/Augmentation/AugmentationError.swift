/// Why a sample or a recipe is refused; names the sample where there is one.
package struct AugmentationError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        case emptyImage
        /// The sample has no value at all, or no sample rate.
        case emptyAudio
        case nonFiniteBox(object: Int)
        /// The corners are the wrong way round, or the box has no area.
        case emptyBox(object: Int)
        /// The box reaches more than a pixel beyond the picture.
        case boxOutsideImage(object: Int)
        case maskOutsideImage(object: Int)
        case negativeClass(object: Int)
        case nonFiniteAudio(at: Int)
        /// An operation's parameter makes no sense.
        case invalidOperation(String, String)
        /// The recipe mixes samples, and only one was given.
        case needsPartners(String)
    }

    package var reason: Reason
    package var sample: String?

    package init(_ reason: Reason, sample: String? = nil) {
        self.reason = reason
        self.sample = sample
    }

    package var description: String {
        let what =
            switch reason {
            case .emptyImage: "the image has no pixels"
            case .emptyAudio: "the clip has no samples or no sample rate"
            case .nonFiniteBox(let object): "the box of object \(object + 1) is not finite"
            case .emptyBox(let object): "the box of object \(object + 1) is empty or inside out"
            case .boxOutsideImage(let object): "the box of object \(object + 1) reaches beyond the image"
            case .maskOutsideImage(let object): "the mask of object \(object + 1) reaches beyond the image"
            case .negativeClass(let object): "the class of object \(object + 1) is negative"
            case .nonFiniteAudio(let place): "sample \(place) of the clip is not finite"
            case .invalidOperation(let operation, let why): "operation \(operation): \(why)"
            case .needsPartners(let operation): "operation \(operation) needs the other samples of the data set"
            }
        return sample.map { "'\($0)': \(what)" } ?? what
    }
}
