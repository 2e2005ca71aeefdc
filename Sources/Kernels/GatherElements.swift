import Foundation
package import Tensors

/// The places that ONNX's GatherElements reads: for every position of `indices`, the same position of the data but with
/// the index along one axis. The indices' extents are at most the data's along the other axes.
struct ElementIndexing: Sendable {
    let indices: IndexTensor
    /// Positions of the indices along the axis.
    let length: Int
    /// Elements between neighbours of the data along the axis.
    let step: Int
    let dataCount: Int
    let indexCount: Int
    /// Where the data's block of each position before the axis starts.
    let outerOffsets: [Int]
    /// Where the data's element of each position after the axis stands in such a block; nil: they stand one by one.
    let innerOffsets: [Int]?
    let inner: Int

    init(data: Shape, indices: Shape, axis: Int, indexType: DType) {
        precondition(data.rank == indices.rank && data.dimensions.indices.contains(axis))
        precondition(data.dimensions.indices.allSatisfy { $0 == axis || indices[$0] <= data[$0] })
        let strides = data.strides
        func offsets(_ axes: Range<Int>) -> [Int] {
            Array(StridedOffsets(extents: Array(indices.dimensions[axes]), strides: Array(strides[axes])))
        }
        self.indices = IndexTensor(type: indexType, extent: data[axis])
        length = indices[axis]
        step = strides[axis]
        dataCount = data.count
        indexCount = indices.count
        outerOffsets = offsets(0..<axis)
        let after = axis + 1..<data.rank
        inner = indices.dimensions[after].reduce(1, *)
        innerOffsets = indices.dimensions[after] == data.dimensions[after] ? nil : offsets(after)
    }

    /// Calls `body` with the number of each index and the place in the data that it names, for the blocks `outer` and
    /// the columns `columns` of each: along the axis in order.
    @inline(__always)
    func forEach(
        _ places: UnsafeRawPointer, outer: Range<Int>, columns: Range<Int>,
        _ body: (_ number: Int, _ place: Int) -> Void
    ) {
        for block in outer {
            for position in 0..<length {
                let first = (block &* length &+ position) &* inner
                let start = outerOffsets[block]
                indices.forEach(places, range: first + columns.lowerBound..<first + columns.upperBound) {
                    number, index in
                    let column = number &- first
                    body(number, start &+ index &* step &+ (innerOffsets?[column] ?? column))
                }
            }
        }
    }

    /// Calls `body` with parts of the indices that write to different places, for `forEach`.
    func parallelParts(threads: Int, _ body: (_ outer: Range<Int>, _ columns: Range<Int>) -> Void) {
        guard indexCount > 0 else { return }
        let outer = outerOffsets.count
        if outer >= inner {
            parallelRanges(outer, unit: 1, minimum: (1 << 14) / (length * inner), threads: threads) {
                body($0, 0..<inner)
            }
        } else {
            parallelRanges(inner, unit: 16, minimum: (1 << 14) / (length * outer), threads: threads) {
                body(0..<outer, $0)
            }
        }
    }
}

/// y[..., i, ...] = x[..., indices[..., i, ...], ...] for dense tensors of four-byte elements; y has the shape of
/// `indices`. Negative indices count from the end.
package struct GatherElementsKernel: Sendable {
    private let indexing: ElementIndexing

    package init(data: Shape, indices: Shape, axis: Int, indexType: DType) {
        indexing = ElementIndexing(data: data, indices: indices, axis: axis, indexType: indexType)
    }

    /// Returns false, and has written nothing, when an index lies outside of the axis.
    package func run(
        input: UnsafePointer<Float>, indices: UnsafeRawPointer, output: UnsafeMutablePointer<Float>, threads: Int
    ) -> Bool {
        guard indexing.indices.allLieInside(indices, count: indexing.indexCount) else { return false }
        indexing.parallelParts(threads: threads) { outer, columns in
            indexing.forEach(indices, outer: outer, columns: columns) { output[$0] = input[$1] }
        }
        return true
    }
}

/// The gradient of `GatherElementsKernel`: dx is 0 but for dx[..., indices[..., i, ...], ...] += dy[..., i, ...], added
/// in the order of i whatever the number of threads. dx has the shape of the data, dy that of the indices.
package struct ScatterAddElementsKernel: Sendable {
    private let indexing: ElementIndexing

    package init(data: Shape, indices: Shape, axis: Int, indexType: DType) {
        indexing = ElementIndexing(data: data, indices: indices, axis: axis, indexType: indexType)
    }

    /// Returns false, and has written nothing, when an index lies outside of the axis.
    package func run(
        gradient: UnsafePointer<Float>, indices: UnsafeRawPointer, output: UnsafeMutablePointer<Float>, threads: Int
    ) -> Bool {
        guard indexing.indices.allLieInside(indices, count: indexing.indexCount) else { return false }
        parallelRanges(indexing.dataCount, unit: 1024, minimum: 1 << 15, threads: threads) {
            memset(output + $0.lowerBound, 0, $0.count * MemoryLayout<Float>.stride)
        }
        indexing.parallelParts(threads: threads) { outer, columns in
            indexing.forEach(indices, outer: outer, columns: columns) { output[$1] += gradient[$0] }
        }
        return true
    }
}
