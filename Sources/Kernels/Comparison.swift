import CSaccadeKernels

/// The comparisons of two floats that have a vector kernel. With NaN all are false but `notEqual`.
package enum VectorComparison: Hashable, Sendable, CaseIterable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

    /// The kernel's comparison, and whether it takes the operands the other way round.
    var code: (comparison: sk_comparison, swaps: Bool) {
        switch self {
        case .equal: (sk_comparison_equal, false)
        case .notEqual: (sk_comparison_not_equal, false)
        case .less: (sk_comparison_less, false)
        case .lessOrEqual: (sk_comparison_less_or_equal, false)
        case .greater: (sk_comparison_less, true)
        case .greaterOrEqual: (sk_comparison_less_or_equal, true)
        }
    }
}

/// A comparison of two floats with broadcasting: z = x <comparison> y, in bytes of 0 and 1. Made once at plan time.
package struct ComparisonKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_compare_f32_kernel>
    private let comparison: sk_comparison
    private let swaps: Bool
    /// Outermost first, after merging. The innermost has output stride 1 and operand strides 0 or 1.
    private let axes: [BroadcastAxis]
    private let count: Int

    /// Strides in elements; 0 where an operand is broadcast. The innermost axis of `output` has stride 1, those of the
    /// operands 0 or 1.
    package init(
        _ comparison: VectorComparison, extents: [Int], left: [Int], right: [Int], output: [Int],
        instructionSet: InstructionSet
    ) {
        kernel = sk_compare_f32_choose(instructionSet.code)
        (self.comparison, swaps) = comparison.code
        count = extents.reduce(1, *)
        axes = BroadcastAxis.merged(
            extents: extents, left: swaps ? right : left, right: swaps ? left : right, output: output)
    }

    /// Compares. `output` takes one byte for each element.
    package func run(
        left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<UInt8>, threads: Int
    ) {
        guard count > 0 else { return }
        let (x, y) = swaps ? (right, left) : (left, right)
        let outer = axes[0]
        let perStep = max(1, count / outer.extent)
        parallelRanges(
            outer.extent, unit: axes.count == 1 ? 64 : 1, minimum: (1 << 14) / perStep, threads: threads
        ) { range in
            compare(
                axis: 0, x + range.lowerBound * outer.left, y + range.lowerBound * outer.right,
                output + range.lowerBound * outer.output, extent: range.count)
        }
    }

    private func compare(
        axis: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<UInt8>,
        extent: Int
    ) {
        let this = axes[axis]
        guard axis < axes.count - 1 else {
            kernel.pointee.compare(comparison, left, this.left, right, this.right, output, extent)
            return
        }
        for index in 0..<extent {
            compare(
                axis: axis + 1, left + index * this.left, right + index * this.right, output + index * this.output,
                extent: axes[axis + 1].extent)
        }
    }
}
