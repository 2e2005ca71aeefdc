/// What the last convolutions of a YOLO deliver, before the tail of the graph makes boxes of it: for each level, a grid
/// of cells of `stride` input pixels, one feature map or a few in N×H×W×C.
///
/// With the sigmoid σ, and everything in pixels of the network's input:
/// - `distances` (YOLOv8, 11, 26 and this project's own): a map of the four distances from the cell's centre to the
///   edges (left, top, right, bottom) in units of the stride, each as `bins` logits of which softmax gives the
///   expectation, or directly with one bin; and a map of the classes' logits. Score = σ(class).
/// - `anchors` (YOLOv5): one map, for each anchor x, y, w, h, objectness and classes as logits;
///   centre = (2σ − ½ + cell) · stride, size = (2σ)² · anchor, score = σ(objectness) · σ(class).
/// - `cells` (YOLOX): maps of the offset of the centre and the logarithm of the size in units of the stride, of the
///   objectness, and of the classes. Score as for anchors.
package struct RawHead: Hashable, Sendable {
    package enum Scheme: Hashable, Sendable {
        case distances(bins: Int)
        case anchors
        case cells
    }

    /// The maps of one grid by their places among the graph's outputs; one map may serve as several.
    package struct Level: Hashable, Sendable {
        package let stride: Int
        package let boxes: Int
        package let objectness: Int
        package let classes: Int
        /// Width and height of the anchors; empty where the scheme has none.
        package var anchors: [SIMD2<Float>]

        package init(stride: Int, boxes: Int, objectness: Int, classes: Int, anchors: [SIMD2<Float>] = []) {
            self.stride = stride
            self.boxes = boxes
            self.objectness = objectness
            self.classes = classes
            self.anchors = anchors
        }
    }

    package let scheme: Scheme
    package let classes: Int
    /// By growing stride.
    package var levels: [Level]
    /// For networks that select by themselves: how many detections they give, of which one cell may give several, one
    /// for each class. Nil: the best class of a cell or anchor, and suppression of overlaps afterwards.
    package let selection: Int?

    package init(scheme: Scheme, classes: Int, levels: [Level], selection: Int? = nil) {
        self.scheme = scheme
        self.classes = classes
        self.levels = levels
        self.selection = selection
    }

    /// What `inspect` prints.
    package var description: String {
        let strides = levels.map { String($0.stride) }.joined(separator: ", ")
        switch scheme {
        case .distances(let bins): return "distances in \(bins) \(bins == 1 ? "bin" : "bins"), strides \(strides)"
        case .anchors: return "\(levels.first?.anchors.count ?? 0) anchors a cell, strides \(strides)"
        case .cells: return "offsets in cells, strides \(strides)"
        }
    }
}

extension RawHead {
    /// Every head that the shapes of the maps allow; which of them it is, the graph's own tail tells.
    ///
    /// - Parameters:
    ///   - maps: N×C×H×W of each map, in order.
    ///   - width: of the network's input.
    ///   - height: of the network's input.
    ///   - whole: the head that the whole graph has.
    static func candidates(maps: [[Int]], width: Int, height: Int, whole: YOLOHead) -> [RawHead] {
        var byStride: [Int: [Int]] = [:]
        for (place, shape) in maps.enumerated() {
            guard shape.count == 4, shape[0] == 1, shape[2] > 0, shape[3] > 0, width % shape[3] == 0,
                width / shape[3] * shape[2] == height
            else { return [] }
            byStride[width / shape[3], default: []].append(place)
        }
        let levels = byStride.sorted { $0.key < $1.key }
        guard let first = levels.first?.value, levels.allSatisfy({ $0.value.count == first.count }) else { return [] }
        var selection: Int?
        if case .endToEnd(let rows) = whole { selection = rows }
        /// The head whose maps are those with the given channels; `order` gives the places of box, objectness, classes.
        func head(_ scheme: Scheme, classes: Int, channels: [Int], _ order: [Int], anchors: Int = 0) -> RawHead? {
            guard classes > 0, whole.classes == nil || whole.classes == classes else { return nil }
            var found: [Level] = []
            for (stride, places) in levels {
                guard zip(order, channels).allSatisfy({ maps[places[$0]][1] == $1 }) else { return nil }
                found.append(
                    Level(
                        stride: stride, boxes: places[order[0]], objectness: places[order[order.count == 3 ? 1 : 0]],
                        classes: places[order[order.count - 1]], anchors: Array(repeating: .zero, count: anchors)))
            }
            return RawHead(scheme: scheme, classes: classes, levels: found, selection: selection)
        }
        let channels = first.map { maps[$0][1] }
        var heads: [RawHead?] = []
        switch channels.count {
        case 1:
            for count in 1...9 where channels[0] % count == 0 {
                heads.append(
                    head(.anchors, classes: channels[0] / count - 5, channels: channels, [0], anchors: count))
            }
        case 2:
            for order in [[0, 1], [1, 0]] where channels[order[0]] % 4 == 0 {
                let (boxes, classes) = (channels[order[0]], channels[order[1]])
                heads.append(head(.distances(bins: boxes / 4), classes: classes, channels: [boxes, classes], order))
            }
        case 3:
            for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
            where channels[order[0]] == 4 && channels[order[1]] == 1 {
                heads.append(head(.cells, classes: channels[order[2]], channels: order.map { channels[$0] }, order))
            }
        default: break
        }
        return heads.compactMap { $0 }
    }
}
