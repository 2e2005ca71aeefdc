import Graphs
import Kernels
import Tensors

extension Lowering {
    /// The extents of a product of tensors and where the matrices of each product begin.
    struct MatrixBatch {
        var rows: Int
        var depth: Int
        var columns: Int
        /// In matrices from the first one; leading axes are broadcast.
        var products: [(a: Int, b: Int)]
    }

    func matrixBatch() throws(ExecutionError) -> MatrixBatch {
        let a = try input(0)
        let b = try input(1)
        guard a.isDense, b.isDense, outputs[0].isDense else { throw unsupported("rows with gaps") }
        guard a.shape.rank > 0, b.shape.rank > 0 else { throw ExecutionError(.invalidGraph("a product of scalars")) }
        let left = a.shape.rank == 1 ? [1] + a.shape.dimensions : a.shape.dimensions
        let right = b.shape.rank == 1 ? b.shape.dimensions + [1] : b.shape.dimensions
        let batchRank = max(left.count, right.count) - 2
        func batch(_ extents: [Int]) -> [Int] {
            Array(repeating: 1, count: batchRank - (extents.count - 2)) + extents.dropLast(2)
        }
        let leftBatch = batch(left)
        let rightBatch = batch(right)
        var products: [(a: Int, b: Int)] = [(0, 0)]
        for axis in 0..<batchRank {
            let extent = leftBatch[axis] == 1 ? rightBatch[axis] : leftBatch[axis]
            try checkTable(products.count * extent)
            products = products.flatMap { base in
                (0..<extent).map { index in
                    (
                        base.a * leftBatch[axis] + (leftBatch[axis] == 1 ? 0 : index),
                        base.b * rightBatch[axis] + (rightBatch[axis] == 1 ? 0 : index)
                    )
                }
            }
        }
        return MatrixBatch(
            rows: left[left.count - 2], depth: left[left.count - 1], columns: right[right.count - 1],
            products: products)
    }

    mutating func matMul() throws(ExecutionError) -> StepBody {
        var batch = try matrixBatch()
        let b = try input(1)
        // One b for all: the leading axes of a are rows of one product.
        if b.shape.count == batch.depth * batch.columns, batch.products.count > 1 {
            batch.rows *= batch.products.count
            batch.products = [(0, 0)]
        }
        let (rows, depth, columns) = (batch.rows, batch.depth, batch.columns)
        let product = MatrixProduct(
            rows: rows, columns: columns, depth: depth, a: .rows(of: depth), b: .rows(of: columns), cRowStride: columns,
            instructionSet: instructionSet)
        kernel = product.kernelName
        multiplyAdds = batch.products.count * product.multiplyAdds
        if batch.products.count == 1, let packed = try packed(product, b) {
            return { context in
                packed.run(
                    a: context.floats(input: 0), c: context.floats(output: 0), threads: context.threads)
                return true
            }
        }
        let offsets = batch.products.enumerated().map { index, pair in
            MatrixProduct.Offsets(a: pair.a * rows * depth, b: pair.b * depth * columns, c: index * rows * columns)
        }
        scratchByteCount = product.scratchByteCount(batch: offsets.count)
        return { context in
            product.run(
                batch: offsets, a: context.floats(input: 0), b: context.floats(input: 1),
                c: context.floats(output: 0), scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    mutating func gemm(_ gemm: Gemm) throws(ExecutionError) -> StepBody {
        let a = try input(0)
        let b = try input(1)
        let y = outputs[0]
        guard a.shape.rank == 2, b.shape.rank == 2 else { throw ExecutionError(.invalidGraph("a gemm of tensors")) }
        guard a.isDense, b.isDense, y.isDense else { throw unsupported("rows with gaps") }
        let (rows, columns) = (y.shape[0], y.shape[1])
        let depth = gemm.transposesA ? a.shape[0] : a.shape[1]
        // A row that is added to all others is the product's bias; anything else is written first and added to.
        let addend = gemm.beta == 0 ? nil : optional(2)
        let isBias =
            addend.map { gemm.beta == 1 && $0.isDense && $0.shape.count == columns && $0.shape.rowLength == columns }
            ?? false
        let copy =
            isBias
            ? nil
            : addend.map {
                StridedCopy(
                    extents: y.shape.dimensions, source: $0.broadcastStrides(to: y.shape.dimensions),
                    target: y.strides, elementSize: MemoryLayout<Float>.stride)
            }
        let product = MatrixProduct(
            rows: rows, columns: columns, depth: depth,
            a: gemm.transposesA ? .columns(of: rows) : .rows(of: depth),
            b: gemm.transposesB ? .columns(of: depth) : .rows(of: columns), cRowStride: columns, alpha: gemm.alpha,
            beta: copy == nil ? 0 : gemm.beta, instructionSet: instructionSet)
        kernel = product.kernelName
        multiplyAdds = product.multiplyAdds
        let packed = try packed(product, b)
        if packed == nil { scratchByteCount = product.scratchByteCount(batch: 1) }
        return { context in
            copy?.run(from: context.input(2), to: context.output(0))
            let (a, y) = (context.floats(input: 0), context.floats(output: 0))
            let bias = isBias ? UnsafePointer(context.floats(input: 2)) : nil
            if let packed {
                packed.run(a: a, bias: bias, c: y, threads: context.threads)
            } else {
                product.run(
                    batch: [.init(a: 0, b: 0, c: 0)], a: a, b: context.floats(input: 1), bias: bias, c: y,
                    scratch: context.scratch, threads: context.threads)
            }
            return true
        }
    }

    /// The product with its b packed, where that is a constant.
    private func packed(_ product: MatrixProduct, _ b: Operand) throws(ExecutionError) -> PackedMatrixProduct? {
        guard let constant = b.constant, constant.dtype == .float32 else { return nil }
        do {
            return try PackedMatrixProduct(product, b: constant.baseAddress.assumingMemoryBound(to: Float.self))
        } catch { throw ExecutionError(.outOfMemory(bytes: product.packedByteCount)) }
    }

    mutating func softmax(axis: Int, isLogarithm: Bool = false) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let softmax = SoftmaxKernel(isLogarithm: isLogarithm, instructionSet: instructionSet)
        kernel = "softmax_f32_\(instructionSet.rawValue)"
        guard axis == x.shape.rank - 1 else {
            if x.isDense, y.isDense {
                let (blocks, length, columns) = x.shape.split(at: axis)
                return { context in
                    softmax.runColumns(
                        blocks: blocks, length: length, columns: columns, input: context.floats(input: 0),
                        output: context.floats(output: 0), threads: context.threads)
                    return true
                }
            }
            guard !isLogarithm else { throw unsupported("rows with gaps") }
            kernel = "reference"
            return { context in
                Reference.softmax(x.view(at: context.input(0)), to: y.view(at: context.output(0)), axis: axis)
                return true
            }
        }
        return try rows(softmax.run)
    }

    mutating func reduce(_ reduce: Reduce) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let axes = reduce.axes ?? Array(0..<x.shape.rank)
        if x.dtype == .float32, x.isDense, y.isDense, let reduction = reduce.function.vectorized {
            kernel = "reduce_f32_\(instructionSet.rawValue)"
            let reduction = ReductionKernel(
                reduction, extents: x.shape.dimensions, axes: axes, instructionSet: instructionSet)
            scratchByteCount = reduction.scratchByteCount
            return { context in
                reduction.run(
                    input: context.floats(input: 0), output: context.floats(output: 0), scratch: context.scratch,
                    threads: context.threads)
                return true
            }
        }
        let reduction: Reference.Reduction =
            switch reduce.function {
            case .mean: .mean
            case .sum: .sum
            case .max: .max
            case .min: .min
            case .prod: .product
            }
        return { context in
            Reference.reduce(x.view(at: context.input(0)), to: y.view(at: context.output(0)), axes: axes, reduction)
            return true
        }
    }

    func argMax(axis: Int) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        return { context in
            Reference.argMax(x.view(at: context.input(0)), to: y.view(at: context.output(0)), axis: axis)
            return true
        }
    }

    func topK(axis: Int, largest: Bool) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let values = outputs[0]
        let indices = outputs[1]
        return { context in
            Reference.topK(
                x.view(at: context.input(0)), values: values.view(at: context.output(0)),
                indices: indices.view(at: context.output(1)), axis: axis, largest: largest)
            return true
        }
    }
}

extension ReduceFunction {
    fileprivate var vectorized: VectorReduction? {
        switch self {
        case .mean: .mean
        case .sum: .sum
        case .max: .max
        case .min: .min
        case .prod: nil
        }
    }
}

extension Shape {
    /// The extents before, at and behind an axis, each as one.
    func split(at axis: Int) -> (blocks: Int, length: Int, columns: Int) {
        (dimensions[..<axis].reduce(1, *), self[axis], dimensions[(axis + 1)...].reduce(1, *))
    }
}
