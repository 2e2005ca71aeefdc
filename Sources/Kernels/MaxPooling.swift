package import CSaccadeKernels

/// Greatest value under a window, channels last; the contract is in `maxpool2d_f32.h`.
package struct MaxPoolingKernel: @unchecked Sendable {
    // Sendable: the kernel is a constant of the C module.
    private let kernel: UnsafePointer<sk_maxpool2d_f32_kernel>
    private let shape: sk_pool2d_shape

    package init(_ shape: sk_pool2d_shape, instructionSet: InstructionSet) {
        kernel = sk_maxpool2d_f32_choose(instructionSet.code)
        self.shape = shape
    }

    package func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, threads: Int) {
        parallelRanges(shape.batch * shape.out_height, unit: 1, minimum: 1, threads: threads) {
            var shape = self.shape
            kernel.pointee.run(&shape, input, output, $0.lowerBound, $0.upperBound)
        }
    }
}
