import CSaccadeKernels

/// The choice between two floats by a truth, with broadcasting: z = condition ? x : y. Made once at plan time.
///
/// With the scalars 1 and 0 as x and y this is the cast of truths to floats.
package struct SelectKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_compare_f32_kernel>
    /// Outermost first. The innermost has output stride 1 and operand strides 0 or 1.
    private let axes: [Axis]
    private let count: Int

    private struct Axis: Sendable {
        var extent: Int
        var condition: Int
        var left: Int
        var right: Int
        var output: Int

        /// Whether this axis and the one inside it are walked as one.
        func spans(_ inner: Axis) -> Bool {
            condition == inner.condition * inner.extent && left == inner.left * inner.extent
                && right == inner.right * inner.extent && output == inner.output * inner.extent
        }
    }

    /// Strides in elements; 0 where an operand is broadcast. The innermost axis of `output` has stride 1, those of the
    /// operands 0 or 1.
    package init(
        extents: [Int], condition: [Int], left: [Int], right: [Int], output: [Int], instructionSet: InstructionSet
    ) {
        kernel = sk_compare_f32_choose(instructionSet.code)
        count = extents.reduce(1, *)
        var axes: [Axis] = []
        for axis in extents.indices where extents[axis] != 1 {
            var next = Axis(
                extent: extents[axis], condition: condition[axis], left: left[axis], right: right[axis],
                output: output[axis])
            if let last = axes.last, last.spans(next) {
                next.extent *= last.extent
                axes.removeLast()
            }
            axes.append(next)
        }
        let steps = axes.last.map { [$0.condition, $0.left, $0.right] } ?? []
        if axes.last?.output != 1 || !steps.allSatisfy({ 0...1 ~= $0 }) {
            axes.append(Axis(extent: 1, condition: 0, left: 0, right: 0, output: 1))
        }
        self.axes = axes
    }

    /// Chooses. A byte of `condition` that is not 0 holds.
    package func run(
        condition: UnsafePointer<UInt8>, left: UnsafePointer<Float>, right: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, threads: Int
    ) {
        guard count > 0 else { return }
        let outer = axes[0]
        let perStep = max(1, count / outer.extent)
        parallelRanges(
            outer.extent, unit: axes.count == 1 ? 64 : 1, minimum: (1 << 14) / perStep, threads: threads
        ) { range in
            let first = range.lowerBound
            select(
                axis: 0, condition + first * outer.condition, left + first * outer.left, right + first * outer.right,
                output + first * outer.output, extent: range.count)
        }
    }

    private func select(
        axis: Int, _ condition: UnsafePointer<UInt8>, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
        _ output: UnsafeMutablePointer<Float>, extent: Int
    ) {
        let this = axes[axis]
        guard axis < axes.count - 1 else {
            kernel.pointee.select(
                condition, this.condition, left, this.left, right, this.right, output, extent)
            return
        }
        for index in 0..<extent {
            select(
                axis: axis + 1, condition + index * this.condition, left + index * this.left,
                right + index * this.right, output + index * this.output, extent: axes[axis + 1].extent)
        }
    }
}
