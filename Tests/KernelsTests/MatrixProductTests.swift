import CSaccadeKernels
import Kernels
import Tensors
import Testing

@Suite struct MatrixProductTests {
    /// The kernels of the registry that this machine runs.
    static let kernels = Registered.supported(sk_gemm_f32_kernels, name: \.name) { sk_isa_is_supported($0.isa) }

    /// The bits that `kernel` leaves in c, computed in pieces on guarded operands, and the greatest distance to the
    /// formula.
    private func run(
        _ kernel: sk_gemm_f32_kernel, _ shape: sk_gemm_f32_shape, isInPlace: Bool, hasBias: Bool,
        _ numbers: inout Numbers
    ) throws -> (result: [Float], distance: Float) {
        var shape = shape
        let isInPlace = isInPlace && kernel.reads_in_place(&shape)
        let side: GuardedMemory<Float>.Side = numbers.next() & 1 == 0 ? .atEnd : .atStart
        func operand(_ rows: Int, _ rowStride: Int, _ columns: Int, _ columnStride: Int) -> Int {
            rows == 0 || columns == 0 ? 0 : (rows - 1) * rowStride + (columns - 1) * columnStride + 1
        }
        let a = GuardedMemory(
            numbers.floats(operand(shape.rows, shape.a_row_stride, shape.depth, shape.a_depth_stride)), side)
        let b = GuardedMemory(
            numbers.floats(operand(shape.depth, shape.b_depth_stride, shape.columns, shape.b_column_stride)), side)
        let bias = GuardedMemory(numbers.floats(shape.columns), side)
        let cCount = extent(rows: shape.rows, length: shape.columns, stride: shape.c_row_stride)
        // With beta = 0, c is not read.
        let before = shape.beta == 0 ? [Float](repeating: .nan, count: cCount) : numbers.floats(cCount)
        let c = GuardedMemory(before, side)
        let packed = try TensorBuffer(byteCount: 4 * kernel.packed_count(&shape, kernel.block_count(&shape)))
        let floats = packed.baseAddress.assumingMemoryBound(to: Float.self)
        let panels = (shape.columns + kernel.panel_columns - 1) / kernel.panel_columns
        let (row, panel) = (numbers.integer(0...shape.rows), numbers.integer(0...panels))
        let blocks = kernel.block_count(&shape)
        let block = numbers.integer(0...blocks)
        for blocks in [0..<block, block..<blocks] where !blocks.isEmpty {
            func range(_ rows: Range<Int>, _ panels: Range<Int>) -> sk_gemm_f32_range {
                sk_gemm_f32_range(
                    row_begin: rows.lowerBound, row_end: rows.upperBound, panel_begin: panels.lowerBound,
                    panel_end: panels.upperBound, block_begin: blocks.lowerBound, block_end: blocks.upperBound)
            }
            let first = isInPlace ? shape.columns / kernel.panel_columns : 0
            kernel.pack(&shape, b.start, floats, range(0..<0, first..<panels))
            for rows in [row..<shape.rows, 0..<row] {
                for panels in [0..<panel, panel..<panels] {
                    kernel.run(
                        &shape, a.start, isInPlace ? b.start : nil, floats, hasBias ? bias.start : nil, c.start,
                        range(rows, panels))
                }
            }
        }
        var expected = before
        sk_gemm_f32_naive(&shape, a.start, b.start, hasBias ? bias.start : nil, &expected)
        // Between the rows of c both have what was there, which may be NaN; elsewhere neither has.
        let distance = zip(c.elements, expected).reduce(Float(0)) { worst, pair in
            if pair.0.isNaN, pair.1.isNaN { return worst }
            let distance = abs(pair.0 - pair.1)
            return distance.isNaN ? .infinity : max(worst, distance)
        }
        return (c.elements, distance)
    }

    @Test(arguments: kernels) func equalsNaive(_ kernel: Registered<sk_gemm_f32_kernel>) throws {
        var numbers = Numbers(seed: 161)
        for round in 0..<500 {
            let edge = round % 5 == 0
            let m = edge ? numbers.integer(0...2) : numbers.integer(1...(round % 2 == 0 ? 4 : 40))
            let n = edge ? numbers.integer(0...2) : numbers.integer(1...150)
            let k = numbers.integer(0...3) == 0 ? numbers.integer(0...2) : numbers.integer(1...70)
            let gaps = (numbers.integer(0...3), numbers.integer(0...3), numbers.integer(0...3))
            let a = [(k + gaps.0, 1), (1, m + gaps.0), (3 * k, 2), (0, 1)][numbers.integer(0...3)]
            let b = [(n + gaps.1, 1), (1, k + gaps.1), (3, 3 * k), (1, 0)][numbers.integer(0...3)]
            let shape = sk_gemm_f32_shape(
                rows: m, columns: n, depth: k, a_row_stride: a.0, a_depth_stride: a.1, b_depth_stride: b.0,
                b_column_stride: b.1, c_row_stride: n + gaps.2, alpha: [1, 0.5, -2][numbers.integer(0...2)],
                beta: [0, 1, 0.25][numbers.integer(0...2)])
            let distance = try run(
                kernel.pointee, shape, isInPlace: numbers.next() & 1 == 0,
                hasBias: numbers.next() & 1 == 0, &numbers
            ).distance
            #expect(distance <= 1e-6 * Float(k + 1), "\(shape)")
        }
    }

    /// Several blocks of depth, of rows, and rows of a that lie a page apart.
    @Test(arguments: kernels) func equalsNaiveOnLargeShapes(_ kernel: Registered<sk_gemm_f32_kernel>) throws {
        var numbers = Numbers(seed: 162)
        for (m, n, k) in [(130, 170, 513), (257, 33, 300), (31, 300, 1024), (20, 40, 1024), (300, 3, 7)] {
            for (isLeftTransposed, isRightTransposed) in [(false, false), (true, false), (false, true), (true, true)] {
                for beta: Float in [0, 1] {
                    let shape = sk_gemm_f32_shape(
                        rows: m, columns: n, depth: k, a_row_stride: isLeftTransposed ? 1 : k,
                        a_depth_stride: isLeftTransposed ? m : 1, b_depth_stride: isRightTransposed ? 1 : n,
                        b_column_stride: isRightTransposed ? k : 1, c_row_stride: n, alpha: 1, beta: beta)
                    let distance = try run(
                        kernel.pointee, shape, isInPlace: false, hasBias: true, &numbers
                    ).distance
                    #expect(distance <= 2e-7 * Float(k) + 1e-5, "\(shape)")
                }
            }
        }
    }

    /// An element has the same bits in a product of its row and column alone, packed or in place, whatever the tile.
    @Test(arguments: kernels) func placeDoesNotChangeABit(_ kernel: Registered<sk_gemm_f32_kernel>) throws {
        var numbers = Numbers(seed: 163)
        for (m, n, k, isTransposed) in [
            (1, 150, 40, false), (3, 130, 20, false), (29, 70, 600, false), (120, 200, 33, false), (1, 150, 300, true),
            (3, 70, 45, true),
        ] {
            var shape = sk_gemm_f32_shape(
                rows: m, columns: n, depth: k, a_row_stride: k, a_depth_stride: 1, b_depth_stride: isTransposed ? 1 : n,
                b_column_stride: isTransposed ? k : 1, c_row_stride: n, alpha: 0.5, beta: 1)
            let seed = numbers.next()
            var sames = [Numbers](repeating: Numbers(seed: seed), count: 2)
            let whole = try run(kernel.pointee, shape, isInPlace: false, hasBias: true, &sames[0]).result
            let inPlace = try run(kernel.pointee, shape, isInPlace: true, hasBias: true, &sames[1]).result
            #expect(bitsAreEqual(whole, inPlace))
            // The last row and column, of the same numbers.
            let (a, b, bias, c) = { (numbers: inout Numbers) in
                _ = numbers.next()
                return (
                    numbers.floats(m * k), numbers.floats(k * n), numbers.floats(n), numbers.floats(m * n)
                )
            }(&sames[0])
            var all = c
            try compute(kernel.pointee, &shape, a, b, bias, &all)
            shape.rows = 1
            shape.columns = 1
            var one = [c[m * n - 1]]
            let lastColumn = Array(b[(isTransposed ? (n - 1) * k : n - 1)...])
            try compute(kernel.pointee, &shape, Array(a[(m - 1) * k..<m * k]), lastColumn, [bias[n - 1]], &one)
            #expect(one[0].bitPattern == all[m * n - 1].bitPattern)
        }
    }

    private func compute(
        _ kernel: sk_gemm_f32_kernel, _ shape: inout sk_gemm_f32_shape, _ a: [Float], _ b: [Float], _ bias: [Float],
        _ c: inout [Float]
    ) throws {
        let blocks = kernel.block_count(&shape)
        let packed = try TensorBuffer(byteCount: 4 * kernel.packed_count(&shape, blocks))
        let floats = packed.baseAddress.assumingMemoryBound(to: Float.self)
        let range = sk_gemm_f32_range(
            row_begin: 0, row_end: shape.rows, panel_begin: 0,
            panel_end: (shape.columns + kernel.panel_columns - 1) / kernel.panel_columns, block_begin: 0,
            block_end: blocks)
        kernel.pack(&shape, b, floats, range)
        kernel.run(&shape, a, nil, floats, bias, &c, range)
    }

    /// Batches of both kinds, b in place, packed on the way, in pieces, and once, on one to three threads.
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func threadsDoNotChangeABit(_ instructionSet: InstructionSet) throws {
        var numbers = Numbers(seed: 164)
        for (m, n, k, count, isTransposed) in [
            (200, 300, 100, 1, false), (33, 700, 600, 1, true), (700, 600, 900, 1, false), (40, 40, 30, 3, true),
            (50, 64, 33, 20, false), (16, 30, 40, 35, true), (1, 2000, 300, 1, false),
        ] {
            let product = MatrixProduct(
                rows: m, columns: n, depth: k, a: .rows(of: k), b: isTransposed ? .columns(of: k) : .rows(of: n),
                cRowStride: n, instructionSet: instructionSet)
            let batch = (0..<count).map { MatrixProduct.Offsets(a: $0 * m * k, b: $0 % 2 * k * n, c: $0 * m * n) }
            let (a, b, bias) = (numbers.floats(count * m * k), numbers.floats(2 * k * n), numbers.floats(n))
            let scratch = try TensorBuffer(byteCount: product.scratchByteCount(batch: count))
            var first: [Float] = []
            for threads in 1...3 {
                var c = [Float](repeating: .nan, count: count * m * n)
                product.run(
                    batch: batch, a: a, b: b, bias: bias, c: &c, scratch: scratch.baseAddress, threads: threads)
                if threads == 1 { first = c }
                #expect(bitsAreEqual(c, first), "\(m) × \(n) × \(k), \(threads) threads")
                let packed = try TensorBuffer(byteCount: product.packedByteCount)
                product.pack(b, into: packed.baseAddress, threads: threads)
                var one = [Float](repeating: .nan, count: m * n)
                product.run(a: a, packed: packed.baseAddress, bias: bias, c: &one, threads: threads)
                #expect(bitsAreEqual(one, Array(first[..<(m * n)])), "\(m) × \(n) × \(k), packed once")
                let once = try PackedMatrixProduct(product, b: b)
                once.run(a: a, bias: bias, c: &one, threads: threads)
                #expect(bitsAreEqual(one, Array(first[..<(m * n)])), "\(m) × \(n) × \(k), packed by the plan")
            }
            var expected = [Float](repeating: 0, count: m * n)
            Reference.matrixProduct(product, a: a, b: b, bias: bias, c: &expected)
            let isClose = zip(first, expected).allSatisfy { abs($0 - $1) <= 1e-6 * Float(k) + 1e-5 }
            #expect(isClose, "\(m) × \(n) × \(k)")
        }
    }
}
