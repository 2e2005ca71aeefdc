import Tensors

extension Reference {
    /// The gradient of `gather`: dx[outer, j, inner] = Σ dy[outer, i, inner] over the i with indices[i] = j; dx and dy are
    /// dense. Negative indices count from the end.
    ///
    /// Returns false when an index lies outside of the axis.
    package static func scatterAdd(_ dy: TensorView, indices: TensorView, to dx: TensorView, axis: Int) -> Bool {
        let extent = dx.shape[axis]
        let inner = dx.shape.dimensions[(axis + 1)...].reduce(1, *)
        let chosen = integers(indices).map { $0 < 0 ? $0 + extent : $0 }
        guard chosen.allSatisfy({ (0..<extent).contains($0) }) else { return false }
        var sums = Array(repeating: 0.0, count: dx.shape.count)
        for number in 0..<dy.shape.count {
            let (row, column) = number.quotientAndRemainder(dividingBy: inner)
            let (outer, index) = row.quotientAndRemainder(dividingBy: chosen.count)
            sums[(outer * extent + chosen[index]) * inner + column] += Double(dy.pointer(as: Float.self)[number])
        }
        for (place, sum) in sums.enumerated() { dx.pointer(as: Float.self)[place] = Float(sum) }
        return true
    }

    /// The gradient of `gatherElements`: dx[..., indices[..., i, ...], ...] += dy[..., i, ...] on zeros; dx and dy are
    /// dense.
    ///
    /// Returns false when an index lies outside of the axis.
    package static func scatterAddElements(
        _ dy: TensorView, indices: TensorView, to dx: TensorView, axis: Int
    ) -> Bool {
        let extent = dx.shape[axis]
        var strides = dx.shape.strides
        let step = strides[axis]
        strides[axis] = 0
        var sums = Array(repeating: 0.0, count: dx.shape.count)
        let starts = StridedOffsets(extents: indices.shape.dimensions, strides: strides)
        for (number, (start, index)) in zip(starts, integers(indices)).enumerated() {
            let index = index < 0 ? index + extent : index
            guard (0..<extent).contains(index) else { return false }
            sums[start + index * step] += Double(dy.pointer(as: Float.self)[number])
        }
        for (place, sum) in sums.enumerated() { dx.pointer(as: Float.self)[place] = Float(sum) }
        return true
    }
}
