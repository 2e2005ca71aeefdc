import CSaccadeKernels
import Foundation
package import Tensors

/// The gradient of padding and cropping, y[i] = x[sources[axis][i] along each axis] (`Reference.take`): dx[j] is the sum
/// of dy[i] over the i that read j, 0 where there is none. Reflected and repeated borders are added in the order of i,
/// whatever the number of threads. dx and dy are dense.
package struct TakeGradientKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_elementwise_f32_kernel>
    private struct Axis: Sendable {
        let extent: Int
        /// The input index of each output index; -1: none.
        let sources: [Int]
        /// Elements between neighbours.
        let inputStride: Int
        let outputStride: Int
        /// Whether the axis is taken as it is.
        let isIdentity: Bool

        init(extent: Int, sources: [Int], inputStride: Int, outputStride: Int) {
            self.extent = extent
            self.sources = sources
            self.inputStride = inputStride
            self.outputStride = outputStride
            isIdentity = sources == Array(0..<extent)
        }
    }
    private let axes: [Axis]
    private let count: Int

    /// `input` is the shape of x; there is one list of sources for each of its axes.
    package init(input: Shape, sources: [[Int?]], instructionSet: InstructionSet) {
        precondition(sources.count == input.rank)
        precondition(
            zip(sources, input.dimensions).allSatisfy { list, extent in
                list.allSatisfy { $0.map { (0..<extent).contains($0) } ?? true }
            })
        kernel = sk_elementwise_f32_choose(instructionSet.code)
        count = input.count
        // Innermost first; an axis that is taken as it is merges with what it consists of.
        var axes: [Axis] = []
        var inputStride = 1
        var outputStride = 1
        for axis in sources.indices.reversed() {
            let next = Axis(
                extent: input[axis], sources: sources[axis].map { $0 ?? -1 }, inputStride: inputStride,
                outputStride: outputStride)
            if let inner = axes.last, inner.isIdentity, next.isIdentity {
                let extent = inner.extent * next.extent
                axes[axes.count - 1] = Axis(
                    extent: extent, sources: Array(0..<extent), inputStride: inner.inputStride,
                    outputStride: inner.outputStride)
            } else {
                axes.append(next)
            }
            inputStride *= input[axis]
            outputStride *= sources[axis].count
        }
        // Outer axes of one element leave nothing to share out.
        while axes.count > 1, let outer = axes.last, outer.extent == 1, outer.isIdentity { axes.removeLast() }
        self.axes = axes.reversed()
    }

    package func run(gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, threads: Int) {
        guard let outer = axes.first else {
            result.pointee = gradient.pointee
            return
        }
        guard count > 0 else { return }
        // Parts of the outermost axis of dx: each looks for what is added to it.
        let perStep = max(1, count / outer.extent)
        parallelRanges(outer.extent, unit: 1, minimum: (1 << 14) / perStep, threads: threads) { range in
            memset(
                result + range.lowerBound * outer.inputStride, 0,
                range.count * outer.inputStride * MemoryLayout<Float>.stride)
            add(axis: 0, gradient, to: result, within: range)
        }
    }

    private func add(
        axis: Int, _ gradient: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, within range: Range<Int>
    ) {
        let this = axes[axis]
        if axis == axes.count - 1 {
            if this.isIdentity {
                let sum = result + range.lowerBound
                kernel.pointee.binary(sk_binary_add, sum, 1, gradient + range.lowerBound, 1, sum, range.count)
            } else {
                for (index, source) in this.sources.enumerated() where range.contains(source) {
                    result[source] += gradient[index]
                }
            }
            return
        }
        let inner = axes[axis + 1].extent
        for (index, source) in this.sources.enumerated() where range.contains(source) {
            add(
                axis: axis + 1, gradient + index &* this.outputStride, to: result + source &* this.inputStride,
                within: 0..<inner)
        }
    }
}
