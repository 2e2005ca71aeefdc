import Foundation
package import Graphs
import Tensors

extension ModelBuilder {
    /// Adds to N×L×D the sines and cosines of each place (Vaswani et al. 2017): sin(p ÷ 10000^(2i ÷ D)) at 2i, the cosine
    /// at 2i + 1. L is at most `longest`.
    package mutating func sinusoidalPositions(
        _ x: ValueID, width: Int, longest: Int
    ) throws(GraphError) -> ValueID {
        var table = [Float]()
        table.reserveCapacity(max(longest * width, 0))
        for place in 0..<longest {
            for feature in 0..<width {
                let angle = Double(place) / pow(10000, Double(feature - feature % 2) / Double(width))
                table.append(Float(feature % 2 == 0 ? sin(angle) : cos(angle)))
            }
        }
        let id: ValueID
        do { id = try nodes.constant(table, [longest, width]) } catch { throw GraphError(.tooLarge) }
        let rows = try nodes.node(.slice, [id, nodes.list([0]), nodes.extent(x, axis: 1), nodes.list([0])])
        return try add(x, rows)
    }

    /// Adds to N×L×D a learned row for each place. L is at most `longest`.
    package mutating func learnedPositions(
        _ x: ValueID, width: Int, longest: Int, weights: Initializer = .normal(deviation: 0.02),
        name: String = "positions"
    ) throws(GraphError) -> ValueID {
        let table = try parameter("\(name).weight", [longest, width], weights)
        // Looked up, as other tables that are learned.
        return try add(x, nodes.node(.gather(axis: 0), [table, nodes.indices(x, axis: 1)]))
    }
}
