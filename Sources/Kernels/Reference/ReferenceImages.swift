import CSaccadeKernels
import Tensors

/// An image tensor's extents and strides by what its axes mean, whatever their order.
package struct ImageAxes {
    package var batch: Int
    package var channels: Int
    package var height: Int
    package var width: Int

    /// The axes of N×H×W×C or N×C×H×W.
    package static let channelsLast = ImageAxes(batch: 0, channels: 3, height: 1, width: 2)
    package static let channelsFirst = ImageAxes(batch: 0, channels: 1, height: 2, width: 3)
}

/// A window over rows or columns.
package struct WindowExtent: Hashable, Sendable {
    package var kernel: Int
    package var stride: Int
    package var dilation: Int
    package var padBefore: Int
    package var padAfter: Int

    package init(kernel: Int, stride: Int = 1, dilation: Int = 1, padBefore: Int = 0, padAfter: Int = 0) {
        self.kernel = kernel
        self.stride = stride
        self.dilation = dilation
        self.padBefore = padBefore
        self.padAfter = padAfter
    }
}

extension Reference {
    /// The formula of `conv2d_f32.h`, one element at a time.
    package static func convolution(
        _ shape: ConvolutionShape, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        input: UnsafePointer<Float>, addend: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
        activation: FusedActivation
    ) {
        var shape = shape
        sk_conv2d_f32_naive(&shape, weights, bias, input, addend, output, activation.code)
    }

    /// The gradients of that formula by its weights and bias, one element at a time (`conv2d_weight_gradient_f32.h`).
    package static func convolutionWeightGradient(
        _ shape: ConvolutionShape, input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        weightGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>?
    ) {
        var shape = shape
        sk_conv2d_weight_gradient_f32_naive(&shape, input, outputGradient, weightGradient, biasGradient)
    }

    /// The gradient of that formula by its input: each product of the formula is added where its input came from.
    /// Between the pixels of `inputGradient` nothing is written.
    package static func convolutionInputGradient(
        _ s: ConvolutionShape, outputGradient: UnsafePointer<Float>, weights: UnsafePointer<Float>,
        bias: UnsafePointer<Float>?, inputGradient: UnsafeMutablePointer<Float>
    ) {
        let (groupIn, groupOut) = (s.in_channels / s.groups, s.out_channels / s.groups)
        var sums = [Double](repeating: 0, count: s.batch * s.in_height * s.in_width * s.in_channels)
        for pixel in 0..<s.batch * s.out_height * s.out_width {
            let (row, column) = pixel.quotientAndRemainder(dividingBy: s.out_width)
            let (image, outY) = row.quotientAndRemainder(dividingBy: s.out_height)
            for o in 0..<s.out_channels {
                let dy = Double(outputGradient[pixel * s.out_pixel_stride + o])
                for i in 0..<groupIn {
                    for ky in 0..<s.kernel_height {
                        for kx in 0..<s.kernel_width {
                            let y = outY * s.stride_height + ky * s.dilation_height - s.pad_top
                            let x = column * s.stride_width + kx * s.dilation_width - s.pad_left
                            guard (0..<s.in_height).contains(y), (0..<s.in_width).contains(x) else { continue }
                            let place = (image * s.in_height + y) * s.in_width + x
                            let weight = weights[((o * groupIn + i) * s.kernel_height + ky) * s.kernel_width + kx]
                            sums[place * s.in_channels + o / groupOut * groupIn + i] += dy * Double(weight)
                        }
                    }
                }
            }
        }
        for place in 0..<s.batch * s.in_height * s.in_width {
            for i in 0..<s.in_channels {
                let sum = sums[place * s.in_channels + i] + Double(bias?[i] ?? 0)
                inputGradient[place * s.in_pixel_stride + i] = Float(sum)
            }
        }
    }

    /// The greatest value under a window; padding never wins.
    package static func maxPool(
        _ x: TensorView, to y: TensorView, axes: ImageAxes, rows: WindowExtent, columns: WindowExtent
    ) {
        pool(x, y, axes, rows, columns) { values, _ in values.reduce(-Float.infinity) { max($0, $1) } }
    }

    /// The mean under a window. With `countsPadding` the divisor includes padding, but not what lies past it.
    package static func averagePool(
        _ x: TensorView, to y: TensorView, axes: ImageAxes, rows: WindowExtent, columns: WindowExtent,
        countsPadding: Bool
    ) {
        pool(x, y, axes, rows, columns) { values, padded in
            Float(values.reduce(0.0) { $0 + Double($1) } / Double(countsPadding ? padded : max(values.count, 1)))
        }
    }

    /// Calls `reduce` with the values inside of the image under each window, and the number of window places inside of
    /// the padded image.
    private static func pool(
        _ x: TensorView, _ y: TensorView, _ axes: ImageAxes, _ rows: WindowExtent, _ columns: WindowExtent,
        _ reduce: ([Float], Int) -> Float
    ) {
        let source = x.pointer(as: Float.self)
        let target = y.pointer(as: Float.self)
        let from = x.strides
        let to = y.strides
        let height = x.shape[axes.height]
        let width = x.shape[axes.width]
        var values: [Float] = []
        for n in 0..<y.shape[axes.batch] {
            for c in 0..<y.shape[axes.channels] {
                for oy in 0..<y.shape[axes.height] {
                    for ox in 0..<y.shape[axes.width] {
                        values.removeAll(keepingCapacity: true)
                        var padded = 0
                        for ky in 0..<rows.kernel {
                            let row = oy * rows.stride - rows.padBefore + ky * rows.dilation
                            guard row < height + rows.padAfter else { continue }
                            for kx in 0..<columns.kernel {
                                let column = ox * columns.stride - columns.padBefore + kx * columns.dilation
                                guard column < width + columns.padAfter else { continue }
                                padded += 1
                                guard row >= 0, row < height, column >= 0, column < width else { continue }
                                values.append(
                                    source[
                                        n * from[axes.batch] + c * from[axes.channels] + row * from[axes.height]
                                            + column * from[axes.width]])
                            }
                        }
                        target[
                            n * to[axes.batch] + c * to[axes.channels] + oy * to[axes.height] + ox * to[axes.width]] =
                            reduce(values, padded)
                    }
                }
            }
        }
    }

    /// y = x · scale[c] + shift[c], c along one axis.
    package static func affine(
        _ x: TensorView, to y: TensorView, channelAxis: Int, scale: [Float], shift: [Float]
    ) {
        let source = x.pointer(as: Float.self)
        let target = y.pointer(as: Float.self)
        let extents = x.shape.dimensions
        let channelStrides = extents.indices.map { $0 == channelAxis ? 1 : 0 }
        var froms = StridedOffsets(extents: extents, strides: x.strides)
        var channels = StridedOffsets(extents: extents, strides: channelStrides)
        for to in StridedOffsets(extents: extents, strides: y.strides) {
            guard let from = froms.next(), let channel = channels.next() else { return }
            target[to] = source[from] * scale[channel] + shift[channel]
        }
    }

    /// Separable resampling: along each axis an output index is a weighted sum of two input indices.
    ///
    /// `taps[axis][index]` gives them with the weight of the second.
    package static func resample(_ x: TensorView, to y: TensorView, taps: [[ResampleTap]]) {
        let source = x.pointer(as: Float.self)
        let target = y.pointer(as: Float.self)
        let strides = x.strides
        let extents = y.shape.dimensions
        let rank = extents.count
        var position = Array(repeating: 0, count: rank)
        // Axes that really mix two elements.
        let mixing = (0..<rank).filter { axis in taps[axis].contains { $0.weight != 0 } }
        for to in StridedOffsets(extents: extents, strides: y.strides) {
            var sum = 0.0
            for corner in 0..<(1 << mixing.count) {
                var offset = 0
                var weight = 1.0
                for axis in 0..<rank {
                    let tap = taps[axis][position[axis]]
                    if let bit = mixing.firstIndex(of: axis), corner >> bit & 1 == 1 {
                        offset += tap.second * strides[axis]
                        weight *= Double(tap.weight)
                    } else {
                        offset += tap.first * strides[axis]
                        weight *= mixing.contains(axis) ? 1 - Double(tap.weight) : 1
                    }
                }
                if weight != 0 { sum += weight * Double(source[offset]) }
            }
            target[to] = Float(sum)
            var axis = rank - 1
            while axis >= 0 {
                position[axis] += 1
                if position[axis] < extents[axis] { break }
                position[axis] = 0
                axis -= 1
            }
        }
    }
}

/// The one or two input indices that an output index of a resampled axis reads: (1 - weight) · first + weight · second.
package struct ResampleTap: Hashable, Sendable {
    package var first: Int
    package var second: Int
    package var weight: Float

    package init(first: Int, second: Int, weight: Float) {
        self.first = first
        self.second = second
        self.weight = weight
    }
}
