import Kernels
import Synchronization
import Tensors
import Testing

@Suite struct StridedCopyTests {
    /// Every permutation of four axes, for every element size, on one thread and several.
    @Test(arguments: [1, 4, 8]) func permutations(elementSize: Int) {
        for extents in [[2, 3, 17, 5], [1, 40, 33, 2], [3, 1, 1, 64], [16, 70, 80, 1]] {
            let strides = [extents[1] * extents[2] * extents[3], extents[2] * extents[3], extents[3], 1]
            let count = extents.reduce(1, *)
            let source = (0..<count * elementSize).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
            for a in 0..<4 {
                for b in 0..<4 where b != a {
                    for c in 0..<4 where c != a && c != b {
                        let order = [a, b, c, 6 - a - b - c]
                        let outer = order.map { extents[$0] }
                        let target = [outer[1] * outer[2] * outer[3], outer[2] * outer[3], outer[3], 1]
                        let copy = StridedCopy(
                            extents: outer, source: order.map { strides[$0] }, target: target,
                            elementSize: elementSize)
                        for threads in [1, 3] {
                            var result = Array(repeating: UInt8(0), count: source.count)
                            copy.run(from: source, to: &result, threads: threads)
                            #expect(result == expected(source, outer, order.map { strides[$0] }, elementSize))
                        }
                    }
                }
            }
        }
    }

    private func expected(_ source: [UInt8], _ extents: [Int], _ strides: [Int], _ size: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(source.count)
        for i in 0..<extents[0] {
            for j in 0..<extents[1] {
                for k in 0..<extents[2] {
                    for l in 0..<extents[3] {
                        let at = (i * strides[0] + j * strides[1] + k * strides[2] + l * strides[3]) * size
                        result += source[at..<at + size]
                    }
                }
            }
        }
        return result
    }

    @Test func backwardsAndRepeated() {
        let source: [Int32] = [1, 2, 3, 4, 5, 6]
        var result = Array(repeating: Int32(0), count: 6)
        source.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            StridedCopy(extents: [2, 3], source: [-3, -1], target: [3, 1], elementSize: 4)
                .run(from: start + 20, to: &result)
            #expect(result == [6, 5, 4, 3, 2, 1])
            StridedCopy(extents: [2, 3], source: [0, 1], target: [3, 1], elementSize: 4).run(from: start, to: &result)
            #expect(result == [1, 2, 3, 1, 2, 3])
            StridedCopy(extents: [2, 0], source: [0, 1], target: [0, 1], elementSize: 4).run(from: start, to: &result)
            #expect(result == [1, 2, 3, 1, 2, 3])
        }
    }
}

@Suite struct NearestResizeTests {
    @Test func repeatsPixels() {
        let resize = NearestResize(
            batch: 1, inputHeight: 2, inputWidth: 2, rows: [0, 0, 1, 1], columns: [0, 0, 1], pixelBytes: 8,
            inputStride: 12, outputStride: 8)
        let input: [Float] = [1, 2, 0, 3, 4, 0, 5, 6, 0, 7, 8, 0]
        for threads in [1, 2] {
            var output = Array(repeating: Float(0), count: 24)
            resize.run(input: input, output: &output, threads: threads)
            let rows: [[Float]] = [[1, 2, 1, 2, 3, 4], [1, 2, 1, 2, 3, 4], [5, 6, 5, 6, 7, 8], [5, 6, 5, 6, 7, 8]]
            #expect(output == rows.flatMap { $0 })
        }
    }
}

@Suite struct ParallelForTests {
    @Test(arguments: [1, 2, 7]) func everyIndexOnce(threads: Int) {
        for count in [0, 1, 2, 100] {
            let counts = Mutex(Array(repeating: 0, count: count))
            parallelFor(count, threads: threads) { index in counts.withLock { $0[index] += 1 } }
            #expect(counts.withLock { $0.allSatisfy { $0 == 1 } })
        }
    }

    @Test(arguments: [1, 2, 7]) func rangesCoverInUnits(threads: Int) {
        for (count, unit, minimum) in [(0, 3, 1), (1, 14, 1), (400, 14, 50), (399, 14, 1), (1000, 1, 400)] {
            let ranges = Mutex<[Range<Int>]>([])
            parallelRanges(count, unit: unit, minimum: minimum, threads: threads) { range in
                ranges.withLock { $0.append(range) }
            }
            let sorted = ranges.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
            #expect(sorted.flatMap { Array($0) } == Array(0..<count))
            #expect(sorted.allSatisfy { $0.lowerBound % unit == 0 })
            #expect(threads > 1 || sorted.count <= 1)
        }
    }
}
