import CSaccadeKernels
import Foundation
package import Tensors

/// y[o, i, :] = x[o, indices[i], :] for dense x [outer, extent, inner] and y [outer, count, inner]: ONNX's Gather, an
/// embedding's look-up. Negative indices count from the end.
package struct GatherKernel: Sendable {
    private let outer: Int
    private let extent: Int
    private let count: Int
    private let innerBytes: Int
    private let indices: IndexTensor

    /// Elements of any type, of `elementSize` bytes; indices are int32 or int64.
    package init(outer: Int, extent: Int, inner: Int, count: Int, elementSize: Int, indexType: DType) {
        self.outer = outer
        self.extent = extent
        self.count = count
        innerBytes = inner * elementSize
        indices = IndexTensor(type: indexType, extent: extent)
    }

    /// Returns false, and has written nothing, when an index lies outside of the axis.
    package func run(
        input: UnsafeRawPointer, indices places: UnsafeRawPointer, output: UnsafeMutableRawPointer, threads: Int
    ) -> Bool {
        guard indices.allLieInside(places, count: count) else { return false }
        guard innerBytes > 0 else { return true }
        parallelRanges(outer * count, unit: 1, minimum: (1 << 15) / innerBytes, threads: threads) { range in
            var row = range.lowerBound
            while row < range.upperBound {
                let (block, first) = row.quotientAndRemainder(dividingBy: count)
                let last = min(count, first + range.upperBound - row)
                let from = input + block * extent * innerBytes
                let to = output + block * count * innerBytes
                copy(from, places, to, range: first..<last)
                row += last - first
            }
        }
        return true
    }

    private func copy(
        _ source: UnsafeRawPointer, _ places: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, range: Range<Int>
    ) {
        // A call of memcpy costs more than a single element.
        switch innerBytes {
        case 4:
            let from = source.assumingMemoryBound(to: UInt32.self)
            let to = target.assumingMemoryBound(to: UInt32.self)
            indices.forEach(places, range: range) { to[$0] = from[$1] }
        case 8:
            indices.forEach(places, range: range) { number, place in
                let element = (source + place &* 8).loadUnaligned(as: UInt64.self)
                (target + number &* 8).storeBytes(of: element, as: UInt64.self)
            }
        default:
            indices.forEach(places, range: range) { number, place in
                memcpy(target + number &* innerBytes, source + place &* innerBytes, innerBytes)
            }
        }
    }
}

/// The gradient of `GatherKernel`: dx[o, j, :] = Σ dy[o, i, :] over the i with indices[i] = j, added in the order of i
/// whatever the number of threads; 0 where there is none. dx [outer, extent, inner] and dy [outer, count, inner] are
/// dense floats.
package struct ScatterAddKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_elementwise_f32_kernel>
    private let outer: Int
    private let extent: Int
    private let inner: Int
    private let count: Int
    private let indices: IndexTensor

    /// Columns that a thread takes at least: two cache lines of 64 bytes.
    private static let columnBlock = 32

    package init(
        outer: Int, extent: Int, inner: Int, count: Int, indexType: DType, instructionSet: InstructionSet
    ) {
        kernel = sk_elementwise_f32_choose(instructionSet.code)
        self.outer = outer
        self.extent = extent
        self.inner = inner
        self.count = count
        indices = IndexTensor(type: indexType, extent: extent)
    }

    /// Returns false, and has written nothing, when an index lies outside of the axis.
    package func run(
        gradient: UnsafePointer<Float>, indices places: UnsafeRawPointer, output: UnsafeMutablePointer<Float>,
        threads: Int
    ) -> Bool {
        guard indices.allLieInside(places, count: count) else { return false }
        parallelRanges(outer * extent * inner, unit: 1024, minimum: 1 << 15, threads: threads) {
            memset(output + $0.lowerBound, 0, $0.count * MemoryLayout<Float>.stride)
        }
        guard count > 0, inner > 0 else { return true }
        if outer * inner >= 2 * Self.columnBlock {
            // Columns differ in nothing but their place: the work is even however often an index comes.
            let blocks = (inner - 1) / Self.columnBlock + 1
            let perBlock = count * min(inner, Self.columnBlock)
            parallelRanges(outer * blocks, unit: 1, minimum: (1 << 14) / max(perBlock, 1), threads: threads) { range in
                for block in range.lowerBound / blocks...(range.upperBound - 1) / blocks {
                    let first = max(0, range.lowerBound - block * blocks) * Self.columnBlock
                    let last = min(inner, (range.upperBound - block * blocks) * Self.columnBlock)
                    addColumns(gradient, places, output, block: block, columns: first..<last)
                }
            }
        } else {
            // Rows of some numbers: each thread reads all indices and adds to its own part of the axis.
            parallelRanges(extent, unit: 16, minimum: extent / threads, threads: threads) { range in
                for block in 0..<outer { addRows(gradient, places, output, block: block, destinations: range) }
            }
        }
        return true
    }

    private func addColumns(
        _ gradient: UnsafePointer<Float>, _ places: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>,
        block: Int, columns: Range<Int>
    ) {
        let from = gradient + (block * count * inner + columns.lowerBound)
        let to = output + (block * extent * inner + columns.lowerBound)
        let width = columns.count
        let add = kernel.pointee.binary
        indices.forEach(places, range: 0..<count) { number, place in
            let sum = to + place &* inner
            add(sk_binary_add, sum, 1, from + number &* inner, 1, sum, width)
        }
    }

    private func addRows(
        _ gradient: UnsafePointer<Float>, _ places: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>,
        block: Int, destinations: Range<Int>
    ) {
        let from = gradient + block * count * inner
        let to = output + block * extent * inner
        indices.forEach(places, range: 0..<count) { number, place in
            guard destinations.contains(place) else { return }
            let source = from + number &* inner
            let sum = to + place &* inner
            for column in 0..<inner { sum[column] += source[column] }
        }
    }
}
