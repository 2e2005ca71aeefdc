import Graphs
package import Imaging
import Tensors

/// What a detector's network takes: 1×3×H×W, and how pictures become it.
package struct InputFormat: Hashable, Sendable {
    /// The input's name in the model.
    package let name: String
    /// The largest canvas: pictures are fitted into it.
    package let width: Int
    package let height: Int
    /// Whether the canvas follows the picture's own aspect ratio, in steps of `stride`, and what is left of the largest
    /// canvas is not computed.
    package let isRectangular: Bool
    package let stride: Int
    package let letterbox: Letterbox.Style
    package let channelOrder: ChannelOrder
    /// What a byte of a pixel is multiplied with.
    package let scale: Float

    /// The sides that are taken when neither the model nor the user says: what YOLO exports have.
    static let defaultSide = 640
    static let sideLimit = 1 << 13

    /// The name and the size of a graph's input.
    struct Size {
        var name: String
        /// The size for which the graph is written, or one that was taken where it leaves it open.
        var width: Int
        var height: Int
        /// The canvas that is wanted: the size above, or the sides that the user demands.
        var canvasWidth: Int
        var canvasHeight: Int
        /// Whether the graph itself leaves height and width open.
        var isOpen: Bool
    }

    /// Finds the name and the size of the input.
    ///
    /// - Parameters:
    ///   - wantedSide: the side that the user demands; rounded up to a multiple of the stride.
    ///   - metadata: names the size where the model leaves it open.
    static func size(
        of graph: Graph, metadata: ModelMetadata, wantedSide: Int?
    ) throws(DetectorError) -> Size {
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
        if let wantedSide, !(32...sideLimit).contains(wantedSide) {
            throw .unsupportedInput(model: graph.name, reason: "an input of \(wantedSide) pixels is out of range")
        }
        let wanted = wantedSide.map { $0.roundedUp(to: metadata.stride) }
        func side(_ extent: Dimension, metadata: Int?) -> Int {
            if case .fixed(let fixed) = extent { return fixed }
            return wanted ?? metadata ?? defaultSide
        }
        func isOpen(_ extent: Dimension) -> Bool {
            if case .symbolic = extent { return true }
            return false
        }
        let height = side(extents[2], metadata: metadata.imageSize?.height)
        let width = side(extents[3], metadata: metadata.imageSize?.width)
        guard (32...sideLimit).contains(width), (32...sideLimit).contains(height) else {
            throw .unsupportedInput(model: graph.name, reason: "an input of \(width)×\(height) pixels is out of range")
        }
        return Size(
            name: value.name, width: width, height: height, canvasWidth: wanted ?? width,
            canvasHeight: wanted ?? height,
            isOpen: isOpen(extents[2]) && isOpen(extents[3]))
    }

    /// The canvas for pictures of a size: the picture scaled to fit the input, rounded up to the stride, or the input
    /// itself where that is not allowed to change.
    ///
    /// - Parameter share: of the input's sides, 0 to 1: smaller pictures take less time, and show less.
    package func canvas(
        forWidth sourceWidth: Int, height sourceHeight: Int, share: Double = 1
    ) -> (width: Int, height: Int) {
        guard isRectangular, sourceWidth > 0, sourceHeight > 0 else { return (width, height) }
        func side(_ full: Int) -> Int {
            min(full, max(1, Int((Double(full) * min(max(share, 0), 1)).rounded())).roundedUp(to: stride))
        }
        let (width, height) = (side(width), side(height))
        let box = Letterbox(
            sourceWidth: sourceWidth, sourceHeight: sourceHeight, canvasWidth: width, canvasHeight: height,
            style: letterbox)
        return (min(box.width.roundedUp(to: stride), width), min(box.height.roundedUp(to: stride), height))
    }
}

extension Int {
    /// The least multiple of `unit` that is not less.
    func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
