import Kernels
import Tensors
import Testing

@Suite struct GatherTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)

    private func indices(_ count: Int, extent: Int, _ numbers: inout Numbers) -> [Int64] {
        (0..<count).map { _ in Int64(numbers.integer(-extent...extent - 1)) }
    }

    private static let extents: [(outer: Int, extent: Int, inner: Int, count: Int)] = [
        (1, 5, 1, 9), (1, 50, 1, 300), (3, 4, 2, 5), (1, 7, 17, 40), (2, 3, 64, 11), (1, 300, 256, 90), (1, 40, 31, 0),
        (5, 1, 3, 2), (2, 2, 0, 3), (300, 3, 1, 2), (1, 9, 64, 700),
    ]

    @Test(arguments: [1, 4, 8]) func gatherEqualsNaive(elementSize: Int) throws {
        var numbers = Numbers(seed: 50)
        let dtype: DType = elementSize == 1 ? .uint8 : elementSize == 4 ? .float32 : .int64
        for (outer, extent, inner, count) in Self.extents {
            let x = numbers.bytes(outer * extent * inner * elementSize)
            let chosen = indices(count, extent: extent, &numbers)
            let source = try tensor(x, dtype, [outer, extent, inner])
            let places = try Tensor(chosen, shape: [count])
            let places32 = try Tensor(chosen.map { Int32($0) }, shape: [count])
            var expected = Array(repeating: UInt8(7), count: outer * count * inner * elementSize)
            try expected.withUnsafeMutableBytes {
                guard let to = $0.baseAddress else { return }
                let shape = try Shape([outer, count, inner])
                #expect(
                    Reference.gather(
                        TensorView(source), indices: TensorView(places),
                        to: TensorView(address: to, dtype: dtype, shape: shape), axis: 1))
            }
            for (indexType, places) in [(DType.int64, places), (.int32, places32)] {
                let kernel = GatherKernel(
                    outer: outer, extent: extent, inner: inner, count: count, elementSize: elementSize,
                    indexType: indexType)
                for threads in 1...3 {
                    let y = GuardedMemory(Array(repeating: UInt8(7), count: expected.count))
                    #expect(
                        kernel.run(
                            input: source.baseAddress, indices: places.baseAddress, output: y.start, threads: threads))
                    #expect(y.elements == expected)
                }
            }
        }
    }

    private func tensor(_ bytes: [UInt8], _ dtype: DType, _ shape: [Int]) throws -> Tensor {
        try Tensor(dtype: dtype, shape: Shape(shape)) { $0.copyBytes(from: bytes) }
    }

    /// Sums of multiples of 2^-12 are exact, so that the order of the oracle's sums does not matter.
    @Test(arguments: supported) func scatterAddEqualsNaive(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 51)
        for (outer, extent, inner, count) in Self.extents {
            let dy = try Tensor(numbers.floats(outer * count * inner), shape: [outer, count, inner])
            let chosen = indices(count, extent: extent, &numbers)
            let places = try Tensor(chosen, shape: [count])
            let places32 = try Tensor(chosen.map { Int32($0) }, shape: [count])
            let expected = try Tensor(dtype: .float32, shape: Shape([outer, extent, inner])) { _ in }
            #expect(
                Reference.scatterAdd(
                    TensorView(dy), indices: TensorView(places), to: TensorView(expected), axis: 1))
            for (indexType, places) in [(DType.int64, places), (.int32, places32)] {
                let kernel = ScatterAddKernel(
                    outer: outer, extent: extent, inner: inner, count: count, indexType: indexType,
                    instructionSet: instructionSet)
                for threads in 1...3 {
                    let dx = GuardedMemory(Array(repeating: Float(7), count: expected.shape.count))
                    let gradient = dy.baseAddress.assumingMemoryBound(to: Float.self)
                    #expect(
                        kernel.run(
                            gradient: gradient, indices: places.baseAddress, output: dx.start, threads: threads))
                    #expect(dx.elements == expected.elements(as: Float.self))
                }
            }
        }
    }

    /// Rounded sums too have the same bits, whatever the number of threads.
    @Test(arguments: supported) func threadsAddInTheSameOrder(_ instructionSet: InstructionSet) {
        var numbers = Numbers(seed: 52)
        for inner in [3, 256] {
            let places = indices(5000, extent: 12, &numbers)
            let dy = numbers.floats(5000 * inner).map { $0 / 3 }
            let kernel = ScatterAddKernel(
                outer: 1, extent: 12, inner: inner, count: 5000, indexType: .int64, instructionSet: instructionSet)
            let results = (1...3).map { threads in
                var dx = Array(repeating: Float(7), count: 12 * inner)
                #expect(kernel.run(gradient: dy, indices: places, output: &dx, threads: threads))
                return dx
            }
            #expect(bitsAreEqual(results[0], results[1]) && bitsAreEqual(results[0], results[2]))
        }
    }

    @Test(arguments: [5, -6, Int64.max, .min]) func refusesIndicesOutside(index: Int64) {
        let dy: [Float] = [1, 2]
        var dx: [Float] = [7, 7, 7, 7, 7]
        #expect(
            !GatherKernel(outer: 1, extent: 5, inner: 1, count: 2, elementSize: 4, indexType: .int64)
                .run(input: dx, indices: [0, index], output: &dx, threads: 1))
        #expect(
            !ScatterAddKernel(
                outer: 1, extent: 5, inner: 1, count: 2, indexType: .int64, instructionSet: .best
            ).run(gradient: dy, indices: [0, index], output: &dx, threads: 1))
        #expect(dx == [7, 7, 7, 7, 7])
    }
}

@Suite struct GatherElementsTests {
    @Test(arguments: [
        (data: [5], indices: [9], axis: 0), ([4, 6], [3, 6], 0), ([4, 6], [4, 2], 1), ([4, 6], [2, 9], 1),
        ([3, 4, 5], [3, 7, 5], 1), ([3, 4, 5], [2, 7, 3], 1), ([1, 3, 90], [1, 40, 90], 1), ([90, 7], [90, 300], 1),
        ([2, 3], [0, 3], 0),
    ]) func equalNaive(data: [Int], indices: [Int], axis: Int) throws {
        var numbers = Numbers(seed: 53)
        let shape = try Shape(data)
        let indexShape = try Shape(indices)
        let x = try Tensor(numbers.floats(shape.count), shape: data)
        let dy = try Tensor(numbers.floats(indexShape.count), shape: indices)
        let extent = data[axis]
        let places = try Tensor(
            (0..<indexShape.count).map { _ in Int64(numbers.integer(-extent...extent - 1)) }, shape: indices)
        let y = try Tensor(dtype: .float32, shape: indexShape) { _ in }
        let dx = try Tensor(dtype: .float32, shape: shape) { _ in }
        #expect(Reference.gatherElements(TensorView(x), indices: TensorView(places), to: TensorView(y), axis: axis))
        #expect(
            Reference.scatterAddElements(TensorView(dy), indices: TensorView(places), to: TensorView(dx), axis: axis))
        for threads in 1...3 {
            let result = GuardedMemory(Array(repeating: Float(7), count: indexShape.count))
            #expect(
                GatherElementsKernel(data: shape, indices: indexShape, axis: axis, indexType: .int64).run(
                    input: x.baseAddress.assumingMemoryBound(to: Float.self), indices: places.baseAddress,
                    output: result.start, threads: threads))
            #expect(result.elements == y.elements(as: Float.self))
            let gradient = GuardedMemory(Array(repeating: Float(7), count: shape.count))
            #expect(
                ScatterAddElementsKernel(data: shape, indices: indexShape, axis: axis, indexType: .int64).run(
                    gradient: dy.baseAddress.assumingMemoryBound(to: Float.self), indices: places.baseAddress,
                    output: gradient.start, threads: threads))
            #expect(gradient.elements == dx.elements(as: Float.self))
        }
    }

    @Test func refuseIndicesOutside() throws {
        let shape = try Shape([2])
        var result: [Float] = [7, 7]
        #expect(
            !GatherElementsKernel(data: shape, indices: shape, axis: 0, indexType: .int32).run(
                input: [1, 2], indices: [0, 2] as [Int32], output: &result, threads: 1))
        #expect(
            !ScatterAddElementsKernel(data: shape, indices: shape, axis: 0, indexType: .int32).run(
                gradient: [1, 2], indices: [-3, 1] as [Int32], output: &result, threads: 1))
        #expect(result == [7, 7])
    }
}
