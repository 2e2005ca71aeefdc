import CSaccadeKernels
import Kernels
import Tensors
import Testing

@Suite struct QuantizedMatrixProductTests {
    /// The kernels of the registry that this machine runs.
    static let kernels = Registered.supported(sk_matmul_u8_kernels, name: \.name) { sk_isa_is_supported($0.isa) }

    /// Runs `kernel` in two pieces of rows on guarded operands, and the formula; both give what lies in c.
    private func compare(
        _ kernel: sk_matmul_u8_kernel, _ shape: sk_matmul_u8_shape, kind: sk_result_kind, isSaturated: Bool,
        _ numbers: inout Numbers
    ) throws -> Bool {
        var shape = shape
        let aCount =
            (shape.rows - 1) * shape.a_row_stride + (shape.depth - 1) * shape.a_depth_stride + 1
        let bCount = (shape.depth - 1) * shape.b_depth_stride + (shape.columns - 1) * shape.b_column_stride + 1
        let side: GuardedMemory<UInt8>.Side = numbers.next() & 1 == 0 ? .atEnd : .atStart
        let a = GuardedMemory(isSaturated ? numbers.saturatingBytes(aCount) : numbers.bytes(aCount), side)
        let b = GuardedMemory(isSaturated ? numbers.saturatingBytes(bCount) : numbers.bytes(bCount), side)
        let elementSize = kind == sk_result_f32 ? 4 : 1
        let untouched = [UInt8](
            repeating: 7,
            count: extent(rows: shape.rows, length: shape.columns, stride: shape.c_row_stride) * elementSize)
        let c = GuardedMemory(untouched, side)
        var expected = untouched
        let curve = try TensorBuffer(byteCount: 256)
        let words = curve.baseAddress.bindMemory(to: Int16.self, capacity: 128)
        for piece in 0..<64 {
            words[piece] = Int16(numbers.integer(-2000...2000))
            words[64 + piece] = Int16(numbers.integer(-9000...9000))
        }
        var requantize = sk_requantize(
            kind: kind, zero_point: Int32(numbers.integer(0...255)), low: .min, high: .max, curve: words,
            addend_zero_point: 0, addend_multiplier: 0)
        let multiplier = (kind == sk_result_curve ? 2 : 0.02) / Float(shape.depth).squareRoot()
        let scratch = try TensorBuffer(byteCount: kernel.scratch_bytes(&shape))
        kernel.prepare(&shape, a.start, b.start, scratch.baseAddress)
        let cut = numbers.integer(0...shape.rows)
        for (first, last) in [(cut, shape.rows), (0, cut)] {
            kernel.run(&shape, a.start, scratch.baseAddress, multiplier, &requantize, c.start, first, last)
        }
        expected.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            sk_matmul_u8_naive(&shape, a.start, b.start, multiplier, &requantize, start)
        }
        return withExtendedLifetime(curve) { c.elements == expected }
    }

    @Test(arguments: kernels) func equalsNaive(_ kernel: Registered<sk_matmul_u8_kernel>) throws {
        var numbers = Numbers(seed: 151)
        for _ in 0..<300 {
            let (m, n, k) = (numbers.integer(1...20), numbers.integer(1...150), numbers.integer(1...70))
            let gaps = (numbers.integer(0...3), numbers.integer(0...3), numbers.integer(0...3))
            let a = [(k + gaps.0, 1), (1, m + gaps.0), (3 * k, 2)][numbers.integer(0...2)]
            let b = [(n + gaps.1, 1), (1, k + gaps.1), (3, 3 * k)][numbers.integer(0...2)]
            let shape = sk_matmul_u8_shape(
                rows: m, columns: n, depth: k, a_row_stride: a.0, a_depth_stride: a.1, b_depth_stride: b.0,
                b_column_stride: b.1, c_row_stride: n + gaps.2,
                zero_a: [0, 128, 255, UInt8(numbers.integer(0...255))][numbers.integer(0...3)],
                zero_b: [0, 128, 255, UInt8(numbers.integer(0...255))][numbers.integer(0...3)])
            let kind = [sk_result_linear, sk_result_curve, sk_result_f32][numbers.integer(0...2)]
            let isSaturated = numbers.integer(0...2) == 0
            #expect(
                try compare(kernel.pointee, shape, kind: kind, isSaturated: isSaturated, &numbers), "\(shape) \(kind)")
        }
    }

    /// The sizes of an attention block, and the deepest sums with the largest products.
    @Test(arguments: kernels) func equalsNaiveOnLargeShapes(_ kernel: Registered<sk_matmul_u8_kernel>) throws {
        var numbers = Numbers(seed: 152)
        for (m, n, k) in [(100, 100, 32), (100, 64, 100), (64, 400, 33)] {
            let shape = sk_matmul_u8_shape(
                rows: m, columns: n, depth: k, a_row_stride: k, a_depth_stride: 1, b_depth_stride: 1,
                b_column_stride: k,
                c_row_stride: n, zero_a: 11, zero_b: 201)
            #expect(try compare(kernel.pointee, shape, kind: sk_result_linear, isSaturated: false, &numbers))
        }
        var shape = sk_matmul_u8_shape(
            rows: 3, columns: 70, depth: 32768, a_row_stride: 32768, a_depth_stride: 1, b_depth_stride: 1,
            b_column_stride: 32768, c_row_stride: 70, zero_a: 0, zero_b: 0)
        for (left, right, zeroA, zeroB): (UInt8, UInt8, UInt8, UInt8) in [
            (255, 255, 0, 0), (255, 0, 0, 255), (0, 0, 255, 255), (255, 255, 0, 128),
        ] {
            shape.zero_a = zeroA
            shape.zero_b = zeroB
            let a = [UInt8](repeating: left, count: 3 * 32768)
            let b = [UInt8](repeating: right, count: 70 * 32768)
            var c = [Float](repeating: 0, count: 3 * 70)
            var requantize = sk_requantize()
            requantize.kind = sk_result_f32
            let scratch = try TensorBuffer(byteCount: kernel.pointee.scratch_bytes(&shape))
            kernel.pointee.prepare(&shape, a, b, scratch.baseAddress)
            c.withUnsafeMutableBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                kernel.pointee.run(&shape, a, scratch.baseAddress, 1, &requantize, start, 0, 3)
            }
            let sum = 32768 * (Int(left) - Int(zeroA)) * (Int(right) - Int(zeroB))
            #expect(c == [Float](repeating: Float(sum), count: 3 * 70), "\(left) \(right) \(zeroA) \(zeroB)")
        }
    }

    /// Two heads of attention out of one tensor of queries, keys and values, into a tensor of either order, against the
    /// product of the reals.
    @Test(arguments: [1, 3]) func headsWithoutCopies(threads: Int) throws {
        var numbers = Numbers(seed: 153)
        let (tokens, keys, values, heads) = (130, 32, 64, 2)
        let perHead = 2 * keys + values
        let stride = heads * perHead
        let tensor = numbers.bytes(tokens * stride)
        let q = ByteQuantization(scale: 0.02, zeroPoint: 117)
        let scores = QuantizationParameters(scale: 0.11, zeroPoint: 99)
        for isTransposed in [false, true] {
            let product = try #require(
                try QuantizedMatrixProduct(
                    rows: tokens, columns: tokens, depth: keys, a: .init(row: stride, column: 1),
                    b: .init(row: 1, column: stride),
                    c: isTransposed ? .init(row: 1, column: tokens) : .init(row: tokens, column: 1),
                    aQuantization: q, bQuantization: q, output: scores, instructionSet: .best))
            let batch = (0..<heads).map {
                QuantizedMatrixProduct.Offsets(a: $0 * perHead, b: $0 * perHead + keys, c: $0 * tokens * tokens)
            }
            let scratch = try TensorBuffer(byteCount: product.scratchByteCount(batch: heads))
            var c = [UInt8](repeating: 0, count: heads * tokens * tokens)
            c.withUnsafeMutableBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                product.run(
                    batch: batch, a: tensor, b: tensor, c: start, scratch: scratch.baseAddress, threads: threads)
            }
            var worst = 0.0
            for head in 0..<heads {
                for m in 0..<tokens {
                    for n in 0..<tokens {
                        var sum = 0
                        for k in 0..<keys {
                            let left = Int(tensor[m * stride + head * perHead + k]) - 117
                            let right = Int(tensor[n * stride + head * perHead + keys + k]) - 117
                            sum += left * right
                        }
                        let exact = min(max(Double(sum) * 0.02 * 0.02 / 0.11 + 99, 0), 255)
                        let at = head * tokens * tokens + (isTransposed ? n * tokens + m : m * tokens + n)
                        worst = max(worst, abs(Double(c[at]) - exact))
                    }
                }
            }
            #expect(worst < 0.501)
        }
    }

    @Test func whatHasNoKernelIsRefused() throws {
        let q = ByteQuantization(scale: 0.02, zeroPoint: 117)
        func product(rows: Int = 4, depth: Int = 4, c: QuantizedMatrixProduct.Layout, scale: Float = 0.1) throws -> Bool
        {
            try QuantizedMatrixProduct(
                rows: rows, columns: 4, depth: depth, a: .init(row: depth, column: 1), b: .init(row: 4, column: 1),
                c: c,
                aQuantization: q, bQuantization: q, output: QuantizationParameters(scale: scale, zeroPoint: 0),
                instructionSet: .best) != nil
        }
        #expect(try product(c: .init(row: 4, column: 1)))
        #expect(try product(c: .init(row: 1, column: 4)))
        #expect(try product(rows: 1, c: .init(row: 9, column: 2)))
        #expect(try !product(c: .init(row: 8, column: 2)))
        #expect(try !product(rows: 0, c: .init(row: 4, column: 1)))
        #expect(try !product(depth: 32769, c: .init(row: 4, column: 1)))
        #expect(try !product(c: .init(row: 4, column: 1), scale: 1e-30))
    }
}
