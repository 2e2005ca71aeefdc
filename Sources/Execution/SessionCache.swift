package import Tensors

/// Sessions by the shapes of their inputs, of which the last used are kept: for texts of any length, images of any size,
/// a last batch that is smaller.
///
///     var cache = SessionCache(capacity: 8)
///     let session = try cache.session(for: SessionCache.Key(shapes: shapes)) {
///         try Session(ExecutionPlan(graph, inputShapes: …))
///     }
package struct SessionCache {
    package struct Key: Hashable, Sendable {
        package var shapes: [String: Shape]
        /// Tells plans of one shape apart, such as training and evaluation.
        package var variant: Int

        package init(shapes: [String: Shape], variant: Int = 0) {
            self.shapes = shapes
            self.variant = variant
        }
    }

    package let capacity: Int
    /// The least recently used one first.
    private var entries: [(key: Key, session: Session)] = []

    package init(capacity: Int) {
        precondition(capacity > 0, "a cache needs room for one session")
        self.capacity = capacity
    }

    package var count: Int { entries.count }

    /// The session of these shapes, made where it is not at hand; the one that was not used for longest makes room.
    package mutating func session(for key: Key, make: () throws -> Session) rethrows -> Session {
        if let index = entries.lastIndex(where: { $0.key == key }) {
            let entry = entries.remove(at: index)
            entries.append(entry)
            return entry.session
        }
        if entries.count == capacity { entries.removeFirst() }
        let session = try make()
        entries.append((key, session))
        return session
    }
}
