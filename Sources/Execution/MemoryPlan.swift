import Graphs
import Kernels
import Tensors

/// Where every computed tensor lies in a session's arena.
///
/// Tensors that are alive at the same time do not overlap, except those that are parts of one another. A tensor is
/// alive from the first to the last node that touches it or a part of it; inputs, outputs and kept tensors always.
struct MemoryPlan {
    /// Where a value's first element lies, and its layout.
    struct Place {
        var location: Location
        var rowStride: Int
    }

    private(set) var places: [ValueID: Place] = [:]
    private(set) var byteCount = 0

    /// - Parameters:
    ///   - pinned: values that stay readable after a run, besides inputs and outputs.
    ///   - shared: values whose places in the memory that sessions are given are known.
    init(
        _ graph: Graph, nodes: [Node], aliases: TensorAliases, pinned: Set<ValueID>, shared: [ValueID: Int]
    ) {
        var lives: [ValueID: ClosedRange<Int>] = [:]
        func touch(_ id: ValueID, _ time: ClosedRange<Int>) {
            guard graph.constants[id] == nil else { return }
            let root = aliases.placement(id).root
            guard shared[root] == nil else { return }
            let life = lives[root] ?? time
            lives[root] = min(life.lowerBound, time.lowerBound)...max(life.upperBound, time.upperBound)
        }
        let always = -1...nodes.count
        for id in graph.inputs + graph.outputs { touch(id, always) }
        for id in pinned { touch(id, always) }
        for (index, node) in nodes.enumerated() {
            for case let id? in node.inputs { touch(id, index...index) }
            for id in node.outputs { touch(id, index...index) }
        }

        func bytes(_ id: ValueID) -> Int {
            let size = (graph.shape(of: id)?.count ?? 0) * graph[id].dtype.stride
            return (max(size, 1) + TensorBuffer.alignment - 1) / TensorBuffer.alignment * TensorBuffer.alignment
        }
        // Large tensors first, each at the lowest place that is free while it lives.
        var placed: [(life: ClosedRange<Int>, begin: Int, end: Int)] = []
        var begins: [ValueID: Int] = [:]
        let order = lives.keys.sorted { (bytes($0), $1) > (bytes($1), $0) }
        for root in order {
            guard let life = lives[root] else { continue }
            let size = bytes(root)
            var begin = 0
            for other in placed where other.life.overlaps(life) {
                if other.begin >= begin + size { break }
                begin = max(begin, other.end)
            }
            let index = placed.firstIndex { $0.begin > begin } ?? placed.count
            placed.insert((life, begin, begin + size), at: index)
            begins[root] = begin
            byteCount = max(byteCount, begin + size)
        }
        for id in graph.values.indices.map({ ValueID(index: $0) }) {
            let placement = aliases.placement(id)
            let offset = placement.offset * graph[id].dtype.stride
            if let begin = begins[placement.root] {
                places[id] = Place(location: .arena(begin + offset), rowStride: placement.rowStride)
            } else if let begin = shared[placement.root] {
                places[id] = Place(location: .shared(begin + offset), rowStride: placement.rowStride)
            }
        }
    }
}
