import CDefaultWeights
import Foundation

/// The detector that comes with the program, in the program itself: people and vehicles, in 8 bits; see
/// weights/MODEL_CARD.md.
package enum DefaultWeights {
    /// What it is called where a model's file is named.
    package static let name = "saccade-n"

    /// The bytes of its ONNX file, where they lie in the program.
    static var data: Data {
        Data(
            bytesNoCopy: UnsafeMutableRawPointer(mutating: saccade_default_weights()),
            count: saccade_default_weights_size(), deallocator: .none)
    }
}
