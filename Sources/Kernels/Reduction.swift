import CSaccadeKernels

/// The reductions that have a vector kernel.
package enum VectorReduction: Hashable, Sendable, CaseIterable {
    case sum, mean, squareSum, max, min

    var code: sk_reduction {
        switch self {
        case .sum, .mean: sk_reduction_sum
        case .squareSum: sk_reduction_square_sum
        case .max: sk_reduction_max
        case .min: sk_reduction_min
        }
    }

    /// The reduction of no elements.
    var ofNothing: Float {
        switch self {
        case .sum, .squareSum: 0
        case .mean: .nan
        case .max: -.infinity
        case .min: .infinity
        }
    }
}

/// A reduction of a dense tensor over any of its axes. Made once at plan time.
///
/// Totals are doubles until the end. They are joined in an order that depends on the shape alone. max and min give NaN
/// where there is one.
package struct ReductionKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_reduce_f32_kernel>
    private let reduction: VectorReduction
    private let scale: Double
    private let outputCount: Int
    private let isEmpty: Bool
    /// Reads the floats; the others read the totals of the one before.
    private let first: Stage
    private let joins: [Stage]

    /// Reduces the middle of `outer` × `extent` × `inner` numbers in `chunks` parts of `chunk`, the last one shorter.
    private struct Stage: Sendable {
        var outer: Int
        var extent: Int
        var inner: Int
        var chunk: Int
        var chunks: Int { extent == 0 ? 0 : (extent - 1) / chunk + 1 }
        var totals: Int { outer * chunks * inner }
    }

    private struct Run {
        var extent: Int
        var isReduced: Bool
    }

    /// - Parameter axes: those that the output lacks, or has with extent 1; in any order.
    package init(_ reduction: VectorReduction, extents: [Int], axes: [Int], instructionSet: InstructionSet) {
        kernel = sk_reduce_f32_choose(instructionSet.code)
        self.reduction = reduction
        let count = axes.reduce(1) { $0 * extents[$1] }
        outputCount = extents.indices.reduce(1) { axes.contains($1) ? $0 : $0 * extents[$1] }
        isEmpty = count == 0
        scale = reduction == .mean ? 1 / Double(max(count, 1)) : 1

        var runs: [Run] = []
        for axis in extents.indices where extents[axis] != 1 {
            let isReduced = axes.contains(axis)
            if runs.last?.isReduced == isReduced {
                runs[runs.count - 1].extent *= extents[axis]
            } else {
                runs.append(Run(extent: extents[axis], isReduced: isReduced))
            }
        }
        if !runs.contains(where: \.isReduced) { runs.insert(Run(extent: 1, isReduced: true), at: 0) }
        first = Self.stage(of: &runs, isFirst: true)
        var joins: [Stage] = []
        while runs.contains(where: \.isReduced) { joins.append(Self.stage(of: &runs, isFirst: false)) }
        self.joins = joins
    }

    /// The stage that reduces the innermost reduced run; what it leaves stays in `runs`.
    private static func stage(of runs: inout [Run], isFirst: Bool) -> Stage {
        let place = runs.lastIndex(where: \.isReduced) ?? 0
        let extent = runs[place].extent
        let outer = runs[..<place].reduce(1) { $0 * $1.extent }
        let inner = runs[(place + 1)...].reduce(1) { $0 * $1.extent }
        var stage = Stage(outer: outer, extent: extent, inner: inner, chunk: max(extent, 1))
        // Where there are few other tasks, chunks of 32768 numbers or more give every thread some.
        if isFirst, outer < 64, inner < 1 << 16 {
            let chunks = max(1, min(64, extent * inner / 32768, inner > 1 ? extent / 16 : extent))
            stage.chunk = max(1, (extent + chunks - 1) / chunks)
        }
        if stage.chunks > 1 {
            runs[place].extent = stage.chunks
        } else {
            runs.remove(at: place)
        }
        return stage
    }

    /// Bytes of scratch that a run needs.
    package var scratchByteCount: Int {
        isEmpty || joins.isEmpty ? 0 : joins.reduce(first.totals) { $0 + $1.totals } * MemoryLayout<Double>.stride
    }

    /// Reduces.
    ///
    /// - Parameters:
    ///   - output: the kept axes, dense.
    ///   - scratch: `scratchByteCount` bytes, aligned as doubles are.
    package func run(
        input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        guard !isEmpty else { return output.update(repeating: reduction.ofNothing, count: outputCount) }
        guard outputCount > 0 else { return }
        guard !joins.isEmpty else { return forTasks(threads) { reduce(input, to: output, $0, $1, $2, $3) } }
        var totals = scratch.assumingMemoryBound(to: Double.self)
        forTasks(threads) { [totals] in reduce(input, to: totals, $0, $1, $2, $3) }
        var parts = totals
        totals += first.totals
        for join in joins {
            parallelRanges(join.outer, unit: 1, minimum: (1 << 14) / (join.extent * join.inner), threads: threads) {
                for index in $0 {
                    kernel.pointee.join(
                        reduction.code, parts + index * join.extent * join.inner, join.inner,
                        totals + index * join.inner, join.inner, join.extent)
                }
            }
            parts = totals
            totals += join.totals
        }
        for index in 0..<outputCount { output[index] = Float(parts[index] * scale) }
    }

    /// Calls `body` with the first index of `outer`, how many of them, the chunk, and a range of the columns.
    private func forTasks(_ threads: Int, _ body: (Int, Int, Int, Range<Int>) -> Void) {
        let stage = first
        if stage.inner == 1, stage.chunks == 1 {
            return parallelRanges(
                stage.outer, unit: 1, minimum: (1 << 14) / stage.extent, threads: threads
            ) { body($0.lowerBound, $0.count, 0, 0..<1) }
        }
        let width = 4096
        let pieces = (stage.inner - 1) / width + 1
        let work = stage.chunk * min(width, stage.inner)
        parallelRanges(
            stage.outer * stage.chunks * pieces, unit: 1, minimum: (1 << 14) / work, threads: threads
        ) {
            for task in $0 {
                let (row, piece) = task.quotientAndRemainder(dividingBy: pieces)
                let (outer, chunk) = row.quotientAndRemainder(dividingBy: stage.chunks)
                body(outer, 1, chunk, piece * width..<min((piece + 1) * width, stage.inner))
            }
        }
    }

    private func reduce(
        _ input: UnsafePointer<Float>, to totals: UnsafeMutablePointer<Double>, _ outer: Int, _ count: Int,
        _ chunk: Int, _ columns: Range<Int>
    ) {
        let from = input + (outer * first.extent + chunk * first.chunk) * first.inner + columns.lowerBound
        let to = totals + (outer * first.chunks + chunk) * first.inner + columns.lowerBound
        let extent = min(first.chunk, first.extent - chunk * first.chunk)
        if first.inner == 1 {
            kernel.pointee.rows(reduction.code, from, first.extent, to, count, extent)
        } else {
            kernel.pointee.columns(reduction.code, from, first.inner, to, columns.count, extent)
        }
    }

    /// The same where the totals need no joining.
    private func reduce(
        _ input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>, _ outer: Int, _ count: Int,
        _ chunk: Int, _ columns: Range<Int>
    ) {
        let from = input + outer * first.extent * first.inner + columns.lowerBound
        let to = output + outer * first.inner + columns.lowerBound
        if first.inner == 1 {
            sk_reduce_rows_to_floats(kernel, reduction.code, from, first.extent, scale, to, count, first.extent)
        } else {
            sk_reduce_columns_to_floats(
                kernel, reduction.code, from, first.inner, scale, to, columns.count, first.extent)
        }
    }
}
