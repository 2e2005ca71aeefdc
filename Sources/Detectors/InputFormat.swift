import Graphs
package import Imaging
import Tensors

/// What a detector's network takes: 1×3×H×W, and how pictures become it.
package struct InputFormat: Hashable, Sendable {
    /// The input's name in the model.
    package let name: String
    package let width: Int
    package let height: Int
    package let letterbox: Letterbox.Style
    package let channelOrder: ChannelOrder
    /// What a byte of a pixel is multiplied with.
    package let scale: Float

    /// The sides that are taken when neither the model nor the user says: what YOLO exports have.
    static let defaultSide = 640
    static let sideLimit = 1 << 13

    /// Finds the name and the size of the input.
    ///
    /// - Parameters:
    ///   - wantedSide: the side that the user demands; an error when the model is fixed at another.
    ///   - metadata: names the size where the model leaves it open.
    static func size(
        of graph: Graph, metadata: ModelMetadata, wantedSide: Int?
    ) throws(DetectorError) -> (name: String, width: Int, height: Int) {
        guard graph.inputs.count == 1, let id = graph.inputs.first else {
            throw .unsupportedInput(
                model: graph.name, reason: "a detector has one input, this has \(graph.inputs.count)")
        }
        let value = graph[id]
        let extents = value.declared ?? value.shape?.dimensions.map { .fixed($0) } ?? []
        let text = extents.map(\.description).joined(separator: "×")
        guard extents.count == 4, extents[1] == .fixed(3), value.dtype == .float32 else {
            throw .unsupportedInput(
                model: graph.name, reason: "the input \(value.name) is \(text) \(value.dtype), not 1×3×H×W float32")
        }
        if case .fixed(let batch) = extents[0], batch != 1 {
            throw .unsupportedInput(
                model: graph.name, reason: "the export is for batches of \(batch); export it with batch 1")
        }
        func side(_ extent: Dimension, metadata: Int?) throws(DetectorError) -> Int {
            if case .fixed(let fixed) = extent {
                guard wantedSide == nil || wantedSide == fixed else {
                    throw .unsupportedInput(
                        model: graph.name,
                        reason: "the export is fixed at \(text); leave out --imgsz or export it again")
                }
                return fixed
            }
            return wantedSide ?? metadata ?? defaultSide
        }
        let height = try side(extents[2], metadata: metadata.imageSize?.height)
        let width = try side(extents[3], metadata: metadata.imageSize?.width)
        guard (32...sideLimit).contains(width), (32...sideLimit).contains(height) else {
            throw .unsupportedInput(model: graph.name, reason: "an input of \(width)×\(height) pixels is out of range")
        }
        return (value.name, width, height)
    }
}
