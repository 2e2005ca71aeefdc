package import Tensors

/// Where tensors lie in one flat memory of floats: each begins on a boundary of 64 bytes, and what is between them is 0.
///
/// Parameters, their gradients, the rows of an optimizer's state and averages of weights all have the layout of the
/// parameters, so that optimizers, norms and checkpoints are passes over flat memory.
package struct ParameterLayout: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let name: String
        package let shape: Shape
        /// Elements from the beginning.
        package let offset: Int

        package var range: Range<Int> { offset..<offset + shape.count }
    }

    package let entries: [Entry]
    /// Elements in all, a multiple of 16.
    package let count: Int

    private static let unit = TensorBuffer.alignment / MemoryLayout<Float>.stride

    package init(_ tensors: [(name: String, shape: Shape)]) {
        var entries: [Entry] = []
        var end = 0
        for (name, shape) in tensors {
            entries.append(Entry(name: name, shape: shape, offset: end))
            end += (shape.count + Self.unit - 1) / Self.unit * Self.unit
        }
        self.entries = entries
        count = end
    }

    package var byteCount: Int { count * MemoryLayout<Float>.stride }

    /// Elements of the tensors themselves: what is called the number of parameters.
    package var elementCount: Int { entries.reduce(0) { $0 + $1.shape.count } }

    package subscript(name: String) -> Entry? { entries.first { $0.name == name } }
}
