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
        let batch = try matrixBatch()
        let (rows, depth, columns) = (batch.rows, batch.depth, batch.columns)
        kernel = "sgemm"
        multiplyAdds = batch.products.count * rows * columns * depth
        let product = MatrixProduct(rows: rows, columns: columns, depth: depth)
        let pairs = batch.products
        let strips = product.stripCount
        return { context in
            let (a, b, c) = (context.floats(input: 0), context.floats(input: 1), context.floats(output: 0))
            parallelFor(pairs.count * strips, threads: context.threads) { task in
                let (index, strip) = task.quotientAndRemainder(dividingBy: strips)
                product.run(
                    strip: strip, a: a + pairs[index].a * rows * depth, b: b + pairs[index].b * depth * columns,
                    c: c + index * rows * columns)
            }
            return true
        }
    }

    mutating func gemm(_ gemm: Gemm) throws(ExecutionError) -> StepBody {
        let a = try input(0)
        let b = try input(1)
        let y = outputs[0]
        guard a.shape.rank == 2, b.shape.rank == 2 else { throw ExecutionError(.invalidGraph("a gemm of tensors")) }
        guard a.isDense, b.isDense, y.isDense else { throw unsupported("rows with gaps") }
        var product = MatrixProduct(
            rows: y.shape[0], columns: y.shape[1], depth: gemm.transposesA ? a.shape[0] : a.shape[1])
        product.transposesA = gemm.transposesA
        product.transposesB = gemm.transposesB
        product.alpha = gemm.alpha
        product.beta = optional(2) == nil ? 0 : gemm.beta
        kernel = "sgemm"
        multiplyAdds = y.shape.count * product.depth
        let bias = optional(2).map {
            StridedCopy(
                extents: y.shape.dimensions, source: $0.broadcastStrides(to: y.shape.dimensions), target: y.strides,
                elementSize: MemoryLayout<Float>.stride)
        }
        let bound = product
        return { context in
            bias?.run(from: context.input(2), to: context.output(0))
            let (a, b, y) = (context.floats(input: 0), context.floats(input: 1), context.floats(output: 0))
            parallelFor(bound.stripCount, threads: context.threads) { bound.run(strip: $0, a: a, b: b, c: y) }
            return true
        }
    }

    mutating func softmax(axis: Int) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        guard axis == x.shape.rank - 1 else {
            if x.isDense, y.isDense {
                kernel = "softmax_f32_\(instructionSet.rawValue)"
                let softmax = SoftmaxKernel(instructionSet: instructionSet)
                let blocks = x.shape.dimensions[..<axis].reduce(1, *)
                let columns = x.shape.dimensions[(axis + 1)...].reduce(1, *)
                let length = x.shape[axis]
                return { context in
                    softmax.runColumns(
                        blocks: blocks, length: length, columns: columns, input: context.floats(input: 0),
                        output: context.floats(output: 0), threads: context.threads)
                    return true
                }
            }
            return { context in
                Reference.softmax(x.view(at: context.input(0)), to: y.view(at: context.output(0)), axis: axis)
                return true
            }
        }
        kernel = "softmax_f32_\(instructionSet.rawValue)"
        return try rows(SoftmaxKernel(instructionSet: instructionSet).run)
    }

    func reduce(_ reduce: Reduce) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let axes = reduce.axes ?? Array(0..<x.shape.rank)
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
