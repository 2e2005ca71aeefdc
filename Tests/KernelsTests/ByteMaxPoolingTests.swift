import CSaccadeKernels
import Kernels
import Tensors
import Testing

@Suite struct ByteMaxPoolingTests {
    /// The kernels of the registry that this machine runs.
    static let kernels = Registered.supported(sk_maxpool2d_u8_kernels, name: \.name) {
        sk_isa_is_supported($0.isa)
    }

    @Test(arguments: kernels) func equalsNaive(_ kernel: Registered<sk_maxpool2d_u8_kernel>) {
        var numbers = Numbers(seed: 131)
        // Kernel, stride, dilation, padding before; the output's extent is what fits with as much padding behind.
        let windows = [
            (5, 1, 1, 2), (2, 2, 1, 0), (3, 2, 1, 1), (3, 1, 1, 1), (3, 2, 2, 3), (2, 1, 1, 4), (1, 1, 1, 0),
            (13, 1, 1, 6),
        ]
        for channels in lengthsAroundVectors where channels > 0 {
            for (kernelExtent, stride, dilation, pad) in windows {
                let (height, width) = (numbers.integer(5...7), numbers.integer(5...8))
                func outputExtent(_ input: Int) -> Int {
                    (input + 2 * pad - dilation * (kernelExtent - 1) - 1) / stride + 1
                }
                let gaps = (numbers.integer(0...3), numbers.integer(0...3))
                var shape = sk_pool2d_shape(
                    batch: 2, channels: channels, in_height: height, in_width: width,
                    out_height: outputExtent(height), out_width: outputExtent(width), kernel_height: kernelExtent,
                    kernel_width: kernelExtent, stride_height: stride, stride_width: stride,
                    dilation_height: dilation, dilation_width: dilation, pad_top: pad, pad_left: pad,
                    in_pixel_stride: channels + gaps.0, out_pixel_stride: channels + gaps.1)
                let rows = 2 * shape.out_height
                let untouched = numbers.bytes(
                    extent(rows: rows * shape.out_width, length: channels, stride: channels + gaps.1))
                let input = numbers.saturatingBytes(
                    extent(rows: 2 * height * width, length: channels, stride: channels + gaps.0)
                ).map { $0 / 2 }
                for side in GuardedMemory<UInt8>.Side.allCases {
                    let x = GuardedMemory(input, side)
                    let y = GuardedMemory(untouched, side)
                    var expected = untouched
                    sk_maxpool2d_u8_naive(&shape, x.start, &expected)
                    kernel.pointee.run(&shape, x.start, y.start, 0, 1)
                    kernel.pointee.run(&shape, x.start, y.start, 1, rows)
                    #expect(y.elements == expected, "\(kernel.testDescription) \(shape)")
                }
            }
        }
    }

    /// A window in the padding alone gives 0.
    @Test(arguments: kernels) func emptyWindows(_ kernel: Registered<sk_maxpool2d_u8_kernel>) {
        var shape = sk_pool2d_shape(
            batch: 1, channels: 70, in_height: 1, in_width: 1, out_height: 4, out_width: 4, kernel_height: 2,
            kernel_width: 2, stride_height: 1, stride_width: 1, dilation_height: 1, dilation_width: 1, pad_top: 3,
            pad_left: 3, in_pixel_stride: 70, out_pixel_stride: 70)
        let x = Array(repeating: UInt8(9), count: 70)
        var y = Array(repeating: UInt8(1), count: 16 * 70)
        kernel.pointee.run(&shape, x, &y, 0, 4)
        for pixel in 0..<16 {
            let reaches = pixel / 4 >= 2 && pixel % 4 >= 2
            #expect(y[pixel * 70..<(pixel + 1) * 70].allSatisfy { $0 == (reaches ? 9 : 0) })
        }
    }

    /// The face gives what the float kernel gives on the same numbers.
    @Test(arguments: InstructionSet.allCases.filter(\.isSupported), [1, 2])
    func equalsFloats(_ instructionSet: InstructionSet, threads: Int) throws {
        var numbers = Numbers(seed: 132)
        let shape = try Shape([1, 40, 40, 96])
        let window = WindowExtent(kernel: 5, padBefore: 2, padAfter: 2)
        let bytes = numbers.bytes(shape.count)
        var y = Array(repeating: UInt8(0), count: shape.count)
        MaxPoolingKernel(
            input: shape, inputPixelStride: 96, output: shape, outputPixelStride: 96, rows: window, columns: window,
            instructionSet: instructionSet
        ).run(input: bytes, output: &y, threads: threads)
        var reals = Array(repeating: Float(0), count: shape.count)
        MaxPoolingKernel(
            input: shape, inputPixelStride: 96, output: shape, outputPixelStride: 96, rows: window, columns: window,
            instructionSet: instructionSet
        ).run(input: bytes.map { Float($0) }, output: &reals, threads: threads)
        #expect(y.map { Float($0) } == reals)
    }
}
