import CSaccadeKernels

/// The functions of two quantized tensors.
package enum ByteBinaryFunction: Hashable, Sendable, CaseIterable {
    case add, sub, mul
}

/// A function of two tensors of bytes with broadcasting, rounded once to a third one's scale; the formula is in
/// `binary_u8.h`. Made once at plan time.
package struct ByteBinaryKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_binary_u8_kernel>
    private let parameters: sk_binary_u8_parameters
    /// Outermost first; at least two. The innermost has output stride 1 and operand strides 0 or 1.
    private let axes: [BroadcastAxis]
    private let count: Int

    /// Strides in bytes; 0 where an operand is broadcast. The innermost axis of `output` has stride 1, those of the
    /// operands 0 or 1.
    package init(
        _ function: ByteBinaryFunction, extents: [Int], left: [Int], right: [Int], output: [Int],
        leftQuantization: ByteQuantization, rightQuantization: ByteQuantization, outputQuantization: ByteQuantization,
        instructionSet: InstructionSet
    ) {
        kernel = sk_binary_u8_choose(instructionSet.code)
        let (a, b, y) = (leftQuantization, rightQuantization, outputQuantization)
        let factors: (Float, Float) =
            switch function {
            case .add: (a.scale / y.scale, b.scale / y.scale)
            case .sub: (a.scale / y.scale, -(b.scale / y.scale))
            // In double: the product of two scales may lie below the smallest float.
            case .mul: (Float(Double(a.scale) * Double(b.scale) / Double(y.scale)), 0)
            }
        parameters = sk_binary_u8_parameters(
            function: function == .mul ? sk_binary_u8_mul : sk_binary_u8_add, zero_a: a.zeroPoint,
            zero_b: b.zeroPoint, zero_y: y.zeroPoint, factor_a: factors.0, factor_b: factors.1)
        count = extents.reduce(1, *)
        var axes = BroadcastAxis.merged(extents: extents, left: left, right: right, output: output)
        if axes.count == 1 { axes.insert(BroadcastAxis(extent: 1, left: 0, right: 0, output: 0), at: 0) }
        self.axes = axes
    }

    package func run(
        left: UnsafePointer<UInt8>, right: UnsafePointer<UInt8>, output: UnsafeMutablePointer<UInt8>, threads: Int
    ) {
        guard count > 0 else { return }
        let outer = axes[0]
        if outer.extent == 1, axes.count == 2 {
            let inner = axes[1]
            return parallelRanges(inner.extent, unit: 64, minimum: 1 << 15, threads: threads) { range in
                combine(
                    axis: 0, left + range.lowerBound * inner.left, right + range.lowerBound * inner.right,
                    output + range.lowerBound, extent: 1, length: range.count)
            }
        }
        parallelRanges(
            outer.extent, unit: 1, minimum: (1 << 15) / max(1, count / outer.extent), threads: threads
        ) { range in
            combine(
                axis: 0, left + range.lowerBound * outer.left, right + range.lowerBound * outer.right,
                output + range.lowerBound * outer.output, extent: range.count, length: axes[axes.count - 1].extent)
        }
    }

    /// The two innermost axes are the rows and elements of one call.
    private func combine(
        axis: Int, _ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ output: UnsafeMutablePointer<UInt8>,
        extent: Int, length: Int
    ) {
        let this = axes[axis]
        guard axis < axes.count - 2 else {
            let inner = axes[axis + 1]
            withUnsafePointer(to: parameters) {
                kernel.pointee.run(
                    $0, left, this.left, inner.left, right, this.right, inner.right, output, this.output, extent, length
                )
            }
            return
        }
        for index in 0..<extent {
            combine(
                axis: axis + 1, left + index * this.left, right + index * this.right, output + index * this.output,
                extent: axes[axis + 1].extent, length: length)
        }
    }
}
