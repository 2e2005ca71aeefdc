import CSaccadeKernels

/// c = a · b, or c += a · b, for the few rows of a time step and a b that is packed once for all steps; see `gemm_f32.h`.
/// It runs on the calling thread, for some of the columns.
struct StepProduct: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_gemm_f32_kernel>
    private let shape: sk_gemm_f32_shape
    private let blocks: Int

    init(rows: Int, columns: Int, depth: Int, b: MatrixProduct.Layout, instructionSet: InstructionSet) {
        kernel = sk_gemm_f32_choose(instructionSet.code)
        shape = sk_gemm_f32_shape(
            rows: rows, columns: columns, depth: depth, a_row_stride: depth, a_depth_stride: 1,
            b_depth_stride: b.row, b_column_stride: b.column, c_row_stride: columns, alpha: 1, beta: 0)
        blocks = withUnsafePointer(to: shape) { [kernel] in kernel.pointee.block_count($0) }
        precondition(RecurrentLayer.block % kernel.pointee.panel_columns == 0)
    }

    /// Floats that `pack` writes, rounded up to whole lines of the cache.
    var packedCount: Int {
        withUnsafePointer(to: shape) { (kernel.pointee.packed_count($0, blocks) + 15) / 16 * 16 }
    }

    private func panels(_ columns: Range<Int>) -> (begin: Int, end: Int) {
        let width = kernel.pointee.panel_columns
        return (columns.lowerBound / width, (columns.upperBound + width - 1) / width)
    }

    /// Packs b at a place that is 64-byte aligned.
    func pack(_ b: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, threads: Int) {
        let count = panels(0..<shape.columns).end
        parallelRanges(count, unit: 1, minimum: 1, threads: threads) { range in
            withUnsafePointer(to: shape) {
                kernel.pointee.pack(
                    $0, b, packed,
                    sk_gemm_f32_range(
                        row_begin: 0, row_end: 0, panel_begin: range.lowerBound, panel_end: range.upperBound,
                        block_begin: 0, block_end: blocks))
            }
        }
    }

    /// Computes some rows of the columns `columns`, which begin at a multiple of `RecurrentLayer.block`. Strides are in
    /// elements between rows; `a` and `c` are the places of row and column 0.
    func run(
        _ a: UnsafePointer<Float>, stride: Int, packed: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>,
        stride resultStride: Int, adds: Bool, rows: Range<Int>, columns: Range<Int>
    ) {
        var shape = shape
        shape.a_row_stride = stride
        shape.c_row_stride = resultStride
        shape.beta = adds ? 1 : 0
        let (begin, end) = panels(columns)
        kernel.pointee.run(
            &shape, a, nil, packed, nil, c,
            sk_gemm_f32_range(
                row_begin: rows.lowerBound, row_end: rows.upperBound, panel_begin: begin, panel_end: end,
                block_begin: 0,
                block_end: blocks))
    }
}
