import CSaccadeKernels
import Foundation
import Tensors

func expFloat(_ x: Float) -> Float { expf(x) }

extension Reference {
    /// Elements of an int64 or int32 tensor in order.
    package static func integers(_ x: TensorView) -> [Int] {
        StridedOffsets(extents: x.shape.dimensions, strides: x.strides).map { offset in
            x.dtype == .int32 ? Int(x.pointer(as: Int32.self)[offset]) : Int(x.pointer(as: Int64.self)[offset])
        }
    }

    /// y[outer, i, inner] = x[outer, indices[i], inner]; y is dense. Negative indices count from the end.
    ///
    /// Returns false when an index lies outside of the axis.
    package static func gather(_ x: TensorView, indices: TensorView, to y: TensorView, axis: Int) -> Bool {
        let extent = x.shape[axis]
        let size = x.dtype.stride
        let strides = x.strides
        let outer = StridedOffsets(extents: Array(x.shape.dimensions[..<axis]), strides: Array(strides[..<axis]))
        let innerExtents = Array(x.shape.dimensions[(axis + 1)...])
        let innerStrides = Array(strides[(axis + 1)...])
        let chosen = integers(indices).map { $0 < 0 ? $0 + extent : $0 }
        guard chosen.allSatisfy({ (0..<extent).contains($0) }) else { return false }
        var to = y.address
        for start in outer {
            for index in chosen {
                let row = start + index * strides[axis]
                for offset in StridedOffsets(extents: innerExtents, strides: innerStrides) {
                    to.copyMemory(from: x.address + (row + offset) * size, byteCount: size)
                    to += size
                }
            }
        }
        return true
    }

    /// y[..., i, ...] = x[..., indices[..., i, ...], ...]; y is dense and has the shape of `indices`.
    ///
    /// Returns false when an index lies outside of the axis.
    package static func gatherElements(_ x: TensorView, indices: TensorView, to y: TensorView, axis: Int) -> Bool {
        let extent = x.shape[axis]
        let size = x.dtype.stride
        var strides = x.strides
        let step = strides[axis]
        strides[axis] = 0
        var starts = StridedOffsets(extents: indices.shape.dimensions, strides: strides)
        var to = y.address
        for index in integers(indices) {
            guard let start = starts.next() else { return false }
            let index = index < 0 ? index + extent : index
            guard (0..<extent).contains(index) else { return false }
            to.copyMemory(from: x.address + (start + index * step) * size, byteCount: size)
            to += size
        }
        return true
    }

    /// y[i] = x[sources[axis][i] along each axis], or `value` where a source is nil: padding of every mode, and cropping.
    package static func take(_ x: TensorView, to y: TensorView, sources: [[Int?]], value: UnsafeRawPointer?) {
        let size = x.dtype.stride
        let strides = x.strides
        let extents = y.shape.dimensions
        var position = Array(repeating: 0, count: extents.count)
        for to in StridedOffsets(extents: extents, strides: y.strides) {
            var offset: Int? = 0
            for axis in extents.indices {
                if let source = sources[axis][position[axis]] {
                    offset = offset.map { $0 + source * strides[axis] }
                } else {
                    offset = nil
                }
            }
            let target = y.address + to * size
            if let offset {
                target.copyMemory(from: x.address + offset * size, byteCount: size)
            } else if let value {
                target.copyMemory(from: value, byteCount: size)
            } else {
                target.initializeMemory(as: UInt8.self, repeating: 0, count: size)
            }
            var axis = extents.count - 1
            while axis >= 0 {
                position[axis] += 1
                if position[axis] < extents[axis] { break }
                position[axis] = 0
                axis -= 1
            }
        }
    }

    /// y[i] = start + i · delta for float, int64 or int32.
    package static func range(start: TensorView, delta: TensorView, to y: TensorView) {
        for index in 0..<y.shape.count {
            switch y.dtype {
            case .int64:
                y.pointer(as: Int64.self)[index] =
                    start.pointer(as: Int64.self)[0] &+ Int64(index) &* delta.pointer(as: Int64.self)[0]
            case .int32:
                y.pointer(as: Int32.self)[index] =
                    start.pointer(as: Int32.self)[0] &+ Int32(truncatingIfNeeded: index)
                    &* delta.pointer(as: Int32.self)[0]
            default:
                y.pointer(as: Float.self)[index] =
                    start.pointer(as: Float.self)[0] + Float(index) * delta.pointer(as: Float.self)[0]
            }
        }
    }

    /// The formula of `gemm_f32.h`, one dot product at a time.
    package static func matrixProduct(
        _ product: MatrixProduct, a: UnsafePointer<Float>, b: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
        c: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: product.shape) { sk_gemm_f32_naive($0, a, b, bias, c) }
    }
}
