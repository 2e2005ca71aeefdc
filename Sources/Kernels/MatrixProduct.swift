import CSaccadeKernels

/// Products of float matrices, c[m][n] = α · Σ_k a[m][k] · b[k][n] + β · c[m][n] + bias[n]. Made once at plan time; the
/// arithmetic is in `gemm_f32.h`.
///
///     let product = MatrixProduct(
///         rows: m, columns: n, depth: k, a: .rows(of: k), b: .columns(of: k), cRowStride: n, instructionSet: .best)
///     // plan time: product.scratchByteCount(batch: 1) bytes of scratch
///     product.run(batch: [.init(a: 0, b: 0, c: 0)], a: x, b: weights, c: y, scratch: scratch, threads: 2)
///
/// Operands may be laid out in any way, so a transpose or a slice needs no copy. A b that serves many products is packed
/// once (`pack`, `run(packed:)`). The result depends neither on `threads` nor on where b was packed.
package struct MatrixProduct: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.

    /// Elements between neighbouring rows and columns of a matrix.
    package struct Layout: Hashable, Sendable {
        package var row: Int
        package var column: Int

        package init(row: Int, column: Int) {
            self.row = row
            self.column = column
        }

        /// Rows of `length` elements that lie one after the other.
        package static func rows(of length: Int) -> Layout { Layout(row: length, column: 1) }

        /// Columns of `length` elements that lie one after the other: the transpose of a matrix in rows.
        package static func columns(of length: Int) -> Layout { Layout(row: 1, column: length) }

        var transposed: Layout { Layout(row: column, column: row) }
    }

    /// Where one product of a batch has its matrices, in elements from the start of the tensors.
    package struct Offsets: Hashable, Sendable {
        package var a: Int
        package var b: Int
        package var c: Int

        package init(a: Int, b: Int, c: Int) {
            self.a = a
            self.b = b
            self.c = c
        }
    }

    /// The kernel's name, for listings.
    package var kernelName: String { String(cString: kernel.pointee.name) }
    /// Multiply-adds of one product.
    package var multiplyAdds: Int { shape.rows * shape.columns * shape.depth }

    let shape: sk_gemm_f32_shape
    private let kernel: UnsafePointer<sk_gemm_f32_kernel>
    private let panels: Int
    private let blocks: Int
    /// Blocks of the depth that are packed at once.
    private let chunk: Int
    /// Panels before this one are read where they are.
    private let firstPacked: Int

    /// - Parameters:
    ///   - cRowStride: elements between the rows of c; those of a row touch.
    ///   - beta: 0 does not read c.
    package init(
        rows: Int, columns: Int, depth: Int, a: Layout, b: Layout, cRowStride: Int, alpha: Float = 1, beta: Float = 0,
        instructionSet: InstructionSet
    ) {
        kernel = sk_gemm_f32_choose(instructionSet.code)
        shape = sk_gemm_f32_shape(
            rows: rows, columns: columns, depth: depth, a_row_stride: a.row, a_depth_stride: a.column,
            b_depth_stride: b.row, b_column_stride: b.column, c_row_stride: cRowStride, alpha: alpha, beta: beta)
        blocks = withUnsafePointer(to: shape) { [kernel] in kernel.pointee.block_count($0) }
        let panelColumns = kernel.pointee.panel_columns
        panels = (columns + panelColumns - 1) / panelColumns
        let isInPlace = withUnsafePointer(to: shape) { [kernel] in kernel.pointee.reads_in_place($0) }
        firstPacked = isInPlace ? columns / panelColumns : 0
        // A large b is packed and used piece by piece, some two megabytes each.
        chunk = max(1, min(blocks, (1 << 19) / max(1, columns * (depth / blocks + 1))))
    }

    private func packedByteCount(blocks: Int) -> Int {
        withUnsafePointer(to: shape) {
            (kernel.pointee.packed_count($0, blocks) * MemoryLayout<Float>.stride + 63) / 64 * 64
        }
    }

    // MARK: Batches

    /// Products from which on whole products are shared among the threads, in this many groups, rather than their parts.
    private static let groups = 16

    /// Bytes of scratch that `run(batch:)` needs for `count` products.
    package func scratchByteCount(batch count: Int) -> Int {
        (count < Self.groups ? 1 : Self.groups) * packedByteCount(blocks: chunk)
    }

    /// Computes the products of a batch.
    ///
    /// - Parameters:
    ///   - bias: of each column, the same for all products; nil adds nothing.
    ///   - scratch: `scratchByteCount` bytes, 64-byte aligned.
    package func run(
        batch: [Offsets], a: UnsafePointer<Float>, b: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
        c: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        guard shape.rows > 0, shape.columns > 0 else { return }
        guard batch.count >= Self.groups else {
            let packed = scratch.assumingMemoryBound(to: Float.self)
            for at in batch {
                run(a: a + at.a, b: b + at.b, bias: bias, c: c + at.c, packed: packed, threads: threads)
            }
            return
        }
        let packedBytes = packedByteCount(blocks: chunk)
        let threads = batch.count * multiplyAdds < Self.leastShared ? 1 : threads
        parallelFor(Self.groups, threads: threads) { group in
            let packed = (scratch + group * packedBytes).assumingMemoryBound(to: Float.self)
            let first = batch.count * group / Self.groups
            for at in batch[first..<batch.count * (group + 1) / Self.groups] {
                run(a: a + at.a, b: b + at.b, bias: bias, c: c + at.c, packed: packed, threads: 1)
            }
        }
    }

    private func run(
        a: UnsafePointer<Float>, b: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        c: UnsafeMutablePointer<Float>, packed: UnsafeMutablePointer<Float>, threads: Int
    ) {
        var block = 0
        while block < blocks {
            let part = block..<min(block + chunk, blocks)
            pack(b, into: packed, panels: firstPacked..<panels, blocks: part, threads: threads)
            share(
                a: a, inPlace: firstPacked > 0 ? b : nil, packed: packed, bias: bias, c: c, blocks: part,
                threads: threads)
            block = part.upperBound
        }
    }

    // MARK: b packed once

    /// Bytes that `pack` writes.
    package var packedByteCount: Int { packedByteCount(blocks: blocks) }

    /// Packs b for any number of products; `packed` has `packedByteCount` bytes and is 64-byte aligned.
    package func pack(_ b: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer, threads: Int) {
        pack(
            b, into: packed.assumingMemoryBound(to: Float.self), panels: 0..<panels, blocks: 0..<blocks,
            threads: threads)
    }

    /// Computes one product with a b that `pack` has packed.
    package func run(
        a: UnsafePointer<Float>, packed: UnsafeRawPointer, bias: UnsafePointer<Float>? = nil,
        c: UnsafeMutablePointer<Float>, threads: Int
    ) {
        guard shape.rows > 0, shape.columns > 0 else { return }
        share(
            a: a, inPlace: nil, packed: packed.assumingMemoryBound(to: Float.self), bias: bias, c: c,
            blocks: 0..<blocks, threads: threads)
    }

    // MARK: Parts

    /// Multiply-adds below which one thread computes a product alone: some microseconds.
    private static let leastShared = 1 << 18

    private func pack(
        _ b: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, panels: Range<Int>, blocks: Range<Int>,
        threads: Int
    ) {
        let perPanel = shape.depth * blocks.count / self.blocks * kernel.pointee.panel_columns
        parallelRanges(panels.count, unit: 1, minimum: (1 << 14) / max(1, perPanel), threads: threads) {
            let range = sk_gemm_f32_range(
                row_begin: 0, row_end: 0, panel_begin: panels.lowerBound + $0.lowerBound,
                panel_end: panels.lowerBound + $0.upperBound, block_begin: blocks.lowerBound,
                block_end: blocks.upperBound)
            withUnsafePointer(to: shape) { kernel.pointee.pack($0, b, packed, range) }
        }
    }

    /// Shares c among the threads: its rows when there are enough of them, so that each is packed once, else its columns.
    private func share(
        a: UnsafePointer<Float>, inPlace b: UnsafePointer<Float>?, packed: UnsafePointer<Float>,
        bias: UnsafePointer<Float>?, c: UnsafeMutablePointer<Float>, blocks: Range<Int>, threads: Int
    ) {
        func run(rows: Range<Int>, panels: Range<Int>) {
            let range = sk_gemm_f32_range(
                row_begin: rows.lowerBound, row_end: rows.upperBound, panel_begin: panels.lowerBound,
                panel_end: panels.upperBound, block_begin: blocks.lowerBound, block_end: blocks.upperBound)
            withUnsafePointer(to: shape) { kernel.pointee.run($0, a, b, packed, bias, c, range) }
        }
        let threads = multiplyAdds < Self.leastShared ? 1 : threads
        let tileRows = kernel.pointee.tile_rows
        let tiles = (shape.rows - 1) / tileRows + 1
        // Pieces of at least 128 Ki multiply-adds.
        if tiles >= 16 || tiles > panels {
            let perRow = max(1, shape.columns * shape.depth)
            parallelRanges(shape.rows, unit: tileRows, minimum: (1 << 17) / perRow, threads: threads) {
                run(rows: $0, panels: 0..<panels)
            }
        } else {
            let perPanel = max(1, shape.rows * shape.depth * kernel.pointee.panel_columns)
            parallelRanges(panels, unit: 1, minimum: (1 << 17) / perPanel, threads: threads) {
                run(rows: 0..<shape.rows, panels: $0)
            }
        }
    }
}
