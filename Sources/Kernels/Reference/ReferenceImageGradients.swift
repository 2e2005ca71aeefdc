import CSaccadeKernels
import Tensors

extension Reference {
    /// The gradient of `averagePool`.
    package static func averagePoolGradient(
        _ dy: TensorView, to dx: TensorView, axes: ImageAxes, rows: WindowExtent, columns: WindowExtent,
        countsPadding: Bool
    ) {
        let source = dy.pointer(as: Float.self)
        let target = dx.pointer(as: Float.self)
        let from = dy.strides
        let to = dx.strides
        let height = dx.shape[axes.height]
        let width = dx.shape[axes.width]
        for n in 0..<dy.shape[axes.batch] {
            for c in 0..<dy.shape[axes.channels] {
                var sums = Array(repeating: 0.0, count: height * width)
                for oy in 0..<dy.shape[axes.height] {
                    for ox in 0..<dy.shape[axes.width] {
                        let places = (0..<rows.kernel).flatMap { ky in
                            (0..<columns.kernel).map { kx in
                                (
                                    row: oy * rows.stride - rows.padBefore + ky * rows.dilation,
                                    column: ox * columns.stride - columns.padBefore + kx * columns.dilation
                                )
                            }
                        }
                        let padded = places.filter {
                            $0.row < height + rows.padAfter && $0.column < width + columns.padAfter
                        }
                        let inside = padded.filter {
                            (0..<height).contains($0.row) && (0..<width).contains($0.column)
                        }
                        let value = source[
                            n * from[axes.batch] + c * from[axes.channels] + oy * from[axes.height]
                                + ox * from[axes.width]]
                        let share = Double(value) / Double(countsPadding ? padded.count : max(inside.count, 1))
                        for place in inside { sums[place.row * width + place.column] += share }
                    }
                }
                for row in 0..<height {
                    for column in 0..<width {
                        target[
                            n * to[axes.batch] + c * to[axes.channels] + row * to[axes.height]
                                + column * to[axes.width]] = Float(sums[row * width + column])
                    }
                }
            }
        }
    }

    /// The gradient of `resample`: what each output adds to the inputs that it reads. dx is dense.
    package static func resampleGradient(_ dy: TensorView, to dx: TensorView, taps: [[ResampleTap]]) {
        let strides = dx.strides
        let extents = dy.shape.dimensions
        var sums = Array(repeating: 0.0, count: dx.shape.count)
        for (number, offset) in StridedOffsets(extents: extents, strides: dy.strides).enumerated() {
            // Places in dx with their weights, axis by axis.
            var places = [(offset: 0, weight: 1.0)]
            var rest = number
            for axis in extents.indices.reversed() {
                let tap = taps[axis][rest % extents[axis]]
                rest /= extents[axis]
                places = places.flatMap { place in
                    [(tap.first, 1 - Double(tap.weight)), (tap.second, Double(tap.weight))].filter { $0.1 != 0 }.map {
                        (offset: place.offset + $0.0 * strides[axis], weight: place.weight * $0.1)
                    }
                }
            }
            let value = Double(dy.pointer(as: Float.self)[offset])
            for place in places { sums[place.offset] += place.weight * value }
        }
        for (place, sum) in sums.enumerated() { dx.pointer(as: Float.self)[place] = Float(sum) }
    }

    /// The gradient of `take`. dx is dense.
    package static func takeGradient(_ dy: TensorView, to dx: TensorView, sources: [[Int?]]) {
        let strides = dx.strides
        let extents = dy.shape.dimensions
        var sums = Array(repeating: 0.0, count: dx.shape.count)
        for (number, from) in StridedOffsets(extents: extents, strides: dy.strides).enumerated() {
            var offset: Int? = 0
            var rest = number
            for axis in extents.indices.reversed() {
                let source = sources[axis][rest % extents[axis]]
                rest /= extents[axis]
                offset = offset.flatMap { offset in source.map { offset + $0 * strides[axis] } }
            }
            if let offset { sums[offset] += Double(dy.pointer(as: Float.self)[from]) }
        }
        for (place, sum) in sums.enumerated() { dx.pointer(as: Float.self)[place] = Float(sum) }
    }
}
