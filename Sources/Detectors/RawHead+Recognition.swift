import Graphs
import Tensors

extension RawHead {
    /// How a detector's graph is read: cut at its raw maps, or as a whole.
    enum Recognition {
        /// The maps by their values, and what they mean.
        case maps([ValueID], RawHead)
        /// Why the whole graph runs.
        case whole(reason: String)
    }

    /// Finds the raw maps of a specialized graph, and checks their decoding against the graph's own tail.
    static func recognize(_ graph: Graph, whole: YOLOHead, width: Int, height: Int) -> Recognition {
        guard let maps = graph.featureMaps(), !maps.isEmpty else {
            return .whole(reason: "its last feature maps were not found")
        }
        let candidates = candidates(
            maps: maps.map { graph.shape(of: $0)?.dimensions ?? [] }, width: width, height: height, whole: whole)
        do {
            let tail = try graph.from(maps)
            for candidate in candidates {
                let oracle = try TailOracle(tail: tail, whole: whole, candidate: candidate)
                if oracle.agrees() { return .maps(maps, oracle.head) }
            }
        } catch {
            return .whole(reason: "its tail does not run by itself: \(error)")
        }
        let shapes = maps.map { graph.shape(of: $0)?.description ?? "?" }.joined(separator: ", ")
        return .whole(reason: "its raw maps (\(shapes)) are of no known kind")
    }
}
