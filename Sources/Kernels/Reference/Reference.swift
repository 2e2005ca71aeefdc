import Tensors

/// The naive version of every operator: what the fast kernels are tested against, what runs where there is no fast
/// kernel, and what folds constants. Views may have gaps between rows and are broadcast where the operator says so.
///
/// Nothing here is tuned; sums are taken in double precision and rounded once.
package enum Reference {}

/// The offsets of a strided layout's elements in row-major order of `extents`.
struct StridedOffsets: Sequence, IteratorProtocol {
    private let extents: [Int]
    private let strides: [Int]
    private var position: [Int]
    private var offset = 0
    private var remaining: Int

    init(extents: [Int], strides: [Int]) {
        self.extents = extents
        self.strides = strides
        position = Array(repeating: 0, count: extents.count)
        remaining = extents.reduce(1, *)
    }

    mutating func next() -> Int? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        let current = offset
        var axis = extents.count - 1
        while axis >= 0 {
            position[axis] += 1
            offset += strides[axis]
            if position[axis] < extents[axis] { break }
            offset -= position[axis] * strides[axis]
            position[axis] = 0
            axis -= 1
        }
        return current
    }
}

extension TensorView {
    /// Strides for reading this tensor as one of shape `extents`: 0 along the axes that are repeated.
    package func broadcastStrides(to extents: [Int]) -> [Int] {
        shape.broadcastStrides(rowStride: rowStride, to: extents)
    }
}
