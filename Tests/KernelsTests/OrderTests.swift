import Kernels
import Tensors
import Testing

/// Integers are compared and moved as integers: a double holds those beyond 2^53 only roughly, and `Int64.max` not at
/// all.
@Suite struct OrderTests {
    private let large: [Int64] = [(1 << 53) + 1, .max, 1 << 53, .min, .max - 1, -1]

    @Test(arguments: [true, false]) func topKOfLargeIntegers(largest: Bool) throws {
        let x = try Tensor(large, shape: [1, 6])
        var values = Array(repeating: Int64(0), count: 6)
        var indices = Array(repeating: Int64(0), count: 6)
        let shape = try Shape([1, 6])
        values.withUnsafeMutableBytes { values in
            indices.withUnsafeMutableBytes { indices in
                guard let values = values.baseAddress, let indices = indices.baseAddress else { return }
                Reference.topK(
                    TensorView(x), values: TensorView(address: values, dtype: .int64, shape: shape),
                    indices: TensorView(address: indices, dtype: .int64, shape: shape), axis: 1, largest: largest)
            }
        }
        let order: [Int64] = [1, 4, 0, 2, 5, 3]
        #expect(indices == (largest ? order : order.reversed()))
        #expect(values == indices.map { large[Int($0)] })
    }

    @Test func topKOfInt32AndFloat() throws {
        let integers: [Int32] = [.min, .max, 0, .max]
        #expect(try topK(integers, count: 3) == [.max, .max, 0])
        let floats = try topK([1, .nan, -.infinity, .infinity] as [Float], count: 3)
        #expect(floats[0].isNaN && floats[1...] == [.infinity, 1])
    }

    private func topK<Element: TensorElement & Numeric>(_ elements: [Element], count: Int) throws -> [Element] {
        let x = try Tensor(elements, shape: [elements.count])
        var values = Array(repeating: Element.zero, count: count)
        var indices = Array(repeating: Int64(0), count: count)
        let shape = try Shape([count])
        values.withUnsafeMutableBytes { values in
            indices.withUnsafeMutableBytes { indices in
                guard let values = values.baseAddress, let indices = indices.baseAddress else { return }
                Reference.topK(
                    TensorView(x), values: TensorView(address: values, dtype: Element.dtype, shape: shape),
                    indices: TensorView(address: indices, dtype: .int64, shape: shape), axis: 0, largest: true)
            }
        }
        return values
    }

    @Test func argMaxOfLargeIntegers() throws {
        let x = try Tensor([1 << 53, (1 << 53) + 1, .max - 1, .max] as [Int64], shape: [2, 2])
        var indices: [Int64] = [-1, -1]
        let shape = try Shape([2])
        indices.withUnsafeMutableBytes { bytes in
            guard let address = bytes.baseAddress else { return }
            Reference.argMax(TensorView(x), to: TensorView(address: address, dtype: .int64, shape: shape), axis: 1)
        }
        #expect(indices == [1, 1])
    }
}
