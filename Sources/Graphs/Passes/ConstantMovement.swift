import Tensors

/// Moving the elements of constants while a graph is rewritten.
extension Tensor {
    /// Axis i of the result is axis permutation[i] of this tensor.
    func transposed(_ permutation: [Int]) throws(GraphError) -> Tensor {
        let result = try checkedShape(permutation.map { shape[$0] })
        let strides = permutation.map { shape.strides[$0] }
        let size = dtype.stride
        let source = baseAddress
        return try withErrors { () throws(TensorError) in
            try Tensor(dtype: dtype, shape: result) { bytes in
                guard let target = bytes.baseAddress else { return }
                var index = Array(repeating: 0, count: result.rank)
                var offset = 0
                for element in 0..<result.count {
                    (target + element * size).copyMemory(from: source + offset * size, byteCount: size)
                    for axis in index.indices.reversed() {
                        index[axis] += 1
                        offset += strides[axis]
                        if index[axis] < result[axis] { break }
                        offset -= strides[axis] * result[axis]
                        index[axis] = 0
                    }
                }
            }
        }
    }

    func reshaped(_ dimensions: [Int]) throws(GraphError) -> Tensor {
        let result = try checkedShape(dimensions)
        return try withErrors { () throws(TensorError) in
            try Tensor(dtype: dtype, shape: result) { bytes in
                bytes.copyMemory(from: UnsafeRawBufferPointer(start: baseAddress, count: byteCount))
            }
        }
    }

    /// The elements at `indices` of a tensor of one axis.
    func gathered(_ indices: [Int]) throws(GraphError) -> Tensor {
        guard shape.rank == 1, indices.allSatisfy({ $0 >= 0 && $0 < shape[0] }) else {
            throw GraphError(.wrongRank(shape.rank, expected: 1...1))
        }
        let result = try checkedShape([indices.count])
        let size = dtype.stride
        return try withErrors { () throws(TensorError) in
            try Tensor(dtype: dtype, shape: result) { bytes in
                guard let target = bytes.baseAddress else { return }
                for (element, index) in indices.enumerated() {
                    (target + element * size).copyMemory(from: baseAddress + index * size, byteCount: size)
                }
            }
        }
    }

    private func withErrors(_ make: () throws(TensorError) -> Tensor) throws(GraphError) -> Tensor {
        do { return try make() } catch { throw GraphError(.tooLarge) }
    }
}
